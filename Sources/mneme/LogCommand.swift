import ArgumentParser
import Foundation
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
                let inner = "\(directory)/log"
                let path = FileManager.default.fileExists(atPath: inner) ? inner : directory
                report = LogInspector.inspect(disk: try PosixDisk(path: path, access: .inspect))
                if json {
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                    print(String(decoding: try encoder.encode(report), as: UTF8.self))
                } else {
                    print(report.text)
                }
            } catch {
                throw ServeFailure(message: "\(error)")
            }
            switch report.verdict.kind {
            case .clean, .tornTail: return
            case .corrupt, .unreadable: throw ExitCode(1)
            }
        }
    }
}
