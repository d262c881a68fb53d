/// The linearizability search against histories whose truth is known.

import Checkers
import RaftCore
import Testing

@Suite struct RegisterCheckerTests {
    @Test("histories that are linearizable by construction pass, with open operations among them")
    func validHistories() {
        for seed in 0..<200 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed)
            synthetic.content = .registers
            synthetic.operations = 60
            synthetic.openPerThousand = [0, 30, 100][Int(seed % 3)]
            let history = synthetic.valid()
            let verdict = RegisterChecker.check(history)
            #expect(verdict.isValid, "seed \(seed): \(verdict)")
        }
    }

    @Test("a read of a value that was never there is found in every history")
    func impossibleReads() {
        var spoiledCount = 0
        for seed in 0..<200 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed)
            synthetic.content = .registers
            synthetic.operations = 40
            let history = synthetic.valid()
            let reads = history.operations.indices.filter {
                history.operations[$0].action == .read && history.operations[$0].end == .ok
            }
            guard let read = reads.randomElement(using: &synthetic.random) else { continue }
            var changed = history.operations[read]
            changed.result = 99
            spoiledCount += 1
            let verdict = RegisterChecker.check(history.replacing([read: changed]))
            #expect(verdict.violations.count == 1, "seed \(seed): \(verdict)")
            #expect(verdict.violations.first?.contains("key \(changed.key)") == true, "seed \(seed): \(verdict)")
        }
        #expect(spoiledCount >= 190)
    }

    @Test("the search agrees with the definition on ten thousand small histories")
    func bruteForce() {
        var (right, wrong, withOpen) = (0, 0, 0)
        for seed in 0..<10_000 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed)
            synthetic.content = .registers
            let history = synthetic.anything()
            let expected = BruteForce.isLinearizable(history.operations)
            let verdict = RegisterChecker.check(history)
            #expect(verdict.isValid == expected, "seed \(seed): \(verdict)\n\(history.operations)")
            if expected { right += 1 } else { wrong += 1 }
            if history.operations.contains(where: { $0.end == .open }) { withOpen += 1 }
        }
        #expect(right > 2_000 && wrong > 2_000 && withOpen > 2_000, "\(right) right, \(wrong) wrong, \(withOpen) open")
    }

    @Test("a write that nobody heard of may take effect late, or never, but not before it began")
    func openWrites() {
        func history(readsBefore: UInt32, readsAfter: [UInt32]) -> History {
            var history = History()
            func read(_ value: UInt32) {
                let number = history.invoke(Operation(client: 1, action: .read, key: 0), atNanoseconds: 0)
                history.succeed(number, atNanoseconds: 0, result: value)
            }
            read(readsBefore)
            _ = history.invoke(Operation(client: 0, action: .write, key: 0, value: 7), atNanoseconds: 0)
            for value in readsAfter { read(value) }
            return history
        }
        #expect(RegisterChecker.check(history(readsBefore: 0, readsAfter: [0, 0, 7, 7])).isValid)
        #expect(RegisterChecker.check(history(readsBefore: 0, readsAfter: [0, 0])).isValid)
        #expect(!RegisterChecker.check(history(readsBefore: 7, readsAfter: [7])).isValid)
        #expect(!RegisterChecker.check(history(readsBefore: 0, readsAfter: [7, 0])).isValid)
    }

    @Test("too much to search is undecided, and undecided is not valid")
    func undecided() {
        var history = History()
        for client in 0..<70 as Range<UInt32> {
            _ = history.invoke(Operation(client: client, action: .write, key: 0, value: client), atNanoseconds: 0)
        }
        let verdict = RegisterChecker.check(history)
        #expect(verdict.violations.isEmpty && verdict.undecided.count == 1 && !verdict.isValid)

        var synthetic = SyntheticHistory(seed: 1)
        synthetic.content = .registers
        synthetic.operations = 200
        var options = RegisterChecker.Options()
        options.stepsMax = 5
        let limited = RegisterChecker.check(synthetic.valid(), options: options)
        #expect(limited.violations.isEmpty && !limited.undecided.isEmpty)
    }

    @Test("a counter-example names key, operation, times and what the register could hold")
    func counterExample() {
        var history = History()
        let write = history.invoke(
            Operation(client: 1, sequence: 4, action: .write, key: 9, value: 5, node: 2), atNanoseconds: 1_000_000)
        history.succeed(write, atNanoseconds: 2_500_000, index: 12)
        let read = history.invoke(Operation(client: 2, action: .read, key: 9, node: 3), atNanoseconds: 3_000_000)
        history.succeed(read, atNanoseconds: 4_000_000, index: 11, result: 0)
        let text = RegisterChecker.check(history).description
        for part in ["key 9", "client 2", "via n3", "3.000 ms, 4.000 ms", "can only be 5", "client 1 #4", "index 12"] {
            #expect(text.contains(part), "\(part) is missing in: \(text)")
        }
    }
}
