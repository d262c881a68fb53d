import Raft
import StateMachine

/// Shows the memory store to consensus: positions, commands and snapshot bytes in Raft's words.
///
/// Owns: nothing but the translation. Must never: interpret a command or decide anything.
final class MemoryMachine: ReplicatedStateMachine {
    let store: MemoryStore

    init(store: MemoryStore) { self.store = store }

    func appliedPosition() -> AppliedPosition {
        let applied = store.applied()
        return AppliedPosition(
            position: LogPosition(index: LogIndex(applied.index), term: Term(applied.term)), digest: applied.digest,
            installed: LogPosition(index: LogIndex(applied.installedIndex), term: Term(applied.installedTerm)))
    }

    func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        let batch = commands.map { command in
            LogCommand(
                index: command.position.index.rawValue, term: command.position.term.rawValue, command: command.command)
        }
        do throws(StoreError) { return try store.apply(batch) } catch { throw StateMachineError("\(error)") }
    }

    func checkpoint() throws(StateMachineError) -> LogPosition {
        do throws(StoreError) {
            let covered = try store.checkpoint()
            return LogPosition(index: LogIndex(covered.index), term: Term(covered.term))
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    func prepareSnapshot() throws(StateMachineError) -> @Sendable () -> Result<SnapshotFile, StateMachineError> {
        do throws(StoreError) {
            let copy = try store.prepareSnapshot()
            return {
                switch copy() {
                case .success(let snapshot):
                    .success(
                        SnapshotFile(
                            position: LogPosition(index: LogIndex(snapshot.index), term: Term(snapshot.term)),
                            path: snapshot.path, sizeBytes: snapshot.sizeBytes, digest: snapshot.sha256))
                case .failure(let error):
                    .failure(StateMachineError("\(error)"))
                }
            }
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    func installIncoming(
        identifier: UInt64, totalBytes: UInt64, digest: [UInt8], position: LogPosition
    ) throws(StateMachineError) {
        let path = store.incomingSnapshotPath(identifier: identifier)
        do throws(StoreError) {
            try store.install(
                snapshotPath: path, sizeBytes: totalBytes, sha256: digest, index: position.index.rawValue,
                term: position.term.rawValue)
        } catch {
            throw StateMachineError("\(error)")
        }
    }

    func readSnapshot(
        _ file: SnapshotFile, atBytes offset: UInt64, count: Int
    ) throws(StateMachineError) -> [UInt8] {
        try withFile(file.path, mode: .readOnly) { file throws(DiskError) in
            try file.read(atBytes: offset, count: count)
        }
    }

    func discardSnapshot(_ file: SnapshotFile) { store.discardSnapshot(path: file.path) }

    func writeIncoming(
        identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]
    ) throws(StateMachineError) {
        try withFile(store.incomingSnapshotPath(identifier: identifier), mode: .createIfMissing) {
            file throws(DiskError) in
            if offset == 0 { try file.truncate(toBytes: 0) }
            try file.write(bytes, atBytes: offset)
        }
    }

    func discardIncoming(identifier: UInt64) {
        store.discardSnapshot(path: store.incomingSnapshotPath(identifier: identifier))
    }

    private func withFile<Value>(
        _ path: String, mode: DiskOpenMode, _ body: (any DiskFile) throws(DiskError) -> Value
    ) throws(StateMachineError) -> Value {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let directory = parts.dropLast().joined(separator: "/")
        do throws(DiskError) {
            let file = try PosixDisk(path: directory).open(String(parts.last ?? ""), mode: mode)
            defer { file.close() }
            return try body(file)
        } catch {
            throw StateMachineError("\(error)")
        }
    }
}
