/// The virtual clients and their judges, on a cluster that keeps its promises and on ones that break one each.

import Checkers
import Raft
import Simulator
import Testing

@Suite struct WorkloadTests {
    private struct Run {
        var isFinished: Bool
        var verdict: Verdict
        var statistics: Workload.Statistics
        var history: History
        var lies: Int
    }

    private func run(
        _ seed: UInt64, _ lie: PretendCluster.Lie, _ adjust: (inout WorkloadOptions) -> Void = { _ in }
    )
        throws -> Run
    {
        var options = WorkloadOptions.drawn(seed: seed)
        adjust(&options)
        let cluster = PretendCluster(seed: seed, limits: options.limits, lie: lie)
        let workload = Workload(seed: seed, options: options, cluster: cluster)
        let isFinished = try cluster.run(workload)
        return Run(
            isFinished: isFinished, verdict: workload.judge(cluster.canonical), statistics: workload.statistics,
            history: workload.history, lies: cluster.lies)
    }

    @Test("a cluster that keeps its promises is never accused, and every request is answered")
    func honest() throws {
        var total = Workload.Statistics()
        for seed in 0..<100 as Range<UInt64> {
            let run = try run(seed, .none) { $0.stalenessSlackNanoseconds = 60_000_000_000 }
            let (isFinished, verdict) = (run.isFinished, run.verdict)
            #expect(isFinished, "seed \(seed)")
            #expect(verdict.isValid, "seed \(seed): \(verdict)")
            total.answered += run.statistics.answered
            total.expired += run.statistics.expired
            total.leftOpen += run.statistics.leftOpen
            total.repeatedAnswered += run.statistics.repeatedAnswered
            total.unknown += run.statistics.unknown
            total.late += run.statistics.late
        }
        // All that makes the judging hard took place.
        #expect(total.answered > 15_000 && total.expired > 200 && total.leftOpen > 20, "\(total)")
        #expect(total.repeatedAnswered > 500 && total.unknown > 1_000 && total.late > 10, "\(total)")
    }

    @Test("the same seed is the same history")
    func determinism() throws {
        for seed in 0..<5 as Range<UInt64> {
            let (first, second) = (try run(seed, .none), try run(seed, .none))
            #expect(first.history.jsonLines() == second.history.jsonLines())
            #expect(first.statistics == second.statistics)
        }
    }

    @Test(
        "each broken promise is noticed, by the check that names it",
        arguments: [
            (PretendCluster.Lie.losesAcknowledged, "acknowledged write lost"),
            (.readsWithoutWaiting, "real time"), (.appliesRefused, "refused, yet in the log"),
            (.appendsTwice, "one proposal, two entries"), (.reordersOnOneNode, "invariant 17"),
            (.answersAnother, "answer differs from the log"), (.forgetsOnRestart, "invariant 17"),
        ])
    func lies(lie: PretendCluster.Lie, property: String) throws {
        var (told, caught, named) = (0, 0, 0)
        for seed in 0..<20 as Range<UInt64> {
            let run = try run(seed, lie) {
                $0.requests = 200
                $0.clients = 4
                $0.readsPerThousand = 400
                $0.staleReadsPerThousand = 0
                $0.limits.sessionsMax = 64
            }
            guard run.lies > 0 else { continue }
            told += 1
            if !run.verdict.violations.isEmpty { caught += 1 }
            if run.verdict.violations.contains(where: { $0.contains(property) }) { named += 1 }
        }
        #expect(told >= 10, "\(lie) was told in \(told) runs")
        // A read that did not wait may still have missed nothing.
        let least = lie == .readsWithoutWaiting ? told * 7 / 10 : told
        #expect(caught >= least && named >= caught * 9 / 10, "\(lie): told \(told), caught \(caught), named \(named)")
    }

    @Test("stale reads of linearizable kind are found without any index: registers and lists each by themselves")
    func staleWithoutIndexes() throws {
        var (registers, lists) = (0, 0)
        for seed in 0..<20 as Range<UInt64> {
            let run = try run(seed, .readsWithoutWaiting) {
                $0.staleReadsPerThousand = 0
                $0.readsPerThousand = 400
                $0.swapsPerThousand = 0
                $0.appendsPerThousand = 300
                $0.limits.slots = 1
                $0.clients = 4
                $0.limits.sessionsMax = 64
            }
            if !RegisterChecker.check(run.history).isValid { registers += 1 }
            if !ListChecker.check(run.history).isValid { lists += 1 }
        }
        #expect(registers >= 10 && lists >= 10, "\(registers) by registers, \(lists) by lists")
    }
}
