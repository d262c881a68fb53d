/// What can go wrong with the log, in words that name file, byte offset and index.
///
/// Owns: the error vocabulary of the log room. Must never: be shown without the place it happened at.

public enum LogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused an operation.
    case disk(DiskError)
    /// No room for the next segment. `freeBytes` is nil when the file system did not tell.
    case diskFull(file: String, neededBytes: UInt64, freeBytes: UInt64?)
    /// The directory holds no log although the node's state is not empty.
    case missing(path: String)
    /// Bytes on disk contradict each other and no interrupted write explains it. Nothing was changed.
    case corrupt(file: String, offsetBytes: UInt64, index: LogIndex?, reason: String)
    /// The directory belongs to another node, cluster or incarnation.
    case identityMismatch(path: String, file: String, expected: LogIdentity, found: LogIdentity)
    /// Written by a version of this program with another disk format.
    case unsupportedVersion(file: String, version: UInt32, supported: UInt32)
    /// A request that no correct caller makes; nothing of it was written.
    case invalidRequest(reason: String)
    /// Larger than `LogOptions.recordBytesMax` allows.
    case entryTooLarge(index: LogIndex, bytes: Int, bytesMax: Int)
    /// The asked range is not in the log: it was compacted away or never written.
    case notInLog(asked: LogIndex, first: LogIndex, last: LogIndex)
    /// An earlier error ended this log object; the process has to stop.
    case stopped(because: String)
    case invalidOptions(reason: String)

    public var description: String {
        switch self {
        case .disk(let error):
            return "\(error)"
        case .diskFull(let file, let needed, let free):
            let room = free.map { "\($0) bytes are free" } ?? "the free space is unknown"
            return "no room for log file \(file): \(needed) bytes are needed, \(room)"
        case .missing(let path):
            return
                "there is no log in \(path), but the state beside it is not empty: the log was removed, and with it the "
                + "node's votes. Put it back, or set the whole directory aside and let the node join anew under another id"
        case .corrupt(let file, let offset, let index, let reason):
            let place = index.map { ", log index \($0.rawValue)" } ?? ""
            return "log file \(file) is corrupt at byte \(offset)\(place): \(reason). Nothing was changed; "
                + "restore the directory, or rejoin as a new node with an empty one"
        case .identityMismatch(let path, let file, let expected, let found):
            return "directory \(path) belongs to \(found) (says \(file)), but this is \(expected)"
        case .unsupportedVersion(let file, let version, let supported):
            return "\(file) has disk format \(version); this program reads and writes format \(supported)"
        case .invalidRequest(let reason):
            return "the log was asked for something that breaks its rules: \(reason)"
        case .entryTooLarge(let index, let bytes, let bytesMax):
            return "entry \(index.rawValue) takes \(bytes) bytes on disk, more than recordBytesMax (\(bytesMax))"
        case .notInLog(let asked, let first, let last):
            return "index \(asked.rawValue) is not in the log, which holds \(first.rawValue) to \(last.rawValue)"
        case .stopped(let reason):
            return "the log stopped after an earlier error: \(reason)"
        case .invalidOptions(let reason):
            return "invalid log options: \(reason)"
        }
    }
}
