/// What local clients ask of a node: propose, read barrier, status. Any thread.
extension RaftNode {
    /// Proposes `command`; `complete` runs exactly once, on any lane, within `timeoutNanoseconds` and one tick.
    public func propose(
        _ command: [UInt8], timeoutNanoseconds: UInt64, _ complete: @escaping @Sendable (ProposalResult) -> Void
    ) {
        guard command.count <= options.commandBytesMax else { return complete(.refused(.tooLarge)) }
        let payload = EntryCompression.compress(command)
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        propose(.command, payload, deadlineNanoseconds: deadline, complete)
    }

    func propose(
        _ kind: ProposalKind, _ payload: [UInt8], deadlineNanoseconds: UInt64,
        _ complete: @escaping @Sendable (ProposalResult) -> Void
    ) {
        guard
            let id = waiters.addProposal(
                costBytes: payload.count, deadlineNanoseconds: deadlineNanoseconds, complete)
        else { return }
        if mailbox.put({ $0.proposals.append(Proposal(id: id, kind: kind, payload: payload)) }) { wake() }
    }

    /// Completes when the local state machine holds everything acknowledged anywhere before this call (thesis §6.4).
    public func readBarrier(timeoutNanoseconds: UInt64, _ complete: @escaping @Sendable (ReadResult) -> Void) {
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        guard let id = waiters.addRead(deadlineNanoseconds: deadline, complete) else { return }
        if mailbox.put({ $0.reads.append(id) }) { wake() }
    }

    /// As `readBarrier`, but on a leader that holds a lease it completes without asking anybody (thesis §6.4.1). Without
    /// lease reads in `CoreOptions`, on a follower, or when the lease is over, it is the same as `readBarrier`.
    public func leaseRead(timeoutNanoseconds: UInt64, _ complete: @escaping @Sendable (ReadResult) -> Void) {
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        guard let id = waiters.addRead(deadlineNanoseconds: deadline, complete) else { return }
        if mailbox.put({ $0.leaseReads.append(id) }) { wake() }
    }

    /// The core's state as of its last tick or change of role. Any thread.
    public var status: CoreStatus { statusCell.withLock { $0.core } }

    /// The core's state as of now; `complete` runs on the core lane.
    public func currentStatus(_ complete: @escaping @Sendable (CoreStatus) -> Void) {
        lanes.core.submit { [self] in complete(core.status) }
    }

    /// The core's state now. Core lane only; the simulator, which has one thread, may ask between events.
    public var statusOnCoreLane: CoreStatus { core.status }

    /// Nanoseconds since this node last heard from a leader or, while it leads, from a quorum: nothing that was
    /// acknowledged before that moment is missing here for longer than it takes to arrive and be applied. The uptime of
    /// the machine when neither ever happened. One tick coarse.
    public var leaderContactAgeNanoseconds: UInt64 {
        let contact = statusCell.withLock { $0.contactNanoseconds }
        let now = clock.monotonicNanoseconds()
        return now > contact ? now - contact : 0
    }

    func publishStatus() {
        let status = core.status
        if status.role == .leader, let silenceTicks = status.quorumSilenceTicks {
            // Ticks may come late but never early, so this never makes the contact younger than it is by more than one.
            let now = clock.monotonicNanoseconds()
            let silence = UInt64(silenceTicks) &* options.tickNanoseconds
            contactNanoseconds = max(contactNanoseconds, now > silence ? now - silence : 0)
        }
        statusCell.withLock { $0 = PublishedStatus(core: status, contactNanoseconds: contactNanoseconds) }
    }
}

extension CoreStatus {
    /// Leader only: ticks since the last moment after which a quorum has answered; nil when some quorum cannot have.
    var quorumSilenceTicks: Int? {
        func silence(_ voters: [NodeID]) -> Int? {
            let ticks = voters.compactMap { voter in
                voter == nodeID ? 0 : peers.first { $0.peer == voter }?.silentTicks
            }
            return ticks.count > voters.count / 2 ? ticks.sorted()[voters.count / 2] : nil
        }
        guard let newer = silence(configuration.voters) else { return nil }
        guard configuration.isJoint else { return newer }
        return silence(configuration.outgoing).map { max($0, newer) }
    }
}

/// What observers read without entering the core lane.
struct PublishedStatus: Sendable {
    var core: CoreStatus
    var contactNanoseconds: UInt64
}
