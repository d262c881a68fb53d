/// What local clients ask of a node: propose, read barrier, status. Any thread.
extension RaftNode {
    /// Proposes `command`; `complete` runs exactly once, on any lane, within `timeoutNanoseconds` and one tick.
    public func propose(
        _ command: [UInt8], timeoutNanoseconds: UInt64, _ complete: @escaping @Sendable (ProposalResult) -> Void
    ) {
        guard command.count <= options.commandBytesMax else { return complete(.refused(.tooLarge)) }
        let payload = EntryCompression.compress(command)
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        guard let id = waiters.addProposal(deadlineNanoseconds: deadline, complete) else { return }
        if mailbox.put({ $0.proposals.append(Proposal(id: id, payload: payload)) }) { wake() }
    }

    /// Completes when the local state machine holds everything acknowledged anywhere before this call (thesis §6.4).
    public func readBarrier(timeoutNanoseconds: UInt64, _ complete: @escaping @Sendable (ReadResult) -> Void) {
        let deadline = clock.monotonicNanoseconds() &+ timeoutNanoseconds
        guard let id = waiters.addRead(deadlineNanoseconds: deadline, complete) else { return }
        if mailbox.put({ $0.reads.append(id) }) { wake() }
    }

    /// The core's state as of its last tick or change of role. Any thread.
    public var status: CoreStatus { statusCell.withLock { $0.core } }

    /// The core's state as of now; `complete` runs on the core lane.
    public func currentStatus(_ complete: @escaping @Sendable (CoreStatus) -> Void) {
        lanes.core.submit { [self] in complete(core.status) }
    }

    /// The core's state now. Core lane only; the simulator, which has one thread, may ask between events.
    public var statusOnCoreLane: CoreStatus { core.status }

    /// Nanoseconds since this node last heard from a leader, or was one itself.
    public var leaderContactAgeNanoseconds: UInt64 {
        let contact = statusCell.withLock { $0.contactNanoseconds }
        let now = clock.monotonicNanoseconds()
        return now > contact ? now - contact : 0
    }

    func publishStatus() {
        let status = core.status
        let silence = UInt64(max(0, status.ticksSinceLeaderHeard)) &* options.tickNanoseconds
        let now = clock.monotonicNanoseconds()
        statusCell.withLock { cell in
            cell.core = status
            if status.leader != nil { cell.contactNanoseconds = now > silence ? now - silence : 0 }
        }
    }
}

/// What observers read without entering the core lane.
struct PublishedStatus: Sendable {
    var core: CoreStatus
    var contactNanoseconds: UInt64
}
