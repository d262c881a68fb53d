/// `mneme import`.
///
/// Owns: its flags and what it prints.
import ArgumentParser
import Client
import Import
import JSON
import Operations

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring a v0.6.3 database, or its JSON export, into the cluster.",
        discussion: """
            mneme import ~/.local/share/ai-memory/ai-memory.db
            mneme import export.json --endpoints 127.0.0.1:9077,127.0.0.1:9078

            From a database (schema 16): memories, links with their validity, aliases, archive and namespace standards; from
            an export: memories and links. Rows of a title that exists are merged, as a store does. Run it again after an
            interruption: what was done is not done twice.
            """)

    @Argument(help: "The database file or the JSON export.")
    var file: String
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let isJSON = client.json
        let console = Console()
        let report: Importer.Report
        do {
            report = try await Importer(try client.parsedEndpoints()).run(path: file) { table, sent, total in
                if !isJSON { console.progress("\(table) \(sent)/\(total)") }
            }
        } catch let error as OperationsError {
            Console.error("Error: \(error)")
            throw ExitCode(ExitStatus.failure)
        }
        if isJSON {
            let body: JSONValue = [
                "errors": .array(report.errors.map { .string($0) }), "imported": .integer(Int64(report.memories)),
                "left_out": .array(report.leftOut.map { .string($0) }), "links": .integer(Int64(report.links)),
            ]
            Console.write(body.text + "\n")
        } else {
            let sent = report.sent.filter { $0.rows > 0 }.map { "\($0.rows) \($0.table)" }.joined(separator: ", ")
            console.line("sent: \(sent.isEmpty ? "nothing" : sent)")
            for error in report.errors { Console.error(error) }
            Console.write(
                "imported \(report.memories) memories and \(report.links) links, \(report.errors.count) errors\n")
            if !report.leftOut.isEmpty { Console.write("not taken over: \(report.leftOut.joined(separator: ", "))\n") }
        }
        if !report.errors.isEmpty { throw ExitCode(ExitStatus.failure) }
    }
}
