/// `mneme measure`: how long each kind of request takes, and how fast the state machine applies.
///
/// Owns: the flags. Must never: measure; `SurfaceMeasurement` and `ApplyMeasurement` do.
import ArgumentParser
import Client
import Operations
import Server

struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measure every kind of request, or the state machine alone.",
        subcommands: [SurfaceCommand.self, ApplyCommand.self, MeasureRecallCommand.self])

    struct SurfaceCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "surface", abstract: "One client, one request at a time, on a store of a given size.",
            discussion: """
                mneme measure surface --endpoints 127.0.0.1:9077 --memories 1000

                It fills the cluster first, so use one whose data you can do without.
                """)
        @Option(help: "Memories that there are to be.")
        var memories = 1_000
        @OptionGroup var client: ClientArguments

        func run() async throws {
            let console = Console()
            do {
                let measurement = try SurfaceMeasurement(try client.parsedEndpoints(), memories: memories)
                let rows = try await measurement.run { console.progress($0) }
                console.line(SurfaceMeasurement.table(rows, memories: memories))
            } catch let error as OperationsError {
                Console.error("Error: \(error)")
                throw ExitCode(ExitStatus.failure)
            }
        }
    }

    struct ApplyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "apply", abstract: "Rows a second that the state machine applies, without consensus.")
        @Option(help: "Rows of each kind, 1 to 1000000.")
        var rows = 30_000
        @Option(help: "Entries of one transaction.")
        var batch = 256
        @Option(help: "A directory that does not exist yet; removed afterwards.")
        var directory = "./mneme-measure"

        func validate() throws {
            guard (1...1_000_000).contains(rows) else {
                throw ValidationError("--rows must be 1 to 1000000 (got \(rows))")
            }
            guard (1...4_096).contains(batch) else { throw ValidationError("--batch must be 1 to 4096 (got \(batch))") }
        }

        func run() throws {
            let results = try ApplyMeasurement(directory: directory).run(rows: rows, batch: batch)
            Console.write("| apply, \(rows) entries in transactions of \(batch) | rows/s |\n|---|---:|\n")
            for result in results { Console.write("| \(result.name) | \(Int(result.rowsPerSecond)) |\n") }
        }
    }
}
