/// Bug 70: what a leader has taken up once it must not take up again, whatever the network repeats.

import Testing

@testable import RaftCore

@Suite struct SeenProposalsTests {
    private static let run: UInt64 = 1 << 40

    private func insert(_ seen: inout SeenProposals, _ nonce: UInt64) -> Bool { seen.insert(nonce) }

    @Test func `bug 70: a nonce is new once, in any order inside the window`() {
        var seen = SeenProposals(origin: NodeID(1))
        var random = SplitMix64(seed: 4)
        var numbers = Array(1...UInt64(4_000))
        for place in numbers.indices.reversed() { numbers.swapAt(place, random.next(below: place + 1)) }
        for number in numbers { #expect(insert(&seen, Self.run + number)) }
        for number in numbers { #expect(!insert(&seen, Self.run + number)) }
    }

    @Test func `what lies before the window counts as seen, its last place does not`() {
        var seen = SeenProposals(origin: NodeID(1))
        #expect(insert(&seen, Self.run + 100_000))
        #expect(!insert(&seen, Self.run + 100_000 - SeenProposals.windowCount))
        #expect(insert(&seen, Self.run + 100_000 - SeenProposals.windowCount + 1))
        #expect(!insert(&seen, Self.run + 100_000 - SeenProposals.windowCount + 1))
    }

    @Test func `a jump beyond the window forgets the bits of old numbers and no new one`() {
        var seen = SeenProposals(origin: NodeID(1))
        for number in 1...UInt64(100) { #expect(insert(&seen, Self.run + number)) }
        // The same places in the window, one whole window later.
        for number in 1...UInt64(100) { #expect(insert(&seen, Self.run + number + SeenProposals.windowCount)) }
        #expect(insert(&seen, Self.run + 10 * SeenProposals.windowCount))
        for number in 1...UInt64(100) { #expect(!insert(&seen, Self.run + number + SeenProposals.windowCount)) }
    }

    @Test func `a new run starts afresh and ends the old one`() {
        var seen = SeenProposals(origin: NodeID(1))
        #expect(insert(&seen, 3 * Self.run + 5))
        #expect(insert(&seen, 4 * Self.run + 1))
        #expect(!insert(&seen, 3 * Self.run + 6))
        #expect(insert(&seen, 4 * Self.run + 2))
        #expect(!insert(&seen, 4 * Self.run + 1))
    }

    @Test func `more than 2^32 proposals in one run are still told apart`() {
        var seen = SeenProposals(origin: NodeID(1))
        #expect(insert(&seen, Self.run + 0xffff_ffff))
        #expect(insert(&seen, Self.run + 0x1_0000_0000))
        #expect(insert(&seen, Self.run + 0x1_0000_0001))
        #expect(!insert(&seen, Self.run + 0xffff_ffff))
    }

    /// Against a set that remembers everything: never "new" twice, and "seen" for a new one only before the window.
    @Test(arguments: 1...5)
    func `random traffic agrees with a perfect memory`(seed: Int) {
        var seen = SeenProposals(origin: NodeID(1))
        var random = SplitMix64(seed: UInt64(seed))
        var top: UInt64 = Self.run
        var memory: Set<UInt64> = [top]
        #expect(insert(&seen, top))
        for _ in 0..<5_000 {
            let ahead = random.next(below: 10) == 0 ? random.next(below: 40_000) : random.next(below: 8)
            let nonce =
                random.next(below: 2) == 0
                ? top + UInt64(ahead) : top - min(top - 1, UInt64(random.next(below: 20_000)))
            let isNew = memory.insert(nonce).inserted
            let isInside = nonce > top || top - nonce < SeenProposals.windowCount
            #expect(insert(&seen, nonce) == (isNew && isInside))
            top = max(top, nonce)
        }
    }
}
