/// The apply lane by itself, on virtual time: order, batches, how long it may wait for more, and what ends it.

import Testing

@testable import Raft
@testable import Simulator

/// A state machine that notes what it is asked, and fails on order.
private final class NotingMachine: ReplicatedStateMachine, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    var position = LogPosition.zero
    var batches: [(atNanoseconds: UInt64, indexes: [UInt64])] = []
    var checkpoints: [UInt64] = []
    var applyError: StateMachineError?
    var installError: StateMachineError?
    let time: VirtualTime
    init(time: VirtualTime) { self.time = time }

    /// What the state holds once a snapshot is installed.
    var installedConfiguration: AppliedConfiguration?
    var commands: [CommittedCommand] = []
    func appliedPosition() -> AppliedPosition {
        AppliedPosition(position: position, digest: [], configuration: installedConfiguration)
    }
    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        if let applyError { throw applyError }
        for command in commands {
            guard command.position.index == position.index.next else { throw StateMachineError("a gap") }
            position = command.position
        }
        self.commands += commands
        batches.append((time.nowNanoseconds, commands.map(\.position.index.rawValue)))
        return commands.map { _ in [] }
    }
    func checkpoint() throws(StateMachineError) -> LogPosition {
        checkpoints.append(position.index.rawValue)
        return position
    }
    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        let file = SnapshotFile(position: position, path: "p", sizeBytes: 1, digest: [])
        return { .success(file) }
    }
    func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        if let installError { throw installError }
        self.position = position
    }
    func readSnapshot(_ file: SnapshotFile, atBytes: UInt64, count: Int) throws(StateMachineError) -> [UInt8] { [] }
    func discardSnapshot(_ file: SnapshotFile) {}
    func writeIncoming(identifier: UInt64, atBytes: UInt64, bytes: [UInt8]) throws(StateMachineError) {}
    func discardIncoming(identifier: UInt64) {}
}

/// An applier on virtual time with everything that it tells.
private final class ApplierBench: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    static let laneNanosecondsMax: UInt64 = 100
    let time = VirtualTime()
    let machine: NotingMachine
    let waiters: Waiters
    private(set) var applied: [UInt64] = []
    private(set) var checkpointed: [UInt64] = []
    private(set) var events: [String] = []
    private(set) var failures: [String] = []
    private(set) var finished = 0
    private(set) var configurations: [LoggedConfiguration?] = []
    private var applier: Applier?

    init(_ change: (inout NodeOptions) -> Void = { _ in }) {
        var options = NodeOptions()
        change(&options)
        machine = NotingMachine(time: time)
        waiters = Waiters(node: NodeID(1), run: 1, countMax: 10_000, applied: .zero)
        let port = Applier.Port(
            applied: { [self] in applied.append($0.rawValue) },
            snapshot: { [self] event in
                switch event {
                case .installFinished(_, let position, let configuration, let problem):
                    configurations.append(configuration)
                    events.append("installed \(position?.index.rawValue ?? 0) \(problem ?? "")")
                case .pinned(let peer, _): events.append("pinned for \(peer.rawValue)")
                default: events.append("unexpected")
                }
            },
            checkpointed: { [self] in checkpointed.append($0.index.rawValue) },
            fail: { [self] in failures.append($0) })
        let lane = VirtualLane(time: time, delayNanosecondsMax: Self.laneNanosecondsMax)
        applier = Applier(
            machine: machine, lane: lane, clock: VirtualClock(time: time, node: NodeID(1)), options: options,
            waiters: waiters,
            gauges: NodeGauges(), port: port)
    }

    func submit(_ work: Applier.Work...) { applier?.submit(work) }
    func finish() { submit(.finish { [self] in finished += 1 }) }
    /// Lets `count` clients wait.
    func wait(_ count: Int) {
        for _ in 0..<count { _ = waiters.addProposal(deadlineNanoseconds: .max) { _ in } }
    }
    func install(_ index: UInt64) {
        submit(
            .install(
                identifier: 1, totalBytes: 1, digest: [],
                position: LogPosition(index: LogIndex(index), term: Term(1))))
    }
    func run(_ nanoseconds: UInt64 = 1_000_000_000) { time.run(forNanoseconds: nanoseconds) }
    var indexes: [UInt64] { machine.batches.flatMap(\.indexes) }
}

private func entries(_ range: ClosedRange<UInt64>, bytes: Int = 1) -> Applier.Work {
    .entries(
        range.map {
            Entry(
                index: LogIndex($0), term: Term(1), kind: .command, proposal: .none,
                payload: EntryCompression.compress([UInt8](repeating: 1, count: bytes)))
        })
}

@Suite struct ApplierTests {
    @Test func `what is queued together is applied in order, in transactions of bounded count`() {
        let bench = ApplierBench { $0.applyBatchCountMax = 4 }
        bench.submit(entries(1...3), entries(4...10))
        bench.run()
        #expect(bench.machine.batches.map(\.indexes) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]])
        #expect(bench.applied == [4, 8, 10])
    }

