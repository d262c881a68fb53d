/// The list checker against histories whose truth is known.

import Checkers
import RaftCore
import Testing

@Suite struct ListCheckerTests {
    @Test("histories that are linearizable by construction pass, with open appends among them")
    func validHistories() {
        for seed in 0..<200 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed)
            synthetic.content = .lists
            synthetic.operations = 60
            synthetic.openPerThousand = [0, 30, 100][Int(seed % 3)]
            let verdict = ListChecker.check(synthetic.valid())
            #expect(verdict.isValid, "seed \(seed): \(verdict)")
        }
    }

    @Test("the linear check agrees with the definition on ten thousand small histories")
    func bruteForce() {
        var (right, wrong) = (0, 0)
        for seed in 0..<10_000 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed &+ 1_000_000)
            synthetic.content = .lists
            let history = synthetic.anything()
            let expected = BruteForce.isLinearizable(history.operations)
            let verdict = ListChecker.check(history)
            #expect(verdict.isValid == expected, "seed \(seed): \(verdict)\n\(history.operations)")
            if expected { right += 1 } else { wrong += 1 }
        }
        #expect(right > 2_000 && wrong > 1_000, "\(right) right, \(wrong) wrong")
    }

    private enum Spoil: CaseIterable { case lostElement, swapped, phantom, doubled, shortened }

    @Test("a lost, exchanged, invented, doubled or outdated element is found", arguments: 0..<5)
    func spoiled(kind: Int) throws {
        var spoiledCount = 0
        for seed in 0..<60 as Range<UInt64> {
            var synthetic = SyntheticHistory(seed: seed)
            synthetic.content = .lists
            synthetic.operations = 60
            synthetic.openPerThousand = 0
            let history = synthetic.valid()
            // The last read with enough in it: everything before has ended, so nothing excuses it.
            guard
                let read = history.operations.indices.last(where: {
                    history.operations[$0].action == .read && history.operations[$0].list.count >= 4
                })
            else { continue }
            var changed = history.operations[read]
            switch Spoil.allCases[kind] {
            case .lostElement: changed.list.remove(at: 1)
            case .swapped: changed.list.swapAt(0, 2)
            case .phantom: changed.list.append(9_999)
            case .doubled: changed.list.append(changed.list[0])
            case .shortened: changed.list.removeLast(4)
            }
            spoiledCount += 1
            let verdict = ListChecker.check(history.replacing([read: changed]))
            #expect(!verdict.violations.isEmpty, "seed \(seed) \(Spoil.allCases[kind])")
        }
        #expect(spoiledCount >= 40)
    }

    @Test("a failed append that is seen is found, an open one is not")
    func failedAppend() {
        func history(failing: Bool) -> History {
            var history = History()
            let append = history.invoke(Operation(client: 0, action: .append, key: 3, value: 8), atNanoseconds: 1)
            if failing { history.fail(append, atNanoseconds: 2) }
            let read = history.invoke(Operation(client: 1, action: .read, key: 3), atNanoseconds: 3)
            history.succeed(read, atNanoseconds: 4, list: [8])
            return history
        }
        #expect(!ListChecker.check(history(failing: true)).isValid)
        #expect(ListChecker.check(history(failing: false)).isValid)
    }

    @Test("stale reads may be short, but no other order and nothing from the future")
    func staleReads() {
        func history(stale: [UInt32], appendLater: Bool) -> Verdict {
            var history = History()
            func append(_ value: UInt32, place: UInt32) {
                let number = history.invoke(
                    Operation(client: 0, action: .append, key: 0, value: value), atNanoseconds: 1)
                history.succeed(number, atNanoseconds: 2, result: place)
            }
            append(1, place: 1)
            append(2, place: 2)
            if !appendLater { append(3, place: 3) }
            let read = history.invoke(
                Operation(client: 1, action: .read, key: 0, consistency: .stale), atNanoseconds: 3)
            history.succeed(read, atNanoseconds: 4, list: stale)
            if appendLater { append(3, place: 3) }
            return ListChecker.check(history)
        }
        #expect(history(stale: [1], appendLater: false).isValid)
        #expect(!history(stale: [2], appendLater: false).isValid)
        #expect(history(stale: [1, 2], appendLater: true).isValid)
        #expect(!history(stale: [1, 2, 3], appendLater: true).isValid)
    }
}
