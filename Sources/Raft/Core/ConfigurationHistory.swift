/// The configurations this node's log holds, from the last one that is applied to the newest.
///
/// The newest is in force, whether committed or not (thesis §4.1, catalogue bug 25); those before it are what a
/// truncation goes back to, by as many as it removed (bugs 29, 31, 32). Owns: the list, and which of it is committed.
/// Must never: be empty, or hold a configuration whose entry is no longer in the log.

struct ConfigurationHistory: Hashable, Sendable {
    /// Ascending by index. The first is the one as of the start or of the last snapshot, later the last one applied.
    private(set) var items: [LoggedConfiguration]
    private var committedPlace = 0

    init(base: LoggedConfiguration) { items = [base] }

    var newest: LoggedConfiguration { items[items.count - 1] }
    var newestIndex: LogIndex { items[items.count - 1].index }
    /// The last one at or below the commit index.
    var committed: LoggedConfiguration { items[committedPlace] }
    /// How many are in the log beyond the committed one.
    var uncommittedCount: Int { items.count - 1 - committedPlace }

    /// Votes in the committed configuration or in one after it.
    func isVoterSinceCommitted(_ node: NodeID) -> Bool {
        for item in items[committedPlace...] where item.configuration.isVoter(node) { return true }
        return false
    }

    mutating func append(_ item: LoggedConfiguration) {
        Invariant.require(
            .configurationIsSound, item.index > newestIndex,
            "configuration at \(item.index) after the one at \(newestIndex)")
        items.append(item)
    }

    /// Forgets every configuration whose entry is cut away; true when another one is in force now.
    mutating func truncate(from index: LogIndex) -> Bool {
        let before = items.count
        while items.count - 1 > committedPlace && newestIndex >= index { items.removeLast() }
        return items.count < before
    }

    /// The commit index has reached `index`; true when another configuration is committed now.
    mutating func commit(through index: LogIndex) -> Bool {
        let before = committedPlace
        while committedPlace + 1 < items.count && items[committedPlace + 1].index <= index { committedPlace += 1 }
        return committedPlace != before
    }

    /// What is applied cannot be truncated: only the last applied one is kept of those.
    mutating func prune(through applied: LogIndex) {
        while committedPlace > 0 && items[1].index <= applied {
            items.removeFirst()
            committedPlace -= 1
        }
    }

    /// A snapshot covers the log up to `position`. Its configuration counts, and those after it whose entries survive
    /// in the log; none that stood only in a log that is dropped (bugs 29, 30).
    /// - Parameter snapshot: nil when no configuration entry is among what the snapshot covers.
    mutating func install(_ snapshot: LoggedConfiguration?, position: LogIndex, logSurvives: Bool) {
        var base = committed
        var survivors: [LoggedConfiguration] = []
        if logSurvives {
            for item in items {
                if item.index <= position { base = item } else { survivors.append(item) }
            }
        }
        if let snapshot {
            base = snapshot
            survivors.removeAll { $0.index <= snapshot.index }
        }
        items = [base] + survivors
        committedPlace = 0
    }
}
