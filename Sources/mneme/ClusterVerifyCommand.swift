/// `mneme cluster verify`: whether all nodes hold the same.
///
/// Owns: its flags and its words. Must never: say "equal" of what was not compared.
import ArgumentParser
import Client
import JSON
import Operations

struct ClusterVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare what all nodes hold.",
        discussion: """
            mneme cluster verify --endpoints 127.0.0.1:9077,127.0.0.1:9078,127.0.0.1:9079
            mneme cluster verify --content --endpoints 127.0.0.1:9077,127.0.0.1:9078,127.0.0.1:9079

            Name every member. Every node keeps a digest of everything it applied. They are compared at one index, also
            while clients write. When they differ, or with --content, all rows of all tables are compared, and the first
            key that differs is named; for that the writers must pause. Exit code 1 when something differs or could not
            be compared.
            """)

    @Flag(help: "Compare the rows of every table, whatever the digests say.")
    var content = false
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let report: DigestComparison.Report
        do {
            report = try await DigestComparison(try client.parsedEndpoints()).run(content: content)
        } catch let error as OperationsError {
            Console.error("Error: \(error)")
            throw ExitCode(ExitStatus.failure)
        }
        if client.json {
            let body: JSONValue = [
                "differences": .array(report.differences.map { .string($0) }), "equal": .bool(report.isEqual),
                "index": report.index.map { .integer(Int64(clamping: $0)) } ?? .null,
                "nodes": .array(
                    report.digests.map { ["digest": .string($0.digest), "endpoint": .string($0.endpoint)] }),
                "tables_compared": .integer(Int64(report.tablesCompared)),
            ]
            Console.write(body.text + "\n")
        } else {
            for node in report.digests {
                Console.write("\(node.endpoint)  index \(report.index ?? 0)  \(node.digest)\n")
            }
            for difference in report.differences { Console.write(difference + "\n") }
            let tables = report.tablesCompared > 0 ? ", \(report.tablesCompared) tables row by row" : ""
            Console.write(report.isEqual ? "all nodes hold the same\(tables)\n" : "DIFFERENT\n")
        }
        if !report.isEqual { throw ExitCode(ExitStatus.failure) }
    }
}
