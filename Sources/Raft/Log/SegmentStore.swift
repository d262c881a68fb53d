/// Makes segment files: zero-filled, prepared ahead of need, renamed into place only when complete.
///
/// Owns: the files prepared: a spare, and the reserve by which votes and truncations still find room on a disk that
/// somebody else has filled. Must never: let a file with a segment's name exist before its header page is durable.

import Synchronization

/// `prepareSpare` may run on another lane than the log's: the state behind it has its own lock.
final class SegmentStore: Sendable {
    struct Prepared: Sendable {
        var temporaryName: String
        var file: any DiskFile
    }

    private struct State: Sendable {
        var prepared: [Prepared] = []
        var isPreparing = false
        var nextNumber: UInt64 = 0
    }

    private let disk: any Disk
    private let segmentBytes: UInt64
    /// Files to have ready: the spare and the reserve.
    private let preparedCount: Int
    private let state = Mutex(State())

    init(disk: any Disk, options: LogOptions) {
        self.disk = disk
        self.segmentBytes = UInt64(options.segmentBytes)
        self.preparedCount = 1 + options.reserveSegments
    }

    static func isTemporaryName(_ name: String) -> Bool {
        name.hasPrefix("segment-") && name.hasSuffix(".tmp") || name == MetaFile.temporaryName
    }

    /// Removes what an interrupted run left behind. Before anything else uses the directory.
    static func removeTemporaryFiles(_ disk: any Disk) throws(LogError) {
        do throws(DiskError) {
            let names = try disk.list().filter(isTemporaryName)
            for name in names { try disk.remove(name) }
            if !names.isEmpty { try disk.syncDirectory() }
        } catch {
            throw .disk(error)
        }
    }

    /// Files that are ready: the next segments need nothing from the disk.
    var readyCount: Int { state.withLock { $0.prepared.count } }

    var needsSpare: Bool { state.withLock { $0.prepared.count < preparedCount && !$0.isPreparing } }

    /// Allocates one more file unless all are ready. Slow; meant for quiet moments, on any lane.
    func prepareSpare() throws(LogError) {
        let number: UInt64? = state.withLock { state in
            guard state.prepared.count < preparedCount, !state.isPreparing else { return nil }
            state.isPreparing = true
            state.nextNumber += 1
            return state.nextNumber
        }
        guard let number else { return }
        do throws(LogError) {
            let prepared = try allocate(number)
            state.withLock { state in
                state.prepared.append(prepared)
                state.isPreparing = false
            }
        } catch {
            state.withLock { $0.isPreparing = false }
            throw error
        }
    }

    /// A file that is ready, or a new one when none is.
    func take() throws(LogError) -> Prepared {
        let (ready, number): (Prepared?, UInt64) = state.withLock { state in
            state.nextNumber += 1
            return (state.prepared.isEmpty ? nil : state.prepared.removeFirst(), state.nextNumber)
        }
        if let ready { return ready }
        return try allocate(number)
    }

    private func allocate(_ number: UInt64) throws(LogError) -> Prepared {
        let name = "segment-\(number).tmp"
        do throws(DiskError) {
            let file = try disk.open(name, mode: .createNew)
            do throws(DiskError) {
                try file.allocate(bytes: segmentBytes)
                try file.sync()
            } catch {
                file.close()
                // The half-made file would keep the disk full; if it cannot be removed, the next start does it.
                do throws(DiskError) { try disk.remove(name) } catch {}
                throw error
            }
            return Prepared(temporaryName: name, file: file)
        } catch {
            throw diskFull(error, file: name)
        }
    }

    /// A full disk gets a message of its own, with what is needed and what there is.
    private func diskFull(_ error: DiskError, file: String) -> LogError {
        guard error.isOutOfSpace else { return .disk(error) }
        var free: UInt64?
        do throws(DiskError) { free = try disk.freeBytes() } catch { free = nil }
        return .diskFull(file: "\(disk.path)/\(file)", neededBytes: segmentBytes, freeBytes: free)
    }

    /// Puts a segment with this header into place. On return it is durable, name included.
    func create(_ header: SegmentHeader) throws(LogError) -> LogSegment {
        let prepared = try take()
        do throws(DiskError) {
            try prepared.file.write(header.encode(), atBytes: 0)
            try prepared.file.sync()
            try disk.rename(prepared.temporaryName, to: header.fileName)
            if !Mutant.skipsDirectorySync { try disk.syncDirectory() }
            // Opened anew under its final name, so that errors name the file that is there.
            prepared.file.close()
            let file = try disk.open(header.fileName, mode: .existing)
            return LogSegment(header: header, fileName: header.fileName, file: file)
        } catch {
            throw diskFull(error, file: header.fileName)
        }
    }
}

/// A segment of the running log.
struct LogSegment {
    var header: SegmentHeader
    var fileName: String
    var file: any DiskFile
}

extension DiskError {
    /// ENOSPC or EDQUOT.
    var isOutOfSpace: Bool { errorNumber == 28 || errorNumber == 122 }
}
