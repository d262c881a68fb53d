/// The file `meta`, which says whose log a directory holds.
///
/// Owns: its bytes. Must never: be rewritten once it exists.

/// `meta`: magic 8 · version 4 · zero 4 · cluster 16 · node 8 · incarnation 8 · zero 12 · CRC32C 4.
enum MetaFile {
    static let name = "meta"
    static let temporaryName = "meta.tmp"
    static let encodedBytes = 64
    static let formatVersion: UInt32 = 1
    private static let magic: UInt64 = 0x4154_454D_454E_4D01  // 01 "MNEMETA"

    static func encode(_ identity: LogIdentity) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: encodedBytes)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.store(magic, at: 0)
            buffer.store(formatVersion, at: 8)
            for (offset, byte) in identity.clusterID.enumerated() { buffer[16 + offset] = byte }
            buffer.store(identity.nodeID.rawValue, at: 32)
            buffer.store(identity.incarnation, at: 40)
        }
        let checksum = bytes.checksum(seed: 0, in: 0..<(encodedBytes - 4))
        bytes.withUnsafeMutableBytes { $0.store(checksum, at: encodedBytes - 4) }
        return bytes
    }

    static func decode(_ bytes: [UInt8]) throws(LogError) -> LogIdentity {
        func corrupt(_ reason: String) -> LogError {
            .corrupt(file: name, offsetBytes: 0, index: nil, reason: reason)
        }
        guard bytes.count == encodedBytes else {
            throw corrupt("the file has \(bytes.count) bytes instead of \(encodedBytes)")
        }
        guard bytes.loadUInt64(at: 0) == magic else { throw corrupt("it does not begin like a file of this program") }
        let version = bytes.loadUInt32(at: 8)
        guard version == formatVersion else {
            throw .unsupportedVersion(file: name, version: version, supported: formatVersion)
        }
        let checksum = bytes.checksum(seed: 0, in: 0..<(encodedBytes - 4))
        guard checksum == bytes.loadUInt32(at: encodedBytes - 4) else { throw corrupt("its checksum does not match") }
        return LogIdentity(
            clusterID: Array(bytes[16..<32]), nodeID: NodeID(bytes.loadUInt64(at: 32)),
            incarnation: bytes.loadUInt64(at: 40))
    }

    static func read(disk: any Disk) throws(LogError) -> LogIdentity? {
        let bytes: [UInt8]
        do throws(DiskError) {
            guard try disk.exists(name) else { return nil }
            let file = try disk.open(name, mode: .readOnly)
            defer { file.close() }
            bytes = try file.read(atBytes: 0, count: encodedBytes + 1)
        } catch {
            throw .disk(error)
        }
        return try decode(bytes)
    }

    /// Writes the file so that after a crash it is there whole or not at all.
    static func create(_ identity: LogIdentity, disk: any Disk) throws(LogError) {
        do throws(DiskError) {
            let file = try disk.open(temporaryName, mode: .createNew)
            defer { file.close() }
            try file.write(encode(identity), atBytes: 0)
            try file.sync()
            try disk.rename(temporaryName, to: name)
            try disk.syncDirectory()
        } catch {
            throw .disk(error)
        }
    }
}
