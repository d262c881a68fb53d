/// A cluster without consensus: one log in one place, three machines that follow it at their own pace, and a switch for
/// each way of breaking the promises, so that it can be seen whether the workload and its judges notice.

import Checkers
import Raft
import Simulator

final class PretendCluster: WorkloadCluster, @unchecked Sendable {
    // Sendable: used by one test on one thread.
    enum Lie: CaseIterable {
        case none, losesAcknowledged, readsWithoutWaiting, appliesRefused, appendsTwice, reordersOnOneNode
        case answersAnother, forgetsOnRestart
    }
    private struct Event {
        var at: UInt64
        var order: Int
        var work: @Sendable () -> Void
    }

    let workloadNodes = [NodeID(1), NodeID(2), NodeID(3)]
    private(set) var nowNanoseconds: UInt64 = 1
    let canonical = CanonicalLog()
    private let lie: Lie
    private var random: SplitMix64
    private var events: [Event] = []
    private var eventCount = 0
    private var log: [CommittedCommand] = []
    private var machines: [NodeID: RegisterMachine] = [:]
    private var storages: [NodeID: RegisterMachine.Storage] = [:]
    private var waiting: [NodeID: [(index: UInt64, done: @Sendable (RegisterMachine, [UInt8]) -> Void)]] = [:]
    private let limits: RegisterLimits
    private(set) var lies = 0
    /// Nodes that follow the log after this event.
    private var due: [NodeID] = []

    init(seed: UInt64, limits: RegisterLimits, lie: Lie) {
        self.lie = lie
        self.limits = limits
        random = SplitMix64(seed: seed)
        for node in workloadNodes {
            let storage = RegisterMachine.Storage()
            storages[node] = storage
            machines[node] = RegisterMachine(storage: storage, limits: limits, node: node, log: canonical)
        }
    }

    func featureLevel(on node: NodeID) -> UInt16 { 1 }

    /// Runs until the workload has finished; false when it does not within an hour of virtual time.
    func run(_ workload: Workload) throws -> Bool {
        workload.start()
        while !workload.isFinished, nowNanoseconds < 3_600_000_000_000, !events.isEmpty {
            let event = pop()
            nowNanoseconds = max(nowNanoseconds, event.at)
            event.work()
            for node in due {
                for _ in 0..<1 + random.next(below: 8) { try follow(node) }
            }
            due = []
        }
        for node in workloadNodes { while try follow(node) {} }
        return workload.isFinished
    }

    func machine(_ node: NodeID) -> RegisterMachine? { machines[node] }
    func wallNanoseconds(on node: NodeID) -> Int64 { Int64(nowNanoseconds) + Int64(node.rawValue) * 1_000_000 }

    func schedule(afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void) {
        eventCount += 1
        let event = Event(at: nowNanoseconds + delay, order: eventCount, work: work)
        // Latest first, so that the next one is the last.
        var (low, high) = (0, events.count)
        while low < high {
            let middle = (low + high) / 2
            let isLater = (events[middle].at, events[middle].order) > (event.at, event.order)
            if isLater { low = middle + 1 } else { high = middle }
        }
        events.insert(event, at: low)
    }

    private func pop() -> Event { events.removeLast() }

    func propose(
        _ command: [UInt8], on node: NodeID, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (ProposalResult) -> Void
    ) {
        let fate = random.next(below: 20)
        let isLie = random.next(below: 20) == 0
        if fate == 0 {
            if isLie || random.next(below: 2) == 0, lie == .appliesRefused {
                lies += 1
                append(command)
            }
            return done(.refused(.notLeader))
        }
        // Lost on the way.
        if fate == 1 { return schedule(afterNanoseconds: timeoutNanoseconds) { done(.unknown) } }
        // Now and then it arrives when nobody waits for it any more.
        let delay = random.between(1, fate == 4 ? 3 * timeoutNanoseconds : 3_000_000)
        schedule(afterNanoseconds: delay) { [self] in
            if lie == .losesAcknowledged, isLie {
                lies += 1
                let next = UInt64(log.count) + 1
                return done(
                    .applied(
                        index: LogIndex(next), outcome: RegisterCommand.encode(Outcome(status: .done, index: next))))
            }
            append(command)
            if lie == .appendsTwice, isLie {
                lies += 1
                append(command)
            }
            let index = UInt64(log.count)
            // Appended, and nobody is told.
            if fate == 2 { return done(.unknown) }
            if fate == 3 { return }
            wait(node, index) { [self] _, outcome in
                var outcome = outcome
                if lie == .answersAnother, isLie, let first = RegisterCommand.decodeOutcome(outcome) {
                    lies += 1
                    outcome = RegisterCommand.encode(
                        Outcome(status: first.status, index: first.index, value: first.value &+ 1))
                }
                done(.applied(index: LogIndex(index), outcome: outcome))
            }
        }
    }

