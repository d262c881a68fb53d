/// Majorities, joint majorities and the bytes of a configuration.

import Testing

@testable import RaftCore

@Suite struct QuorumTests {
    private func ids(_ count: Int, from first: UInt64 = 1) -> [NodeID] {
        (0..<count).map { NodeID(first + UInt64($0)) }
    }

    @Test func `bug 14: every subset of up to nine voters is a quorum exactly when it is more than half`() {
        for count in 1...9 {
            let configuration = Configuration(voters: ids(count))
            for subset in 0..<(1 << count) {
                let expected = subset.nonzeroBitCount * 2 > count
                let got = configuration.hasQuorum { subset >> Int($0.rawValue - 1) & 1 == 1 }
                #expect(got == expected, "\(subset.nonzeroBitCount) of \(count)")
            }
        }
    }

    @Test func `any two quorums of the same voters share a voter`() {
        for count in 1...7 {
            let configuration = Configuration(voters: ids(count))
            let quorums = (0..<(1 << count)).filter { subset in
                configuration.hasQuorum { subset >> Int($0.rawValue - 1) & 1 == 1 }
            }
            for first in quorums {
                for second in quorums { #expect(first & second != 0) }
            }
        }
    }

    @Test func `a joint quorum needs a majority of both halves`() {
        // Five nodes, every pair of incoming and outgoing sets of them, every subset.
        for incoming in 1..<32 {
            for outgoing in 1..<32 {
                let configuration = Configuration(
                    voters: ids(5).filter { incoming >> Int($0.rawValue - 1) & 1 == 1 },
                    outgoing: ids(5).filter { outgoing >> Int($0.rawValue - 1) & 1 == 1 })
                for subset in 0..<32 {
                    let expected =
                        (subset & incoming).nonzeroBitCount * 2 > incoming.nonzeroBitCount
                        && (subset & outgoing).nonzeroBitCount * 2 > outgoing.nonzeroBitCount
                    let got = configuration.hasQuorum { subset >> Int($0.rawValue - 1) & 1 == 1 }
                    if got != expected { Issue.record("\(subset) of \(incoming), \(outgoing)") }
                }
            }
        }
    }

    @Test func `the quorum index is the highest that a quorum has reached`() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            let voters = ids(1 + random.next(below: 9))
            let outgoing = random.next(below: 2) == 0 ? [] : ids(1 + random.next(below: 5), from: 4)
            let configuration = Configuration(voters: voters, outgoing: outgoing)
            let matches = (0..<16).map { _ in LogIndex(UInt64(random.next(below: 6))) }
            let got = configuration.quorumIndex { matches[Int($0.rawValue)] }
            var expected = LogIndex.zero
            for value in 0..<6 {
                let index = LogIndex(UInt64(value))
                if configuration.hasQuorum(of: { matches[Int($0.rawValue)] >= index }) { expected = index }
            }
            #expect(got == expected)
        }
    }

    @Test func `bug 15: nodes that do not vote never move the commit index`() {
        let configuration = Configuration(voters: ids(3))
        var asked: [NodeID] = []
        let index = configuration.quorumIndex { node in
            asked.append(node)
            return node.rawValue > 3 ? LogIndex(99) : .zero
        }
        #expect(index == .zero)
        #expect(asked.sorted() == ids(3))
    }

    @Test func `an election is lost only when no quorum is left`() {
        let configuration = Configuration(voters: ids(5))
        func tally(_ granted: [UInt64], _ refused: [UInt64]) -> VoteOutcome {
            configuration.tally(
                granted: { granted.contains($0.rawValue) }, refused: { refused.contains($0.rawValue) })
        }
        #expect(tally([1, 2], [3, 4]) == .pending)
        #expect(tally([1, 2, 5], [3, 4]) == .won)
        #expect(tally([1, 2], [3, 4, 5]) == .lost)
    }

    @Test func `a configuration survives encoding, and damage is refused`() throws {
        let configuration = Configuration(voters: ids(3), outgoing: ids(2, from: 3))
        let bytes = configuration.encode()
        #expect(try Configuration.decode(bytes) == configuration)
        for length in 0..<bytes.count {
            #expect(throws: ConfigurationDecodingError.self) { try Configuration.decode(Array(bytes.prefix(length))) }
        }
        #expect(throws: ConfigurationDecodingError.self) { try Configuration.decode(bytes + [0]) }
        #expect(throws: ConfigurationDecodingError.self) { try Configuration.decode([1, 0, 0, 0, 0]) }
        #expect(throws: ConfigurationDecodingError.self) { try Configuration.decode([1, 0xff, 0xff]) }
    }

    @Test func `voters are kept ascending and once`() {
        let configuration = Configuration(voters: [NodeID(3), NodeID(1), NodeID(3)], outgoing: [NodeID(2)])
        #expect(configuration.voters == [NodeID(1), NodeID(3)])
        #expect(configuration.memberIDs == [NodeID(1), NodeID(2), NodeID(3)])
    }
}
