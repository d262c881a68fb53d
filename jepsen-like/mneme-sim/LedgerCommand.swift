/// Every seed that ever failed, run again.
import ArgumentParser
import Foundation
import Simulator

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Run the seeds of jepsen-like/seeds.jsonl; all must be clean by now.")

    /// One line of the file.
    private struct Line: Decodable {
        var seed: UInt64
        var profile: String
        /// Further arguments, as `shrink` printed them; may be missing.
        var arguments: String?
        var problem: String
        var fix: String
    }

    @Option(help: "The ledger.")
    var file = "jepsen-like/seeds.jsonl"

    func run() throws {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        var failures = 0
        var count = 0
        for (number, words) in text.split(separator: "\n").enumerated() where !words.hasPrefix("#") {
            let line: Line
            do {
                line = try JSONDecoder().decode(Line.self, from: Data(words.utf8))
            } catch {
                throw ValidationError("\(file) line \(number + 1): \(error)")
            }
            count += 1
            let arguments = ["--profile", line.profile] + (line.arguments ?? "").split(separator: " ").map(String.init)
            try Worker(seeds: SeedRange(first: line.seed, last: line.seed), arguments: arguments).perform {
                outcome, _ in
                guard outcome.runClass > .unrecoverable else { return }
                failures += 1
                print("seed \(line.seed) \(line.profile) fails again (\(line.problem), fixed by \(line.fix)):")
                for finding in outcome.findings.prefix(4) { print("    \(finding)") }
            }
        }
        print("\(count) seeds of the ledger, \(failures) fail")
        if failures > 0 { throw ExitCode(129) }
    }
}
