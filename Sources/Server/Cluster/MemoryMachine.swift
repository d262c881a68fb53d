import Raft
import StateMachine

/// Shows the memory store to consensus: positions, commands and snapshot bytes in Raft's words.
///
/// Owns: nothing but the translation. Must never: interpret a command or decide anything.
public final class MemoryMachine: ReplicatedStateMachine {
    public let store: MemoryStore

    public init(store: MemoryStore) { self.store = store }

    public func appliedPosition() -> AppliedPosition {
        let applied = store.applied()
        let installed = store.installed()
        return AppliedPosition(
            position: LogPosition(index: LogIndex(applied.index), term: Term(applied.term)), digest: applied.digest,
            installed: LogPosition(index: LogIndex(installed.index), term: Term(installed.term)),
            configuration: applied.configuration.map {
                AppliedConfiguration(index: LogIndex($0.index), bytes: $0.bytes)
            })
    }

    public func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        var batch: [LogCommand] = []
        batch.reserveCapacity(commands.count)
        for command in commands {
            batch.append(
                LogCommand(
                    index: command.position.index.rawValue, term: command.position.term.rawValue,
                    kind: try Self.kind(command), command: command.command))
        }
        do throws(StoreError) { return try store.apply(batch) } catch { throw StateMachineError("\(error)") }
    }

    private static func kind(_ command: CommittedCommand) throws(StateMachineError) -> LogCommand.Kind {
        guard command.kind == .configuration else { return .command }
        do throws(ConfigurationDecodingError) {
            return .configuration(featureLevel: try Configuration.decode(command.command).featureLevel)
        } catch {
            throw StateMachineError("the configuration at \(command.position.index) does not decode: \(error)")
        }
    }

    public func checkpoint() throws(StateMachineError) -> LogPosition {
        do throws(StoreError) {
            let covered = try store.checkpoint()
            return LogPosition(index: LogIndex(covered.index), term: Term(covered.term))
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    public func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        do throws(StoreError) {
            let copy = try store.prepareSnapshot()
            return {
                switch copy() {
                case .success(let snapshot):
                    .success(
                        SnapshotFile(
                            position: LogPosition(index: LogIndex(snapshot.index), term: Term(snapshot.term)),
                            path: snapshot.path, sizeBytes: snapshot.sizeBytes, digest: snapshot.sha256,
                            format: MemoryStore.snapshotFormat))
                case .failure(let error):
                    .failure(StateMachineError("\(error)"))
                }
            }
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    public func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        let path = store.incomingSnapshotPath(identifier: identifier)
        do throws(StoreError) {
            guard try store.incomingDigest(identifier: identifier) == digest else {
                throw StoreError(
                    doing: "install a snapshot", message: "the \(totalBytes) bytes received do not match its SHA-256")
            }
            try store.install(snapshotPath: path, index: position.index.rawValue, term: position.term.rawValue)
        } catch {
            throw StateMachineError("\(error)", leavesStateInDoubt: !store.isUsable)
        }
    }

    public func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        do throws(StoreError) {
            return try store.readSnapshot(path: file.path, atBytes: offset, count: count)
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    public func discardSnapshot(_ file: SnapshotFile) { store.discardSnapshot(path: file.path) }

    public var snapshotFormatsRead: ClosedRange<UInt16> { MemoryStore.snapshotFormat...MemoryStore.snapshotFormat }

    public func beginIncoming(identifier: UInt64, content: IncomingSnapshot) throws(StateMachineError) -> UInt64 {
        let content = SnapshotContent(
            index: content.position.index.rawValue, term: content.position.term.rawValue,
            sizeBytes: content.totalBytes, sha256: content.digest)
        do throws(StoreError) {
            return try store.beginIncoming(identifier: identifier, content: content)
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    public func writeIncoming(
        identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]
    ) throws(StateMachineError) {
        do throws(StoreError) {
            try store.writeIncoming(identifier: identifier, atBytes: offset, bytes: bytes)
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    public func discardIncoming(identifier: UInt64) {
        store.discardSnapshot(path: store.incomingSnapshotPath(identifier: identifier))
    }
}
