import Checkers
import Raft

/// The judgement at the end of a run: every checker over the same history.
///
/// Owns: which checkers run. Must never: let a doubt pass for a verdict, or one checker speak for another.
extension Workload {
    /// - Parameter log: what the machines of the run applied.
    public func judge(_ log: CanonicalLog) -> Verdict {
        var verdict = Verdict()
        for violation in log.violations + violations { verdict.violated(violation) }
        verdict.add(RegisterChecker.check(history))
        verdict.add(ListChecker.check(history))
        verdict.add(
            LogChecker.check(
                history, log: log.requests(), lastIndex: log.lastIndex.rawValue, limits: options.limits,
                refused: refused))
        verdict.add(SessionChecker.check(history))
        if let slack = options.stalenessSlackNanoseconds {
            verdict.add(StalenessChecker.check(history, slackNanoseconds: slack))
        }
        return verdict
    }
}
