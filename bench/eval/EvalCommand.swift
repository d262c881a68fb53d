/// `mneme-eval`: makes a labelled set, asks a node its questions, says how well it remembered.
///
/// Owns: the arguments and the order of the steps. Must never: leave a node behind that it started.
import ArgumentParser
import Client
import Foundation
import JSON
import Operations

@main
struct EvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneme-eval", abstract: "Measure how well a node recalls what it was told.",
        discussion: "Without --endpoint and --serve the set is only made, checked and, with --write, written.")

    @Option(help: "A running node with an empty store, as host:port.")
    var endpoint: String?
    @Option(help: "Path of a mneme executable; a node is started in a temporary directory and ended afterwards.")
    var serve: String?
    @Option(help: "Makes another set.")
    var seed: UInt64 = 1
    @Option(
        help: "Which half of the word tables to use: all, development or held-out. Tune on one, judge on the other.")
    var split = "all"
    @Option(help: "Memories at least.")
    var memories = 8000
    @Option(name: .customLong("questions"), help: "Questions of each kind at most.")
    var questionsPerKind = 80
    @Option(help: "The last day of the simulated months, YYYY-MM-DD.")
    var until = "2026-10-31"
    @Option(help: "Rankings to measure, separated by commas.")
    var modes = RecallMode.known.joined(separator: ",")
    @Option(help: "How often all questions are recalled, with touching, before the second measurement.")
    var rounds = 4
    @Option(help: "The ranking of the rounds of use.")
    var useMode = "default"
    @Flag(help: "Send none of the fields ranking, touch and explain.")
    var plain = false
    @Flag(help: "Ask for explanations too; they make answers longer.")
    var explain = false
    @Flag(help: "Print tables by kind of question for every mode.")
    var details = false
    @Option(help: "Write the set to this file, one JSON document per line.")
    var write: String?
    @Option(help: "Write the result to this file as JSON.")
    var json: String?

    func validate() throws {
        if endpoint != nil && serve != nil { throw ValidationError("give --endpoint or --serve, not both") }
        if WordSplit(rawValue: split) == nil {
            throw ValidationError("--split is one of \(WordSplit.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard memories >= 1, memories <= 100_000, questionsPerKind >= 1, rounds >= 0 else {
            throw ValidationError("--memories must be 1 to 100000, --questions at least 1, --rounds at least 0")
        }
        if EvalCommand.day(until) == nil { throw ValidationError("--until must be a date such as 2026-10-31") }
        if modeList.isEmpty { throw ValidationError("--modes names no ranking") }
    }

    var modeList: [RecallMode] { Words.list(modes).map { RecallMode(ranking: $0) } }

    /// Days since 1970 of a date, by looking: there are few.
    static func day(_ text: String) -> Int? {
        (10_000...40_000).first { CalendarTime.isoDate($0 * CalendarTime.secondsPerDay) == text }
    }

    func run() async throws {
        let made = try makeSet()
        guard endpoint != nil || serve != nil else { return }
        let (failure, signal) = await SignalTrap.run(onSignal: { _ in }) { () -> String? in
            do {
                try await evaluate(made)
                return nil
            } catch {
                return "\(error)"
            }
        }
        if let signal { throw ExitCode(128 + signal) }
        if let failure {
            FileHandle.standardError.write(Data("mneme-eval: \(failure)\n".utf8))
            throw ExitCode.failure
        }
    }
}
