/// `mneme-fuzz`: hostile input by the million.
///
/// Owns: its flags and the report. A crash ends the process; the last input begun is named on standard error then.
import ArgumentParser
import Foundation
import Fuzzers

@main
struct MnemeFuzz: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneme-fuzz",
        abstract: "Feed hostile input to the decoders, the full-text queries and every HTTP route.",
        discussion: """
            mneme-fuzz --count 1000000
            mneme-fuzz --target bodies --seed 7 --first 41 --count 1     # one input again

            The same seed and number give the same input; for bodies, the same inputs before it as well. Exit code 1 when one
            was not answered as it must be.
            """)

    enum Target: String, ExpressibleByArgument, CaseIterable { case commands, queries, bodies }

    @Option(help: "commands, queries or bodies; without it all three.")
    var target: Target?
    @Option(help: "Decides every input.")
    var seed: UInt64 = 1
    @Option(help: "Number of the first input.")
    var first: UInt64 = 1
    @Option(help: "Inputs of each target.")
    var count: UInt64 = 1_000_000

    func validate() throws {
        guard (1...1_000_000_000).contains(count) else {
            throw ValidationError("--count must be 1 to 1000000000 (got \(count))")
        }
    }

    func run() async throws {
        var isClean = true
        for each in target.map({ [$0] }) ?? Target.allCases {
            let began = ContinuousClock.now
            let report: FuzzReport
            switch each {
            case .commands: report = await fuzz(CommandFuzzer(seed: seed))
            case .queries: report = await fuzz(try QueryFuzzer(seed: seed))
            case .bodies: report = await fuzz(try BodyFuzzer())
            }
            let seconds = (ContinuousClock.now - began).components.seconds
            print("\(each.rawValue): \(report.attempts) inputs, \(report.failures.count) failed, \(seconds) s")
            for failure in report.failures {
                isClean = false
                print("    input \(failure.number) of seed \(seed): \(failure.problem.prefix(3_000))")
            }
        }
        if !isClean { throw ExitCode(1) }
    }

    private func fuzz(_ fuzzer: some Fuzzer) async -> FuzzReport {
        var fuzzer = fuzzer
        return await fuzzer.run(seed: seed, numbers: first...(first + count - 1))
    }
}
