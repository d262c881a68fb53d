import Raft

/// The smallest honest state machine: an append-only list of commands, with snapshots and a rolling digest.
///
/// Used where consensus is on trial and SQLite would only slow the search down. Its storage outlives a crash the way a
/// database without fsync per transaction does: back to the last checkpoint.
public final class ListMachine: ReplicatedStateMachine, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.

    /// What survives a crash.
    public final class Storage: @unchecked Sendable {
        // Sendable: used on the thread that runs virtual time only.
        fileprivate var durable = State()
        fileprivate let incoming = IncomingShelf()
        public init() {}
    }
    fileprivate struct State {
        var position = LogPosition.zero
        var installed = LogPosition.zero
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var configuration: AppliedConfiguration?
        var commands: [[UInt8]] = []
        var positions: [LogPosition] = []
    }

    private let storage: Storage
    private var state: State
    private var snapshots: [String: [UInt8]] = [:]
    private var snapshotCount = 0

    public init(storage: Storage) {
        self.storage = storage
        self.state = storage.durable
        storage.incoming.restart()
    }

    /// What a database leaves when only its process was killed: everything committed, checkpointed or not.
    public func surviveKill() { storage.durable = state }

    public var commands: [[UInt8]] { state.commands }
    public var position: LogPosition { state.position }

    public func appliedPosition() -> AppliedPosition {
        AppliedPosition(
            position: state.position, digest: Self.bytes(of: state.digest), installed: state.installed,
            configuration: state.configuration)
    }

    /// The outcome of a command is its place in the list.
    public func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        var outcomes: [[UInt8]] = []
        for command in commands {
            guard command.position.index == state.position.index.next else {
                throw StateMachineError("index \(command.position.index) after \(state.position.index)")
            }
            state.position = command.position
            Self.fold(&state.digest, Self.bytes(of: command.position.index.rawValue) + command.command)
            if command.kind == .configuration {
                state.configuration = AppliedConfiguration(index: command.position.index, bytes: command.command)
            }
            if command.kind == .command {
                state.commands.append(command.command)
                state.positions.append(command.position)
            }
            outcomes.append(Self.bytes(of: UInt64(state.commands.count)))
        }
        return outcomes
    }

    public func checkpoint() throws(StateMachineError) -> LogPosition {
        storage.durable = state
        return state.position
    }

    public func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        let image = Self.encode(state)
        let position = state.position
        snapshotCount += 1
        let path = "snapshot-\(snapshotCount)"
        return { [self] in
            snapshots[path] = image
            return .success(
                SnapshotFile(
                    position: position, path: path, sizeBytes: UInt64(image.count), digest: Self.digest(of: image)))
        }
    }

    public func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        guard let image = storage.incoming.take(identifier: identifier), UInt64(image.count) == totalBytes,
            Self.digest(of: image) == digest, var received = Self.decode(image), received.position == position
        else { throw StateMachineError("snapshot \(identifier) is damaged") }
        received.installed = position
        state = received
        storage.durable = received
    }

    public func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        guard let image = snapshots[file.path], Int(offset) + count <= image.count else {
            throw StateMachineError("no bytes \(offset)+\(count) in \(file.path)")
        }
        return Array(image[Int(offset)..<Int(offset) + count])
    }

    public func discardSnapshot(_ file: SnapshotFile) { snapshots[file.path] = nil }

    public func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64 {
        storage.incoming.begin(identifier: identifier, content: content)
    }

    public func writeIncoming(
        identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]
    ) throws(StateMachineError) {
        try storage.incoming.write(identifier: identifier, atBytes: offset, bytes: bytes)
    }

    public func discardIncoming(identifier: UInt64) { storage.incoming.discard(identifier: identifier) }

    // MARK: bytes

    private static func encode(_ state: State) -> [UInt8] {
        var image = bytes(of: state.position.index.rawValue) + bytes(of: state.position.term.rawValue)
        image += bytes(of: state.digest)
        let configuration = state.configuration ?? AppliedConfiguration(index: .zero, bytes: [])
        image += bytes(of: configuration.index.rawValue) + bytes(of: UInt64(configuration.bytes.count))
        image += configuration.bytes + bytes(of: UInt64(state.commands.count))
        for (command, position) in zip(state.commands, state.positions) {
            image += bytes(of: position.index.rawValue) + bytes(of: position.term.rawValue)
            image += bytes(of: UInt64(command.count)) + command
        }
        return image
    }

    private static func decode(_ image: [UInt8]) -> State? {
        var offset = 0
        func number() -> UInt64? {
            guard offset + 8 <= image.count else { return nil }
            defer { offset += 8 }
            return image[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        func position() -> LogPosition? {
            guard let index = number(), let term = number() else { return nil }
            return LogPosition(index: LogIndex(index), term: Term(term))
        }
        var state = State()
        func block() -> [UInt8]? {
            guard let length = number(), length <= UInt64(image.count - offset) else { return nil }
            defer { offset += Int(length) }
            return Array(image[offset..<offset + Int(length)])
        }
        guard let last = position(), let digest = number(), let configured = number(), let configuration = block(),
            let count = number()
        else { return nil }
        if configured > 0 {
            state.configuration = AppliedConfiguration(index: LogIndex(configured), bytes: configuration)
        }
        state.position = last
        state.digest = digest
        for _ in 0..<count {
            guard let position = position(), let command = block() else { return nil }
            state.positions.append(position)
            state.commands.append(command)
        }
        return state
    }

    private static func digest(of image: [UInt8]) -> [UInt8] {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        fold(&value, image)
        return bytes(of: value)
    }

    /// FNV-1a: enough to see any difference between replicas of a test.
    private static func fold(_ value: inout UInt64, _ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    private static func bytes(of value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}
