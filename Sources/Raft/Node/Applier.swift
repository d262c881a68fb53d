/// Feeds committed entries to the state machine, many in one transaction, and tells who waits for them.
///
/// Owns: the order of apply and snapshot installation, on the apply lane; one queue carries both (catalogue bug 56).
/// Must never: apply an index twice or out of order; go on after the state machine failed.
final class Applier: @unchecked Sendable {
    // Sendable: the variables are touched only on `lane`; everything else is Sendable.
    enum Work: Sendable {
        case entries([Entry])
        /// Somebody waits for what is queued: do not wait for more.
        case hurry
        case prepareSnapshot(peer: NodeID)
        /// Make durable what is applied, so that the log can be cut.
        case checkpoint
        case install(identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition)
        case finish(@Sendable () -> Void)
    }

    private let machine: any ReplicatedStateMachine
    private let lane: any Lane
    private let clock: any Clock
    private let queue: LaneQueue<Work>
    private let options: NodeOptions
    private let waiters: Waiters
    private let gauges: NodeGauges
    private let port: Port
    private var applied: LogPosition
    private var bytesSinceCheckpoint = 0
    /// Entries that wait for company, and since when.
    private var gathered: [Entry] = []
    private var gatheredSinceNanoseconds: UInt64 = 0
    private var wakeScheduled = false
    /// Set for good: nothing is applied, pinned or installed after it.
    private var failed = false

    /// Where results go.
    struct Port: Sendable {
        var applied: @Sendable (LogIndex) -> Void
        var snapshot: @Sendable (SnapshotEvent) -> Void
        /// The state machine is durable up to here; the log may be cut below.
        var checkpointed: @Sendable (LogPosition) -> Void
        var fail: @Sendable (String) -> Void
    }

    init(
        machine: any ReplicatedStateMachine, lane: any Lane, clock: any Clock, options: NodeOptions, waiters: Waiters,
        gauges: NodeGauges, port: Port
    ) {
        self.machine = machine
        self.lane = lane
        self.clock = clock
        self.queue = LaneQueue(lane: lane)
        self.options = options
        self.waiters = waiters
        self.gauges = gauges
        self.port = port
        self.applied = machine.appliedPosition().position
    }

    func submit(_ work: [Work]) {
        queue.put(work) { [self] in drain() }
    }

    private func drain() {
        lane.assertCurrent()
        let taken = queue.take()
        if !failed {
            do throws(StateMachineError) {
                try carryOut(taken)
            } catch {
                failed = true
                gathered = []
                port.fail("the state machine cannot go on after index \(applied.index): \(error)")
            }
        }
        // Whoever stops the node is answered also when there is nothing left to stop.
        for case .finish(let done) in taken { done() }
    }

    private func carryOut(_ taken: [Work]) throws(StateMachineError) {
        var hurry = false
        for work in taken {
            switch work {
            case .entries(let entries):
                if gathered.isEmpty { gatheredSinceNanoseconds = clock.monotonicNanoseconds() }
                gathered.append(contentsOf: entries)
            case .hurry:
                hurry = true
            case .prepareSnapshot(let peer):
                try apply(&gathered)
                port.snapshot(.pinned(peer: peer, work: try machine.prepareSnapshot()))
            case .checkpoint:
                try apply(&gathered)
                try checkpoint()
            case .install(let identifier, let totalBytes, let digest, let position):
                try apply(&gathered)
                try install(identifier: identifier, totalBytes: totalBytes, digest: digest, position: position)
            case .finish:
                hurry = true
            }
        }
        if hurry || !waitsForMore() { try apply(&gathered) }
    }

