import Checkers
import Raft

/// The state machine of the simulator: registers, lists and exactly-once sessions over a few keys, made for speed.
///
/// Owns: the replicated state, its checkpoint, its snapshots. Its storage outlives a crash the way a database without a
/// sync per transaction does: back to the last checkpoint. Must never: let one node see another's memory; the canonical
/// log is told, never asked.
public final class RegisterMachine: ReplicatedStateMachine, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.

    /// What survives a crash.
    public final class Storage: @unchecked Sendable {
        // Sendable: used on the thread that runs virtual time only.
        fileprivate var durable: RegisterState?
        fileprivate let incoming = IncomingShelf()
        public init() {}
    }
    /// What a read of one key sees.
    public struct Reading: Hashable, Sendable {
        public var applied: LogPosition
        public var isRetired: Bool
        public var value: UInt32
        public var list: [UInt32]
    }

    public let limits: RegisterLimits
    private let storage: Storage
    private let node: NodeID
    private let log: CanonicalLog?
    /// Of the build it is part of.
    private let featureLevelMax: UInt16
    private var state: RegisterState
    private var snapshots: [String: [UInt8]] = [:]
    private var snapshotCount = 0
    private var appliedCount = 0

    /// - Parameters:
    ///   - node: whose machine it is, for reports.
    ///   - log: hears of everything that is applied; shared by the machines of one run.
    ///   - featureLevelMax: newer commands than these are not understood.
    public init(
        storage: Storage, limits: RegisterLimits, node: NodeID, log: CanonicalLog?, featureLevelMax: UInt16 = 1
    ) {
        self.featureLevelMax = featureLevelMax
        self.storage = storage
        self.limits = limits
        self.node = node
        self.log = log
        self.state = storage.durable ?? RegisterState(limits: limits)
        if Mutant.appliesTwice, storage.durable != nil { state.position.index = state.position.index.previous }
        if Mutant.skipsAnEntry, storage.durable != nil { state.position.index = state.position.index.next }
        storage.incoming.restart()
    }

    /// What a database leaves when only its process was killed: everything committed, checkpointed or not.
    public func surviveKill() { storage.durable = state }

    public var position: LogPosition { state.position }
    /// Rolling digest of all that is applied; costs nothing to ask for.
    public var digestWord: UInt64 { state.digest.value }
    public var sessionCount: Int { state.sessions.count }
    /// Digest of the whole replicated state, computed anew.
    public func stateHash() -> UInt64 { state.stateHash() }

    public func read(key: UInt32) -> Reading {
        let there = state.keys[Int(key % UInt32(state.keys.count))]
        let isThere = there.number == key
        return Reading(
            applied: state.position, isRetired: there.number > key, value: isThere ? there.value : 0,
            list: isThere ? there.list : [])
    }

    // MARK: ReplicatedStateMachine

    public func appliedPosition() -> AppliedPosition {
        AppliedPosition(
            position: state.position, digest: state.digest.bytes, installed: state.installed,
            configuration: state.configuration)
    }

    public func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        var outcomes: [[UInt8]] = []
        outcomes.reserveCapacity(commands.count)
        for command in commands {
            guard command.position.index == state.position.index.next else {
                throw StateMachineError("index \(command.position.index) after \(state.position.index)")
            }
            let isReadable = try isReadable(command)
            appliedCount += 1
            var outcome = state.apply(command, isReadable: isReadable, limits: limits)
            if Mutant.appliesByChance, appliedCount % 64 == 0 {
                outcome.value ^= 1
                state.digest.fold(outcome)
            }
            outcomes.append(RegisterCommand.encode(outcome))
            log?.applied(command, outcome: outcome, digest: state.digest.value, by: node)
            if command.position.index.rawValue % CanonicalLog.hashEvery == 0 {
                log?.reached(command.position, stateHash: state.stateHash(), by: node)
            }
        }
        return outcomes
    }

    private func isReadable(_ command: CommittedCommand) throws(StateMachineError) -> Bool {
        guard command.kind == .command, RegisterCommand.featureLevel(command.command) > featureLevelMax else {
            return true
        }
        if Mutant.skipsUnknownEntries { return false }
        throw StateMachineError("the command at \(command.position.index) needs a newer build")
    }

    public func checkpoint() throws(StateMachineError) -> LogPosition {
        if !Mutant.checkpointsUnsynced { storage.durable = state }
        return state.position
    }

    public func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        let pinned = state
        log?.reached(pinned.position, stateHash: pinned.stateHash(), by: node)
        snapshotCount += 1
        let path = "snapshot-\(snapshotCount)"
        return { [self] in
            let image = pinned.image()
            snapshots[path] = image
            return .success(
                SnapshotFile(
                    position: pinned.position, path: path, sizeBytes: UInt64(image.count),
                    digest: Self.digest(of: image)))
        }
    }

    public func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        guard let image = storage.incoming.take(identifier: identifier), UInt64(image.count) == totalBytes,
            Self.digest(of: image) == digest, var received = RegisterState.decode(image, limits: limits),
            received.position == position
        else { throw StateMachineError("snapshot \(identifier) is damaged") }
        received.installed = position
        log?.installed(position, digest: received.digest.value, stateHash: received.stateHash(), by: node)
        if Mutant.reappliesAfterInstall {
            var early = received
            early.position = state.position
            early.installed = state.installed
            storage.durable = early
        } else if Mutant.adoptsUninstalledSnapshot {
            var empty = state
            empty.position = position
            empty.installed = position
            storage.durable = empty
        } else if !Mutant.publishesUnsyncedSnapshot {
            storage.durable = received
        }
        state = received
    }

    public func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        guard let image = snapshots[file.path], count >= 0, Int(offset) + count <= image.count else {
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

    private static func digest(of image: [UInt8]) -> [UInt8] {
        var digest = WordDigest()
        digest.fold(image)
        return digest.bytes
    }
}
