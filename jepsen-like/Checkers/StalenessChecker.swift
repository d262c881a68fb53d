/// Stale reads against the age they report: whatever was acknowledged longer ago than that must be in them.
///
/// Owns: the comparison in real time of the run. Must never: run where ages are not promised.
public enum StalenessChecker {
    /// - Parameter slackNanoseconds: what clocks may drift and a message may be under way beyond the reported age.
    public static func check(_ history: History, slackNanoseconds: UInt64) -> Verdict {
        var verdict = Verdict()
        let operations = history.operations
        let acknowledged = operations.indices.filter { operations[$0].isOrdered && operations[$0].action != .read }
            .sorted { operations[$0].completedAtNanoseconds < operations[$1].completedAtNanoseconds }
        // Highest index among the first n, so that one search answers each read.
        var highest: [Int] = []
        for number in acknowledged {
            let last = highest.last ?? number
            highest.append(operations[number].index > operations[last].index ? number : last)
        }
        for read in operations where read.isStaleRead && read.end == .ok {
            let allowed = read.ageNanoseconds.addingReportingOverflow(slackNanoseconds)
            guard !allowed.overflow, read.completedAtNanoseconds > allowed.partialValue else { continue }
            let limit = read.completedAtNanoseconds - allowed.partialValue
            var (low, high) = (0, acknowledged.count)
            while low < high {
                let middle = (low + high) / 2
                let isBefore = operations[acknowledged[middle]].completedAtNanoseconds < limit
                if isBefore { low = middle + 1 } else { high = middle }
            }
            guard low > 0, operations[highest[low - 1]].index > read.index else { continue }
            verdict.violated(
                "staleness: \(read) says it is at most \(Operation.milliseconds(read.ageNanoseconds)) old, "
                    + "but misses \(operations[highest[low - 1]])")
        }
        return verdict
    }
}