    @Test func `a transaction ends when it reached its bytes`() {
        let cost = 100 + 48
        let bench = ApplierBench { $0.applyBatchBytesMax = 2 * cost }
        let noise = (0..<8).map { number in
            Entry(
                index: LogIndex(UInt64(number + 1)), term: Term(1), kind: .noop, proposal: .none,
                payload: [UInt8](repeating: 1, count: 100))
        }
        bench.submit(.entries(noise))
        bench.run()
        #expect(bench.machine.batches.map(\.indexes.count) == [2, 2, 2, 2])
    }

    @Test func `a checkpoint that is asked for covers everything queued before it, and starts the count of bytes anew`()
    {
        let bench = ApplierBench { $0.checkpointBytes = 1_000_000 }
        bench.submit(entries(1...3), .checkpoint, entries(4...5))
        bench.run()
        #expect(bench.machine.checkpoints == [3] && bench.checkpointed == [3])
        #expect(bench.indexes == Array(1...5))
    }

    @Test func `bug 56: entries that an installed snapshot covers are skipped, those after it follow without a gap`() {
        let bench = ApplierBench()
        bench.submit(entries(1...5))
        bench.install(20)
        bench.submit(entries(6...10))
        bench.submit(entries(11...25))
        bench.run()
        #expect(bench.indexes == Array(1...5) + Array(21...25))
        #expect(bench.events == ["installed 20 "])
        #expect(bench.failures == [])
    }

    @Test func `bug 55: a snapshot that is not newer than what is applied is not installed`() {
        let bench = ApplierBench()
        bench.submit(entries(1...5))
        bench.install(5)
        bench.install(4)
        bench.run()
        #expect(bench.events == ["installed 0 ", "installed 0 "])
        #expect(bench.machine.position.index == LogIndex(5))
    }

    @Test func `a snapshot is pinned at what came before it in the queue, not what came after`() {
        let bench = ApplierBench()
        bench.wait(1_000)
        bench.submit(entries(1...5), .prepareSnapshot(peer: NodeID(2)), entries(6...7))
        bench.run(ApplierBench.laneNanosecondsMax)
        #expect(bench.indexes == [1, 2, 3, 4, 5], "it does not linger with a snapshot to make")
        #expect(bench.events == ["pinned for 2"])
        bench.run()
        #expect(bench.indexes == Array(1...7))
    }

    @Test func `a checkpoint follows the bytes that ask for it and names what it covers`() {
        let bench = ApplierBench {
            $0.checkpointBytes = 10 * 50
            $0.applyBatchCountMax = 1
        }
        bench.submit(entries(1...25))
        bench.run()
        #expect(bench.checkpointed == bench.machine.checkpoints)
        #expect(bench.checkpointed.count == 2)
    }

    // MARK: waiting for company

    @Test func `one client alone never waits, and nobody waits when it is turned off`() {
        let alone = ApplierBench()
        alone.wait(1)
        alone.submit(entries(1...1))
        alone.run(ApplierBench.laneNanosecondsMax)
        #expect(alone.indexes == [1])
        let off = ApplierBench { $0.applyLingerNanosecondsPerWaiter = 0 }
        off.wait(500)
        off.submit(entries(1...1))
        off.run(ApplierBench.laneNanosecondsMax)
        #expect(off.indexes == [1])
    }

    @Test func `a read that waits for apply ends the waiting, whether it came before or after`() throws {
        let after = ApplierBench()
        after.wait(500)
        after.submit(entries(1...2))
        after.run(ApplierBench.laneNanosecondsMax)
        #expect(after.indexes == [])
        after.submit(.hurry)
        after.run(ApplierBench.laneNanosecondsMax)
        #expect(after.indexes == [1, 2])

        let before = ApplierBench()
        before.wait(500)
        let read = try #require(before.waiters.addRead(deadlineNanoseconds: .max) { _ in })
        #expect(before.waiters.readReady([read], index: LogIndex(1)))
        before.submit(entries(1...2))
        before.run(ApplierBench.laneNanosecondsMax)
        #expect(before.indexes == [1, 2])
    }

    @Test func `as many entries as clients wait for are not kept waiting`() {
        let bench = ApplierBench()
        bench.wait(3)
        bench.submit(entries(1...2))
        bench.run(ApplierBench.laneNanosecondsMax)
        #expect(bench.indexes == [])
        bench.submit(entries(3...3))
        bench.run(ApplierBench.laneNanosecondsMax)
        #expect(bench.indexes == [1, 2, 3])
    }

