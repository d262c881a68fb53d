/// Counts the runs of a node durably: every start gets a number greater than all before it.
///
/// Proposal ids are built on it, so that neither an old log entry nor a late message of an earlier run is taken for one
/// of this run. Owns: the file `runs`. Must never: hand out a number before it is on the disk.
public enum RunCounter {
    static let name = "runs"
    private static let temporaryName = "runs.new"
    private static let fileBytes = 8
    /// Nonces have 24 bits for it: a start every ten seconds for five years.
    static let numberMax: UInt32 = 0xff_ffff

    /// Directories begin at different numbers, so that one which took the place of another under the same id does not
    /// repeat the other's: it may be sent the log with the proposals of both.
    private static let firstMax: UInt64 = 1 << 22

    /// The next number. Throws when the file is damaged, or missing beside a log that was in use: guessing could
    /// repeat a number.
    /// - Parameter incarnation: of the directory; decides its first number, which is 1 for zero.
    public static func next(disk: any Disk, incarnation: UInt64 = 0) throws(DiskError) -> UInt32 {
        var last = UInt32(truncatingIfNeeded: incarnation % firstMax)
        if try !disk.exists(name) {
            try requireUnusedLog(disk)
        } else {
            let file = try disk.open(name, mode: .readOnly)
            defer { file.close() }
            let bytes = try file.read(atBytes: 0, count: fileBytes)
            guard bytes.count == fileBytes, let value = decode(bytes) else {
                throw DiskError(.read, path: "\(disk.path)/\(name)", errorNumber: 0, message: "its checksum is wrong")
            }
            last = value
        }
        guard last < numberMax else {
            throw DiskError(.read, path: "\(disk.path)/\(name)", errorNumber: 0, message: "no number is left")
        }
        if try disk.exists(temporaryName) { try disk.remove(temporaryName) }
        let file = try disk.open(temporaryName, mode: .createNew)
        defer { file.close() }
        try file.write(encode(last + 1), atBytes: 0)
        try file.sync()
        try disk.rename(temporaryName, to: name)
        try disk.syncDirectory()
        return last + 1
    }

    /// A directory gets its first number before its log gets its first record.
    private static func requireUnusedLog(_ disk: any Disk) throws(DiskError) {
        guard try !isUnused(disk) else { return }
        throw DiskError(
            .read, path: "\(disk.path)/\(name)", errorNumber: 0,
            message: "it is missing although the log beside it was in use; without it a command of an earlier run "
                + "could be taken for a new one. Put the file back, or set the directory aside and let the node join anew "
                + "under another id")
    }

    /// Whether nothing was ever written to the log in this directory, beyond founding it.
    static func isUnused(_ disk: any Disk) throws(DiskError) -> Bool {
        for segment in try disk.list() where SegmentHeader.isSegmentName(segment) {
            let file = try disk.open(segment, mode: .readOnly)
            defer { file.close() }
            let bytes = try file.read(atBytes: 0, count: SegmentHeader.pageBytes + RecordHeader.encodedBytes)
            do throws(LogError) {
                let header = try SegmentHeader.decode(Array(bytes.prefix(SegmentHeader.pageBytes)), file: segment)
                let isBlank = bytes.isZero(in: SegmentHeader.pageBytes..<bytes.count)
                guard header.sequence == 1, !header.isReset, isBlank else { return false }
            } catch {
                // A segment that cannot be read is no proof that nothing was written.
                return false
            }
        }
        return true
    }

    private static func number(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    private static func encode(_ value: UInt32) -> [UInt8] {
        number(value) + number(Checksum.crc32c(number(value)))
    }
    private static func decode(_ bytes: [UInt8]) -> UInt32? {
        let value = bytes[0..<4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return encode(value) == bytes ? value : nil
    }
}