    private func append(_ command: [UInt8]) {
        let position = LogPosition(index: LogIndex(UInt64(log.count) + 1), term: Term(1))
        log.append(CommittedCommand(position: position, kind: .command, command: command))
        for node in workloadNodes { scheduleFollow(node) }
    }

    private func scheduleFollow(_ node: NodeID) {
        schedule(afterNanoseconds: random.between(1, 8_000_000)) { [self] in
            due.append(node)
            // More often than entries come, or a restart would never be made up for.
            if let machine = machines[node], machine.position.index.rawValue < UInt64(log.count) {
                scheduleFollow(node)
            }
        }
    }

    private func wait(
        _ node: NodeID, _ index: UInt64, _ done: @escaping @Sendable (RegisterMachine, [UInt8]) -> Void
    ) {
        waiting[node, default: []].append((index, done))
    }

    func read(
        _ key: UInt32, on node: NodeID, consistency: ReadConsistency, timeoutNanoseconds: UInt64,
        done: @escaping @Sendable (WorkloadRead) -> Void
    ) {
        if random.next(below: 20) == 0 { return done(random.next(below: 2) == 0 ? .refused : .timedOut) }
        guard let machine = machines[node] else { return done(.refused) }
        let isAtOnce = consistency == .stale || lie == .readsWithoutWaiting
        if isAtOnce || machine.position.index.rawValue >= UInt64(log.count) {
            if consistency != .stale, machine.position.index.rawValue < UInt64(log.count) { lies += 1 }
            return done(.ready(machine.read(key: key), ageNanoseconds: 60_000_000_000))
        }
        wait(node, UInt64(log.count)) { machine, _ in
            done(.ready(machine.read(key: key), ageNanoseconds: 0))
        }
    }

    /// Applies the next entry on `node`; false when there is none.
    @discardableResult
    private func follow(_ node: NodeID) throws -> Bool {
        guard let machine = machines[node] else { return false }
        let next = Int(machine.position.index.rawValue)
        guard next < log.count else { return false }
        var command = log[next]
        if lie == .reordersOnOneNode, node == workloadNodes[2], next + 1 < log.count, random.next(below: 30) == 0 {
            lies += 1
            command.command = log[next + 1].command
        }
        let outcomes = try machine.apply([command])
        let answered = waiting[node, default: []].filter { $0.index <= UInt64(next) + 1 }
        waiting[node]?.removeAll { $0.index <= UInt64(next) + 1 }
        for waiter in answered { waiter.done(machine, outcomes[0]) }
        if random.next(below: 100) == 0 { try restart(node) }
        return true
    }

    /// Back to the last checkpoint; what was applied since is applied again.
    private func restart(_ node: NodeID) throws {
        guard let machine = machines[node], let storage = storages[node] else { return }
        if random.next(below: 4) > 0 { _ = try machine.checkpoint() }
        if lie == .forgetsOnRestart, !log.isEmpty {
            lies += 1
            let empty = RegisterMachine(storage: RegisterMachine.Storage(), limits: limits, node: node, log: nil)
            // The right position, and nothing of what led there.
            let blanks = log.prefix(Int(machine.position.index.rawValue)).map {
                CommittedCommand(position: $0.position, kind: .noop, command: [])
            }
            _ = try empty.apply(blanks)
            empty.surviveKill()
            let image = try Self.image(of: empty)
            let target = RegisterMachine(storage: storage, limits: limits, node: node, log: canonical)
            try target.writeIncoming(identifier: 1, atBytes: 0, bytes: image.bytes)
            try target.installIncoming(
                identifier: 1, totalBytes: image.file.sizeBytes, digest: image.file.digest,
                position: image.file.position)
            machines[node] = target
            return
        }
        machines[node] = RegisterMachine(storage: storage, limits: limits, node: node, log: canonical)
    }

    static func image(of machine: RegisterMachine) throws -> (file: SnapshotFile, bytes: [UInt8]) {
        let file = try machine.prepareSnapshot()().get()
        return (file, try machine.readSnapshot(file, atBytes: 0, count: Int(file.sizeBytes)))
    }
}
