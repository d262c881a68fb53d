/// A few thousand hostile inputs with every test run; `make fuzz` feeds a million to each.
import Fuzzers
import Testing

@Suite struct FuzzTests {
    @Test func `hostile bytes are refused, or read as exactly what they are`() async {
        var fuzzer = CommandFuzzer(seed: 3)
        let report = await fuzzer.run(seed: 3, numbers: 1...20_000)
        #expect(report.failures.isEmpty, "\(report.failures)")
        #expect(report.attempts == 20_000)
    }

    @Test func `hostile text never becomes full-text syntax`() async throws {
        var fuzzer = try QueryFuzzer(seed: 3)
        let report = await fuzzer.run(seed: 3, numbers: 1...3_000)
        #expect(report.failures.isEmpty, "\(report.failures)")
        #expect(report.attempts == 3_000)
    }

    @Test func `hostile requests are answered as the contract says, on every route`() async throws {
        var fuzzer = try BodyFuzzer()
        let report = await fuzzer.run(seed: 3, numbers: 1...6_000)
        #expect(report.failures.isEmpty, "\(report.failures)")
        #expect(report.attempts == 6_000)
    }
}
