/// A look at the core from outside, for the simulator, which has one thread and may look between events.
extension RaftNode {
    /// Core lane only.
    public var glanceOnCoreLane: CoreGlance { core.glance() }

    /// Core lane only; shares the log's storage, so it must be gone before the next event.
    public func clusterViewOnCoreLane(incarnation: UInt64) -> ClusterView {
        core.viewInPlace(incarnation: incarnation)
    }
}
