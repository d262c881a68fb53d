/// Do log and state machine belong together? Every row of the decision, and the same over a real log.

import Testing

@testable import Raft
@testable import Simulator

@Suite struct NodeRecoveryTests {
    private static func at(_ index: UInt64, _ term: UInt64) -> LogPosition {
        LogPosition(index: LogIndex(index), term: Term(term))
    }
    /// A log after `base` with term 2 up to 14 and term 4 up to 20.
    private static func log(base: LogPosition = at(10, 2)) -> LogRecovery {
        LogRecovery(
            hardState: HardState(term: Term(5)), base: base,
            termRuns: [
                TermRun(term: Term(2), first: base.index.next), TermRun(term: Term(4), first: LogIndex(15)),
            ],
            lastIndex: LogIndex(20), tornBytes: 0, tornFile: nil, endsBeforeState: false, wasCreated: false,
            misnamedFiles: [], segmentCount: 1)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var applied: LogPosition
        var installed: LogPosition
        /// nil: refused with an error that begins so.
        var owed: Bool?
        var error = ""
        var testDescription: String { name }
    }
    static let rows: [Row] = [
        Row(name: "state at the end of the log", applied: at(20, 4), installed: .zero, owed: false),
        Row(name: "state inside the log", applied: at(14, 2), installed: .zero, owed: false),
        Row(name: "state at the base of the log", applied: at(10, 2), installed: .zero, owed: false),
        Row(name: "state installed inside a log that matches", applied: at(16, 4), installed: at(16, 4), owed: false),
        Row(name: "state applied on beyond an install", applied: at(18, 4), installed: at(12, 2), owed: false),
        Row(name: "install beyond the end of the log", applied: at(33, 6), installed: at(33, 6), owed: true),
        Row(name: "install one beyond the end of the log", applied: at(21, 4), installed: at(21, 4), owed: true),
        Row(name: "install where the log has another term", applied: at(15, 3), installed: at(15, 3), owed: true),
        Row(name: "install at the end, another term", applied: at(20, 5), installed: at(20, 5), owed: true),
        Row(name: "state before the log", applied: at(9, 2), installed: .zero, owed: nil, error: "the log begins"),
        Row(name: "empty state before the log", applied: .zero, installed: .zero, owed: nil, error: "the log begins"),
        Row(
            name: "install before the log", applied: at(9, 2), installed: at(9, 2), owed: nil, error: "the log begins"),
        Row(name: "log behind the state", applied: at(21, 4), installed: .zero, owed: nil, error: "the log ends"),
        Row(
            name: "log behind a state whose install lies inside it", applied: at(25, 4), installed: at(18, 4),
            owed: nil, error: "the log ends"),
        Row(name: "another term", applied: at(15, 2), installed: .zero, owed: nil, error: "the state machine applied"),
        Row(
            name: "another term, not where the snapshot was", applied: at(16, 3), installed: at(15, 3), owed: nil,
            error: "the state machine applied"),
        Row(
            name: "another term at the base", applied: at(10, 1), installed: .zero, owed: nil,
            error: "the state machine applied"),
    ]

    @Test(arguments: rows)
    func `log and state are joined, reset or refused`(row: Row) throws {
        let applied = AppliedPosition(position: row.applied, digest: [], installed: row.installed)
        do throws(NodeRecoveryError) {
            let owed = try NodeRecovery.resetIsOwed(Self.log(), applied)
            #expect(owed == row.owed)
        } catch {
            #expect(row.owed == nil, "\(error)")
            #expect(error.description.hasPrefix(row.error), "\(error)")
        }
    }

    // MARK: with a real log

    private static let options: LogOptions = {
        var options = LogOptions()
        options.segmentBytes = 64 << 10
        options.recordBytesMax = 32 << 10
        options.batchBytesMax = 64 << 10
        return options
    }()
    private static let identity = LogIdentity(
        clusterID: [UInt8](repeating: 3, count: 16), nodeID: NodeID(1), incarnation: 1)

    private func entries(_ range: ClosedRange<UInt64>, term: UInt64) -> [Entry] {
        range.map {
            Entry(
                index: LogIndex($0), term: Term(term), kind: .command, proposal: .none,
                payload: EntryCompression.compress([UInt8(truncatingIfNeeded: $0)]))
        }
    }
    /// A disk with entries 1 to 5 of term 1 in a hard state of term 2, vote for 3.
    private func diskWithFive() throws -> MemoryDisk {
        let disk = MemoryDisk()
        let (wal, _) = try WriteAheadLog.open(disk: disk, identity: Self.identity, options: Self.options)
        try wal.append([
            PersistRequest(
                sequence: 1, hardState: HardState(term: Term(2), vote: NodeID(3), commit: LogIndex(2)),
                entries: entries(1...5, term: 1))
        ])
        return disk
    }
    /// A state machine that a snapshot brought to `position`.
    private func installed(at position: LogPosition) throws -> ListMachine {
        let source = ListMachine(storage: ListMachine.Storage())
        var commands: [CommittedCommand] = []
        for index in 1...position.index.rawValue {
            commands.append(
                CommittedCommand(position: Self.at(index, position.term.rawValue), kind: .command, command: [1]))
        }
        _ = try source.apply(commands)
        let file = try source.prepareSnapshot()().get()
        let bytes = try source.readSnapshot(file, atBytes: 0, count: Int(file.sizeBytes))
        let target = ListMachine(storage: ListMachine.Storage())
        try target.writeIncoming(identifier: 1, atBytes: 0, bytes: bytes)
        try target.installIncoming(
            identifier: 1, totalBytes: file.sizeBytes, digest: file.digest, position: position)
        return target
    }
    private func open(_ disk: MemoryDisk, _ machine: ListMachine) throws -> RecoveredNode {
        try NodeRecovery.open(disk: disk, identity: Self.identity, logOptions: Self.options, machine: machine)
    }

