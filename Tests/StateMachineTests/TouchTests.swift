/// Recall bookkeeping, rule by rule.
import Testing

@testable import StateMachine

@Suite struct TouchTests {
    @Test func `touching assigns the expiry, also to an earlier one`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("s", tier: .short, expiresAt: time(21_600)))),
            envelope(.store(storing("m", tier: .mid, expiresAt: time(604_800)))),
            envelope(.store(storing("l", tier: .long, expiresAt: time(50)))),
            envelope(.store(storing("n", tier: .mid))),
        ])
        #expect(try test.apply(.touch(touching(["s", "m", "gone", "l", "n"], at: 10))) == .touched(count: 4))
        #expect(try test.memory("s")?.expiresAt == time(10 + 3_600))
        #expect(try test.memory("m")?.expiresAt == time(10 + 86_400))
        #expect(try test.memory("l")?.expiresAt == time(50), "long keeps its own")
        #expect(try test.memory("n")?.expiresAt == nil, "no expiry stays none")
        for id in ["s", "m", "l", "n"] {
            let memory = try #require(try test.memory(id))
            #expect(memory.accessCount == 1 && memory.lastAccessedAt == time(10) && memory.updatedAt == time(0))
            #expect(memory.version < 5, "bookkeeping does not move the version")
        }
    }

    @Test func `mid becomes long at the fifth access, short never`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("m", tier: .mid, expiresAt: time(604_800)))),
            envelope(.store(storing("s", tier: .short, expiresAt: time(21_600)))),
        ])
        for second in 1...4 { try test.apply(.touch(touching(["m", "s"], at: Int64(second)))) }
        #expect(try test.memory("m")?.tier == .mid)
        try test.apply(.touch(touching(["m", "s"], at: 5)))
        let promoted = try #require(try test.memory("m"))
        #expect(promoted.tier == .long && promoted.expiresAt == nil && promoted.updatedAt == time(5))
        #expect(promoted.version == 7, "promotion is a change that writers care about")
        #expect(try test.memory("s")?.tier == .short)
    }

    @Test func `every tenth access raises the priority, up to ten`() throws {
        let test = try TestStore()
        try test.apply([
            envelope(.store(storing("a", tier: .long, priority: 9))),
            envelope(.store(storing("b", tier: .long, priority: 3))),
        ])
        let ids = Array(repeating: "a", count: 25) + Array(repeating: "b", count: 25)
        #expect(try test.apply(.touch(touching(ids, at: 1))) == .touched(count: 50))
        #expect(try test.memory("a")?.priority == 10)
        #expect(try test.memory("b")?.priority == 5)
        #expect(try test.memory("b")?.accessCount == 25, "an id named twice is touched twice")
    }

    @Test func `at the ceiling the count stays and the priority still rises`() {
        let row = TouchedColumns(
            tier: .long, priority: 4, accessCount: TouchRule.accessCountMax, version: 3, updatedAt: "u",
            lastAccessedAt: "", expiresAt: nil)
        let after = TouchRule.touched(row, at: "now", shortExpiry: "s", midExpiry: "m", index: 9)
        #expect(after.row.accessCount == TouchRule.accessCountMax)
        #expect(after.row.priority == 5)
    }

    @Test func `a touch leaves the full text index alone and it stays whole`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", content: "needle")))
        for second in 1...12 { try test.apply(.touch(touching(["a"], at: Int64(second)))) }
        #expect(try test.search("needle") == ["a"])
        try checkFullText(directory: test.directory.path)
    }

    @Test func `absurd steps do not overflow`() throws {
        let test = try TestStore()
        try test.apply(.store(storing("a", tier: .short, expiresAt: time(1))))
        try test.apply(.touch(touching(["a"], at: 1, short: .max, mid: .min)))
        #expect(try test.memory("a")?.expiresAt == Timestamp.text(nanoseconds: .max))
    }
}
