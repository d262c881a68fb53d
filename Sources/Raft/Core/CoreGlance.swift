/// The few numbers of a core that change when something worth looking at happened: cheap enough to compare after every
/// event of a simulated run, where a whole status would cost more than the step itself.

public struct CoreGlance: Hashable, Sendable {
    public var role: Role
    public var term: Term
    public var leader: NodeID?
    public var commit: LogIndex
    public var applied: LogIndex
    public var last: LogPosition
    public var base: LogIndex
    public var durableIndex: LogIndex
    public var firstInMemory: LogIndex
    /// Where the configuration in force stands in the log.
    public var configurationIndex: LogIndex
}

extension RaftCore {
    /// Mutating only in form: a caller that keeps its core in a class would else copy all of it to look at a part.
    public mutating func glance() -> CoreGlance {
        CoreGlance(
            role: role, term: hardState.term, leader: leader, commit: commit, applied: applied, last: log.last,
            base: log.base.index, durableIndex: durableIndex, firstInMemory: log.firstInMemory,
            configurationIndex: history.newestIndex)
    }

    /// `clusterView` of what is applied, without the copy, as in `glance`.
    public mutating func viewInPlace(incarnation: UInt64) -> ClusterView {
        clusterView(incarnation: incarnation, applied: applied)
    }
}
