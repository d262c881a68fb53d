/// Changes of the cluster itself, and of who leads it. Any thread.
///
/// Must never: decide whether a change is right; that is the leader's task, which may be another node.
extension RaftNode {
    /// Asks the leader, whoever it is, for `change`. `.applied` once the configuration entry it caused is applied here:
    /// for a change of voters that is the joint one; the leader goes on to the final one by itself. `.refused` says why
    /// nothing happened; `.unknown` that the change may happen still: look at the configuration.
    ///
    /// - Parameter complete: runs exactly once, on any lane, within `timeoutNanoseconds` and one tick.
    public func changeMembership(
        _ change: MembershipChange, timeoutNanoseconds: UInt64,
        _ complete: @escaping @Sendable (ProposalResult) -> Void
    ) {
        let isEncodable =
            change.add.allSatisfy { $0.address.utf8.count <= Member.addressBytesMax }
            && [change.add.count, change.promote.count, change.remove.count, change.prioritise.count]
                .allSatisfy { $0 <= Configuration.membersMax }
        guard isEncodable else { return complete(.refused(.invalidChange)) }
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        propose(.membershipChange, change.encode(), deadlineNanoseconds: deadline, complete)
    }

    /// Asks for leadership to go to `target`, or to the fittest voter. Nothing promises that it will: watch the status.
    public func transferLeadership(to target: NodeID?) {
        put(.input(.transferLeadership(target: target)))
    }

    /// The disk is nearly full, or has room again.
    public func storageLow(_ isLow: Bool) {
        put(.input(.storageLow(isLow)))
    }
}
