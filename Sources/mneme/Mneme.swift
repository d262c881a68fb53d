/// The `mneme` command.
///
/// Owns: the list of subcommands and the exit codes: 0 success, 1 failure, 2 wrong usage. Must never: hold logic; that is
/// `Server` and `Operations`.
import ArgumentParser
import Foundation
import Operations

@main
struct Mneme: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneme",
        abstract: "A replicated memory store for AI agents.",
        discussion: """
            A server of its own, in ./mneme-data:
              mneme serve

            A cluster of three on this machine, then a memory through any of its nodes:
              mneme cluster up --nodes 3
              mneme store -T "Deploy day" -c "We deploy on Tuesdays" --endpoints 127.0.0.1:9077,127.0.0.1:9078
              mneme recall "when do we deploy"
            """,
        version: "mneme 0.1.0",
        subcommands: [
            ServeCommand.self, ClusterCommand.self, StoreCommand.self, GetCommand.self, SearchCommand.self,
            RecallCommand.self, ListCommand.self, DeleteCommand.self, ImportCommand.self, LogCommand.self,
            RecoverCommand.self,
            DemoCommand.self, DrillCommand.self, LoadCommand.self, MeasureCommand.self,
        ])

    static func main() async {
        // A reader that goes away (`mneme list | head`) must not end a cluster or a drill with a signal.
        signal(SIGPIPE, SIG_IGN)
        let arguments = ArgumentOrder.globalsBehindCommand(Array(CommandLine.arguments.dropFirst()))
        guard !arguments.isEmpty else {
            Console.error(helpMessage())
            Foundation.exit(ExitStatus.usage)
        }
        if let word = arguments.first, !word.hasPrefix("-"), word != "help",
            !configuration.subcommands.contains(where: { $0._commandName == word })
        {
            Console.error("Error: unrecognized subcommand '\(word)'; see 'mneme --help'")
            Foundation.exit(ExitStatus.usage)
        }
        do {
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Prints what the error says where it belongs and ends the process.
    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error)
        if code == .validationFailure {
            Console.error(fullMessage(for: error))
            Foundation.exit(ExitStatus.usage)
        }
        guard code.isSuccess else {
            let message = fullMessage(for: error)
            if !message.isEmpty { Console.error(message) }
            Foundation.exit(code.rawValue)
        }
        // Help and version come as errors too.
        print(fullMessage(for: error))
        Foundation.exit(ExitStatus.success)
    }
}

enum ExitStatus {
    static let success: Int32 = 0
    static let failure: Int32 = 1
    static let usage: Int32 = 2
}
