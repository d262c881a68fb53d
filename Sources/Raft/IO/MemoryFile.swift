/// One file of a `MemoryDisk`: what programs see, and what the platter holds.
///
/// Owns: the two images and the set of sectors in which they may differ. Must never: make a byte durable without a sync
/// (or a power cut's dice).

struct MemoryInode: Sendable {
    static let sectorBytes = 512

    /// What reads return.
    var content: [UInt8] = []
    /// What is there after a power cut that loses everything unsynced.
    var durable: [UInt8] = []
    /// Sectors written since the last sync.
    var dirtySectors: Set<Int> = []
    var isDirectory = false

    /// Bytes this file takes, for the disk's budget.
    var sizeBytes: Int { content.count }

    mutating func write(_ bytes: [UInt8], at offset: Int) {
        let end = offset + bytes.count
        if end > content.count { content += [UInt8](repeating: 0, count: end - content.count) }
        guard !bytes.isEmpty else { return }
        Self.copy(bytes, from: 0, into: &content, at: offset, count: bytes.count)
        for sector in (offset / Self.sectorBytes)...((end - 1) / Self.sectorBytes) { dirtySectors.insert(sector) }
    }

    mutating func resize(to count: Int) {
        if count > content.count {
            content += [UInt8](repeating: 0, count: count - content.count)
        } else {
            content.removeLast(content.count - count)
            dirtySectors = dirtySectors.filter { $0 * Self.sectorBytes < count }
        }
    }

    mutating func sync() {
        resizeDurable(to: content.count)
        for sector in dirtySectors { copySector(sector) }
        dirtySectors = []
    }

    /// A failed sync: the pages stay readable and count as clean, the platter knows nothing (fsyncgate).
    mutating func failSync() {
        dirtySectors = []
    }

    mutating func losePower(_ fate: UnsyncedFate, dice: inout SplitMix64) {
        switch fate {
        case .lost:
            break
        case .kept:
            sync()
            durable = content
        case .torn:
            if Bool.random(using: &dice) { resizeDurable(to: content.count) }
            for sector in dirtySectors.sorted() where Bool.random(using: &dice) {
                if sector * Self.sectorBytes < durable.count { copySector(sector) }
            }
        }
        content = durable
        dirtySectors = []
    }

    private mutating func resizeDurable(to count: Int) {
        if count > durable.count {
            durable += [UInt8](repeating: 0, count: count - durable.count)
        } else {
            durable.removeLast(durable.count - count)
        }
    }

    private mutating func copySector(_ sector: Int) {
        let start = sector * Self.sectorBytes
        let end = min(start + Self.sectorBytes, content.count, durable.count)
        guard start < end else { return }
        Self.copy(content, from: start, into: &durable, at: start, count: end - start)
    }

    /// Simulated runs spend much of their time here: this is one move of memory in debug builds too.
    private static func copy(
        _ source: [UInt8], from start: Int, into target: inout [UInt8], at offset: Int, count: Int
    ) {
        precondition(start + count <= source.count && offset + count <= target.count, "a copy beyond the file")
        source.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
                guard count > 0, let from = source.baseAddress, let to = target.baseAddress else { return }
                (to + offset).copyMemory(from: from + start, byteCount: count)
            }
        }
    }
}

/// A handle. Dead after the power cut that follows its opening.
final class MemoryFile: DiskFile {
    let name: String
    private let disk: MemoryDisk
    private let inode: Int
    private let boot: Int
    private let isReadOnly: Bool

    init(name: String, disk: MemoryDisk, inode: Int, boot: Int, isReadOnly: Bool) {
        self.name = name
        self.disk = disk
        self.inode = inode
        self.boot = boot
        self.isReadOnly = isReadOnly
    }

    func read(atBytes offset: UInt64, count: Int) throws(DiskError) -> [UInt8] {
        try disk.perform(.read, name: name, boot: boot) { state in
            let content = state.inodes[inode]?.content ?? []
            let start = min(Int(offset), content.count)
            return Array(content[start..<min(start + max(0, count), content.count)])
        }
    }

    func write(_ bytes: [UInt8], atBytes offset: UInt64) throws(DiskError) {
        try requireWritable(.write)
        let growth = try growth(to: Int(offset) + bytes.count)
        try disk.requireSpace(growth, .write, name: name)
        try disk.perform(.write, name: name, boot: boot) { state in
            state.inodes[inode]?.write(bytes, at: Int(offset))
        }
    }

    func sync() throws(DiskError) {
        // When the power goes during a sync, the dice decide over every sector that was still dirty.
        try disk.perform(
            .sync, name: name, boot: boot, onError: { state in state.inodes[inode]?.failSync() },
            onPowerLoss: { _ in }
        ) { state in
            state.inodes[inode]?.sync()
            state.synced()
        }
    }

    func allocate(bytes: UInt64) throws(DiskError) {
        try requireWritable(.allocate)
        try disk.requireSpace(try growth(to: Int(bytes)), .allocate, name: name)
        try disk.perform(.allocate, name: name, boot: boot) { state in
            guard let size = state.inodes[inode]?.content.count, size < Int(bytes) else { return }
            state.inodes[inode]?.resize(to: Int(bytes))
        }
    }

    func truncate(toBytes bytes: UInt64) throws(DiskError) {
        try requireWritable(.truncate)
        try disk.perform(.truncate, name: name, boot: boot) { state in state.inodes[inode]?.resize(to: Int(bytes)) }
    }

    func sizeBytes() throws(DiskError) -> UInt64 {
        try disk.perform(.size, name: name, boot: boot) { state in UInt64(state.inodes[inode]?.content.count ?? 0) }
    }

    func close() {}

    private func growth(to bytes: Int) throws(DiskError) -> Int { max(0, bytes - Int(try sizeBytes())) }

    private func requireWritable(_ operation: DiskError.Operation) throws(DiskError) {
        guard isReadOnly else { return }
        throw DiskError(operation, path: "\(disk.path)/\(name)", errorNumber: 9, message: "opened for reading only")
    }
}