    @Test func `an empty state machine gets the whole log to apply`() throws {
        let node = try open(try diskWithFive(), ListMachine(storage: ListMachine.Storage()))
        #expect(node.recovered.tail.map(\.index.rawValue) == [1, 2, 3, 4, 5])
        #expect(node.recovered.applied == .zero)
        #expect(node.recovered.hardState.commit == LogIndex(2))
    }

    @Test func `bug 52: a log whose beginning was cut needs a state that reaches it`() throws {
        let disk = try diskWithFive()
        let (wal, _) = try WriteAheadLog.open(disk: disk, identity: Self.identity, options: Self.options)
        try wal.append([
            PersistRequest(
                sequence: 2, hardState: HardState(term: Term(3)), resetTo: Self.at(9, 3),
                entries: entries(10...12, term: 3))
        ])
        #expect(throws: NodeRecoveryError.self) {
            _ = try open(disk, ListMachine(storage: ListMachine.Storage()))
        }
        let node = try open(disk, try installed(at: Self.at(9, 3)))
        #expect(node.recovered.tail.map(\.index.rawValue) == [10, 11, 12])
    }

    /// The power goes at each step of finishing the reset; whatever is left, the next start finishes it.
    @Test(arguments: [UnsyncedFate.lost, .kept, .torn(seed: 8), .torn(seed: 9)])
    func `a reset that a snapshot owes is finished, also when finishing it is interrupted`(fate: UnsyncedFate) throws {
        let snapshot = Self.at(8, 4)
        let machine = try installed(at: snapshot)
        var interrupted = 0
        for step in 0..<12 {
            let disk = try diskWithFive()
            disk.inject(DiskFault(.powerLoss, after: step))
            do { _ = try open(disk, machine) } catch { interrupted += 1 }
            disk.powerLoss(fate)
            let node = try open(disk, machine)
            #expect(node.recovered.base == snapshot, "step \(step)")
            #expect(node.recovered.lastIndex == snapshot.index)
            #expect(node.recovered.tail.isEmpty)
            #expect(node.recovered.hardState == HardState(term: Term(4), vote: nil, commit: snapshot.index))
            let again = try open(disk, machine)
            #expect(again.recovered == node.recovered, "a second start finds nothing left to do")
        }
        #expect(interrupted > 1)
    }

    @Test func `a reset keeps the vote of a term that the snapshot does not pass`() throws {
        let disk = try diskWithFive()
        let node = try open(disk, try installed(at: Self.at(8, 2)))
        #expect(node.recovered.hardState == HardState(term: Term(2), vote: NodeID(3), commit: LogIndex(8)))
        #expect(try open(disk, try installed(at: Self.at(8, 2))).recovered == node.recovered)
    }

    // MARK: configurations

    private func machine(configuration bytes: [UInt8]) throws -> ListMachine {
        let machine = ListMachine(storage: ListMachine.Storage())
        _ = try machine.apply([
            CommittedCommand(position: Self.at(1, 1), kind: .command, command: [1]),
            CommittedCommand(position: Self.at(2, 1), kind: .configuration, command: bytes),
            CommittedCommand(position: Self.at(3, 1), kind: .command, command: [3]),
        ])
        return machine
    }

    @Test func `a node starts with the configuration that its state machine holds, and without one with none`() throws {
        let configuration = Configuration(voters: [NodeID(1), NodeID(4)])
        let node = try open(try diskWithFive(), try machine(configuration: configuration.encode()))
        #expect(
            node.recovered.configuration
                == LoggedConfiguration(index: LogIndex(2), configuration: configuration))
        #expect(node.recovered.applied == LogIndex(3))
        let fresh = try open(try diskWithFive(), ListMachine(storage: ListMachine.Storage()))
        #expect(fresh.recovered.configuration == nil)
    }

    @Test func `a configuration that cannot be read stops the start with its index and what is wrong`() throws {
        let disk = try diskWithFive()
        let damaged = try machine(configuration: [7, 7])
        let error = #expect(throws: NodeRecoveryError.self) { _ = try open(disk, damaged) }
        guard case .configuration(let index, let problem) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(index == LogIndex(2) && problem.contains("unknown version 7"))
        #expect(error?.description.contains("index 2") == true)
    }

    @Test func `bug 32: a snapshot brings its configuration to the machine that installs it`() throws {
        let configuration = Configuration(voters: [NodeID(2), NodeID(3)])
        let source = try machine(configuration: configuration.encode())
        let file = try source.prepareSnapshot()().get()
        let target = ListMachine(storage: ListMachine.Storage())
        try target.writeIncoming(
            identifier: 1, atBytes: 0, bytes: try source.readSnapshot(file, atBytes: 0, count: Int(file.sizeBytes)))
        try target.installIncoming(
            identifier: 1, totalBytes: file.sizeBytes, digest: file.digest, position: Self.at(3, 1))
        let node = try open(try diskWithFive(), target)
        #expect(
            node.recovered.configuration
                == LoggedConfiguration(index: LogIndex(2), configuration: configuration))
    }
}
