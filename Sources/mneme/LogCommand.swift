import ArgumentParser
import Raft

/// `mneme log inspect DIR`: prints and verifies a log without changing it.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Look into a node's log.", subcommands: [InspectCommand.self])

    struct InspectCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "inspect",
            abstract: "Print and verify the log of a stopped node; nothing is changed.",
            discussion: """
                DIR is a data directory or its log/ folder. Exit code 0: the log is whole (a torn tail that recovery would
                cut is still whole); 1: it is corrupt, and file, byte offset and index are named.

                Examples:
                  mneme log inspect ./mneme-data
                  mneme log inspect ./mneme-data --json
                """)

        @Argument(help: "Data directory of a node.")
        var directory: String
        @Flag(help: "One JSON object.")
        var json = false

        func run() throws {
            let report: LogInspection
            do {
                var disk = PosixDisk(path: "\(directory)/log")
                if try !disk.exists("meta") { disk = PosixDisk(path: directory) }
                report = try LogInspector.inspect(disk: disk)
            } catch {
                throw ServeFailure(message: "\(error)")
            }
            print(json ? report.json : report.text)
            if !report.isWhole { throw ExitCode(1) }
        }
    }
}