    /// Whether it pays to let more entries come before the next transaction; if so, makes sure that this lane wakes.
    private func waitsForMore() -> Bool {
        guard !gathered.isEmpty, options.applyLingerNanosecondsPerWaiter > 0 else { return false }
        let urgency = waiters.urgency
        guard !urgency.hasParkedRead, gathered.count < min(urgency.proposals, options.applyLingerCountMax) else {
            return false
        }
        let linger = min(
            UInt64(urgency.proposals) * options.applyLingerNanosecondsPerWaiter, options.applyLingerNanosecondsMax)
        let end = gatheredSinceNanoseconds + linger
        let now = clock.monotonicNanoseconds()
        guard now < end else { return false }
        if !wakeScheduled {
            wakeScheduled = true
            clock.after(nanoseconds: end - now, on: lane) { [self] in
                wakeScheduled = false
                drain()
            }
        }
        return true
    }

    /// Applies in transactions of bounded size. Entries at or below what a snapshot already covers are skipped.
    private func apply(_ pending: inout [Entry]) throws(StateMachineError) {
        var start = pending.firstIndex { $0.index > applied.index } ?? pending.endIndex
        while start < pending.endIndex {
            var end = start
            var bytes = 0
            while end < pending.endIndex, end - start < options.applyBatchCountMax, bytes < options.applyBatchBytesMax {
                bytes += pending[end].costBytes
                end += 1
            }
            try applyBatch(pending[start..<end], bytes: bytes)
            start = end
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func applyBatch(_ entries: ArraySlice<Entry>, bytes: Int) throws(StateMachineError) {
        var commands: [CommittedCommand] = []
        commands.reserveCapacity(entries.count)
        var expected = applied.index
        for entry in entries {
            expected = expected.next
            precondition(entry.index == expected, "invariant 5: applied steps by exactly one entry")
            commands.append(
                CommittedCommand(position: entry.position, kind: entry.kind, command: try command(of: entry)))
        }
        let outcomes = try machine.apply(commands)
        guard outcomes.count == commands.count, let last = commands.last else {
            throw StateMachineError("\(outcomes.count) outcomes for \(commands.count) commands")
        }
        applied = last.position
        waiters.applied(entries: entries, outcomes: outcomes)
        gauges.recordApplyBatch(entries: entries.count)
        port.applied(applied.index)
        bytesSinceCheckpoint += bytes
        if bytesSinceCheckpoint >= options.checkpointBytes { try checkpoint() }
    }

    private func checkpoint() throws(StateMachineError) {
        bytesSinceCheckpoint = 0
        port.checkpointed(Mutant.trimsBeforeCheckpoint ? applied : try machine.checkpoint())
    }

    private func command(of entry: Entry) throws(StateMachineError) -> [UInt8] {
        switch entry.kind {
        case .noop: return []
        case .configuration: return entry.payload
        case .command: break
        }
        do throws(EntryCompressionError) {
            return try EntryCompression.decompress(entry.payload, rawBytesMax: options.commandBytesMax)
        } catch {
            throw StateMachineError("entry \(entry.index) of \(entry.term) cannot be decompressed: \(error)")
        }
    }

    /// A snapshot that is not newer than what is applied is refused, never installed (catalogue bugs 55, 56).
    private func install(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        guard position.index > applied.index else {
            port.snapshot(.installFinished(identifier: identifier, position: nil, problem: nil))
            return
        }
        do throws(StateMachineError) {
            try machine.installIncoming(
                identifier: identifier, totalBytes: totalBytes, digest: digest, position: position)
            applied = position
            bytesSinceCheckpoint = 0
            let configuration = try installedConfiguration()
            waiters.installed(through: position)
            port.snapshot(
                .installFinished(
                    identifier: identifier, position: position, configuration: configuration, problem: nil))
        } catch {
            if error.leavesStateInDoubt { throw error }
            port.snapshot(.installFinished(identifier: identifier, position: nil, problem: error.description))
        }
    }

    /// The snapshot is in force already: without its configuration this node would not know whom to listen to.
    private func installedConfiguration() throws(StateMachineError) -> LoggedConfiguration? {
        do throws(ConfigurationDecodingError) {
            return try machine.appliedPosition().loggedConfiguration()
        } catch {
            throw StateMachineError("the configuration in an installed snapshot: \(error)", leavesStateInDoubt: true)
        }
    }
}
