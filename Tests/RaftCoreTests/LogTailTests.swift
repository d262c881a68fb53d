/// The in-memory log against a plain array that does the obvious thing.

import Testing

@testable import RaftCore

@Suite struct LogTailTests {
    @Test func `random appends, cuts, evictions and compactions agree with a plain array`() {
        for seed: UInt64 in 1...40 {
            var random = SplitMix64(seed: seed)
            var log = LogTail()
            var model: [Entry] = []
            var base = LogPosition.zero
            var term: UInt64 = 1
            for _ in 0..<200 {
                let last = model.last?.position ?? base
                switch random.next(below: 8) {
                case 0..<4:
                    if random.next(below: 3) == 0 { term += UInt64(random.next(below: 3)) }
                    let payload = [UInt8](repeating: 1, count: random.next(below: 50))
                    let entry = Entry(index: last.index.next, term: Term(term), kind: .command, payload: payload)
                    log.append(entry)
                    model.append(entry)
                case 4:
                    let room = log.lastIndex.distance(from: log.firstInMemory.previous)
                    guard room > 0 else { continue }
                    let from = log.firstInMemory.advanced(by: random.next(below: room))
                    log.truncate(from: from)
                    model.removeAll { $0.index >= from }
                    term = max(term, (model.last?.term ?? base.term).rawValue)
                case 5, 6:
                    log.evict(through: LogIndex(last.index.rawValue / 2), bytesMax: random.next(below: 2000))
                default:
                    guard let cut = model.dropLast(random.next(below: 10)).last, random.next(below: 4) == 0 else {
                        continue
                    }
                    log.compact(through: cut.position)
                    base = cut.position
                    model.removeAll { $0.index <= cut.index }
                }
                compare(log, model, base, &random)
            }
        }
    }

    private func compare(_ log: LogTail, _ model: [Entry], _ base: LogPosition, _ random: inout SplitMix64) {
        #expect(log.base == base)
        #expect(log.last == model.last?.position ?? base)
        for entry in model where log.term(at: entry.index) != entry.term { Issue.record("term at \(entry.index)") }
        #expect(log.term(at: log.lastIndex.next) == nil)
        #expect(log.term(at: base.index) == base.term)
        let inMemory = model.filter { $0.index >= log.firstInMemory }
        #expect(Array(log.entriesInMemory) == inMemory)
        #expect(log.bytesInMemory == inMemory.reduce(0) { $0 + $1.costBytes })
        if let some = inMemory.first {
            let limit = random.next(below: 400)
            let got = log.entries(from: some.index, bytesMax: limit)
            #expect(!got.isEmpty && got == Array(inMemory.prefix(got.count)))
            #expect(got.count == 1 || got.reduce(0) { $0 + $1.costBytes } <= limit)
        }
        guard let some = model.randomElement(using: &random) else { return }
        let first = model.first { $0.term == some.term }?.index
        #expect(log.firstIndex(ofTermAt: some.index) == first)
        let expected = model.last { $0.index <= some.index && $0.term <= some.term }?.position
        #expect(log.lastPosition(notAbove: some.index, termAtMost: some.term) == expected)
        let lower = Term(some.term.rawValue - 1)
        let below =
            model.last { $0.index <= some.index && $0.term <= lower }?.position ?? (base.term <= lower ? base : nil)
        #expect(log.lastPosition(notAbove: some.index, termAtMost: lower) == below)
    }

    @Test func `applied but not durable entries, and durable but not applied ones, stay in memory`() {
        var node = CoreDriver(options: CoreOptions(tailBytesMax: 0))
        node.diskIsFast = false
        node.append(after: (0, 0), terms: [1, 1, 1, 1], commit: 4, term: 1)
        #expect(node.applied.isEmpty)
        node.step(.persisted(sequence: 1))
        #expect(node.core.log.firstInMemory == LogIndex(1))
        node.step(.applied(LogIndex(2)))
        #expect(node.core.log.firstInMemory == LogIndex(3))
    }

    @Test(
        "a damaged recovered log stops the start",
        arguments: [0, 1, 2, 3])
    func damaged(kind: Int) async {
        // The process under test is another one, so the damage is named by the status it must not reach.
        switch kind {
        case 0:
            await #expect(processExitsWith: .failure) {
                _ = LogTail(
                    runs: [TermRun(term: Term(1), first: LogIndex(1))], lastIndex: LogIndex(3),
                    tail: [Entry(index: LogIndex(2), term: Term(1), kind: .noop)])
            }
        case 1:
            await #expect(processExitsWith: .failure) {
                _ = LogTail(runs: [TermRun(term: Term(1), first: LogIndex(2))], lastIndex: LogIndex(3))
            }
        case 2:
            await #expect(processExitsWith: .failure) {
                _ = LogTail(
                    runs: [TermRun(term: Term(2), first: LogIndex(1)), TermRun(term: Term(1), first: LogIndex(2))],
                    lastIndex: LogIndex(3))
            }
        default:
            await #expect(processExitsWith: .failure) { _ = LogTail(lastIndex: LogIndex(3)) }
        }
    }
}