    /// Whatever comes when, with clients coming and going: no entry waits longer than the bound, and none is left.
    @Test(arguments: 1...8)
    func `no entry ever waits longer than the bound`(seed: Int) {
        let bench = ApplierBench()
        let options = NodeOptions()
        var random = SplitMix64(seed: UInt64(seed))
        var came: [UInt64: UInt64] = [:]
        var next: UInt64 = 1
        for _ in 0..<400 {
            let count = UInt64(1 + random.next(below: 20))
            for index in next..<next + count { came[index] = bench.time.nowNanoseconds }
            bench.submit(entries(next...next + count - 1))
            next += count
            switch random.next(below: 4) {
            case 0: bench.wait(random.next(below: 60))
            case 1: bench.waiters.expire(nowNanoseconds: .max)
            default: break
            }
            bench.run(random.between(1, 3_000_000))
        }
        bench.run(options.applyLingerNanosecondsMax + 2 * ApplierBench.laneNanosecondsMax)
        #expect(bench.indexes == Array(1..<next))
        let bound = options.applyLingerNanosecondsMax + 2 * ApplierBench.laneNanosecondsMax
        for batch in bench.machine.batches {
            for index in batch.indexes { #expect(batch.atNanoseconds - (came[index] ?? 0) <= bound) }
        }
        #expect(bench.machine.batches.count < 400, "it did gather")
    }

    // MARK: ends

    @Test func `finishing applies what was gathered`() {
        let bench = ApplierBench()
        bench.wait(500)
        bench.submit(entries(1...2))
        bench.finish()
        bench.run(2 * ApplierBench.laneNanosecondsMax)
        #expect(bench.indexes == [1, 2])
        #expect(bench.finished == 1)
    }

    @Test func `bug 54: after a failed apply nothing is applied or checkpointed any more, and it is told once`() {
        let bench = ApplierBench()
        bench.machine.applyError = StateMachineError("disk full")
        bench.submit(entries(1...2))
        bench.run()
        bench.machine.applyError = nil
        bench.submit(entries(3...4))
        bench.submit(entries(1...2), .prepareSnapshot(peer: NodeID(2)))
        bench.install(50)
        bench.finish()
        bench.run()
        #expect(bench.indexes == [])
        #expect(bench.failures.count == 1)
        #expect(bench.failures.first?.contains("disk full") == true)
        #expect(bench.events == [])
        #expect(bench.finished == 1, "who stops the node is not left waiting")
    }

    @Test func `a snapshot that is refused before anything changed leaves the node running`() {
        let bench = ApplierBench()
        bench.machine.installError = StateMachineError("wrong digest")
        bench.install(20)
        bench.submit(entries(1...2))
        bench.run()
        #expect(bench.events == ["installed 0 wrong digest"])
        #expect(bench.failures == [])
        #expect(bench.indexes == [1, 2])
    }

    @Test func `bug 54: a snapshot that failed half-way ends the node`() {
        let bench = ApplierBench()
        bench.machine.installError = StateMachineError("cannot sync CURRENT", leavesStateInDoubt: true)
        bench.install(20)
        bench.submit(entries(1...2))
        bench.run()
        #expect(bench.failures.count == 1)
        #expect(bench.indexes == [])
    }

    // MARK: configurations

    @Test func `a configuration entry reaches the state machine as it is, a no-op as nothing, a command decompressed`()
    {
        let bench = ApplierBench()
        let configuration = Configuration(voters: [NodeID(1), NodeID(2)]).encode()
        let command = [UInt8](repeating: 5, count: 400)
        bench.submit(
            .entries([
                Entry(index: LogIndex(1), term: Term(1), kind: .noop),
                Entry(index: LogIndex(2), term: Term(1), kind: .configuration, payload: configuration),
                Entry(
                    index: LogIndex(3), term: Term(1), kind: .command, payload: EntryCompression.compress(command)),
            ]))
        bench.run()
        #expect(bench.failures == [])
        #expect(bench.machine.commands.map(\.kind) == [.noop, .configuration, .command])
        #expect(bench.machine.commands.map(\.command) == [[], configuration, command])
    }

    @Test func `bug 32: with an installed snapshot comes the configuration that it holds`() {
        let bench = ApplierBench()
        let configuration = Configuration(voters: [NodeID(4)])
        bench.machine.installedConfiguration = AppliedConfiguration(index: LogIndex(17), bytes: configuration.encode())
        bench.install(20)
        bench.run()
        #expect(bench.configurations == [LoggedConfiguration(index: LogIndex(17), configuration: configuration)])
    }

    @Test func `an installed snapshot whose configuration cannot be read ends the node`() {
        let bench = ApplierBench()
        bench.machine.installedConfiguration = AppliedConfiguration(index: LogIndex(17), bytes: [200])
        bench.install(20)
        bench.submit(entries(21...22))
        bench.run()
        #expect(bench.failures.count == 1)
        #expect(bench.failures.first?.contains("unknown version 200") == true)
        #expect(bench.indexes == [] && bench.configurations.isEmpty)
    }
}
