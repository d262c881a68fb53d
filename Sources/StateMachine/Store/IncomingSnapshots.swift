/// Snapshots that arrive piece by piece: what is stored of one outlives the transfer and the process, so that the next
/// transfer of the same bytes goes on behind it.
///
/// Beside the file `incoming-N` stands `incoming-N.state`: which snapshot it is, and up to where it is durable. Owns:
/// both, at most one pair at a time. Must never: call a byte stored that a power cut could take.

/// A snapshot by its content.
public struct SnapshotContent: Hashable, Sendable {
    public var index: UInt64
    public var term: UInt64
    public var sizeBytes: UInt64
    /// SHA-256 of the file.
    public var sha256: [UInt8]
    public init(index: UInt64, term: UInt64, sizeBytes: UInt64, sha256: [UInt8]) {
        self.index = index
        self.term = term
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
    }
}

/// What is known of an incoming snapshot.
struct IncomingState: Hashable, Sendable {
    var identifier: UInt64
    var content: SnapshotContent
    /// Durable from the start of the file.
    var syncedBytes: UInt64

    private static let digits = Array("0123456789abcdef".utf8)

    var text: String {
        let digest = content.sha256.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }
        return "\(content.index) \(content.term) \(content.sizeBytes) "
            + "\(String(decoding: digest, as: UTF8.self)) \(syncedBytes)"
    }

    init(identifier: UInt64, content: SnapshotContent, syncedBytes: UInt64) {
        self.identifier = identifier
        self.content = content
        self.syncedBytes = syncedBytes
    }

    /// nil for anything that `text` does not give.
    init?(identifier: UInt64, text: String) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 5, let index = UInt64(fields[0]), let term = UInt64(fields[1]),
            let size = UInt64(fields[2]), let synced = UInt64(fields[4]), synced <= size
        else { return nil }
        var digest: [UInt8] = []
        var high: UInt8?
        for character in fields[3].utf8 {
            guard let digit = Self.digits.firstIndex(of: character) else { return nil }
            if let first = high { digest.append(first << 4 | UInt8(digit)) }
            high = high == nil ? UInt8(digit) : nil
        }
        guard high == nil else { return nil }
        self.init(
            identifier: identifier,
            content: SnapshotContent(index: index, term: term, sizeBytes: size, sha256: digest), syncedBytes: synced)
    }
}

extension StoreDirectory {
    func incomingStatePath(_ identifier: UInt64) -> String { incomingPath(identifier) + incomingStateSuffix }

    /// What is stored of incoming snapshots and can be gone on with.
    private func usableIncoming() throws(StoreError) -> [IncomingState] {
        var found: [IncomingState] = []
        for name in try files.names(in: path) {
            guard let identifier = incomingIdentifier(ofStateFile: name) else { continue }
            guard let state = try readIncoming(identifier), state.syncedBytes > 0,
                try files.exists(incomingPath(identifier)),
                try files.size(incomingPath(identifier)) >= state.syncedBytes
            else { continue }
            found.append(state)
        }
        return found
    }

    private func readIncoming(_ identifier: UInt64) throws(StoreError) -> IncomingState? {
        let path = incomingStatePath(identifier)
        do {
            let text = try CheckedLine.decode(try files.read(path, bytesMax: 512), path: path, what: "a snapshot")
            return IncomingState(identifier: identifier, text: text)
        } catch {
            // Damaged or unreadable: it costs sending the snapshot again, nothing else.
            return nil
        }
    }

    func writeIncoming(_ state: IncomingState) throws(StoreError) {
        try files.replace(
            incomingStatePath(state.identifier), with: CheckedLine.encode(state.text), directory: path)
    }

    /// Finds what is stored of `content`, calls it `identifier`, and removes everything else that came in.
    func beginIncoming(_ identifier: UInt64, content: SnapshotContent) throws(StoreError) -> IncomingState {
        let found = try usableIncoming().first { $0.content == content }
        try removeIncoming(keeping: found?.identifier)
        guard var state = found else {
            return IncomingState(identifier: identifier, content: content, syncedBytes: 0)
        }
        guard state.identifier != identifier else { return state }
        // The data first: cut short here, the two no longer belong together, and both go at the next look.
        let old = state.identifier
        try files.move(incomingPath(old), to: incomingPath(identifier))
        state.identifier = identifier
        try writeIncoming(state)
        try files.remove(incomingStatePath(old))
        return state
    }

    /// At a start: keeps the newest snapshot that is still ahead of what is applied.
    func removeStaleIncoming(appliedIndex: UInt64) throws(StoreError) {
        let newest = try usableIncoming().filter { $0.content.index > appliedIndex }
            .max { $0.content.index < $1.content.index }
        try removeIncoming(keeping: newest?.identifier)
    }

    private func removeIncoming(keeping identifier: UInt64?) throws(StoreError) {
        let kept = identifier.map { [incomingName($0), incomingName($0) + incomingStateSuffix] } ?? []
        for name in try files.names(in: path) where isIncomingName(name) && !kept.contains(name) {
            try files.remove(path + "/" + name)
        }
    }
}

extension MemoryStore {
    /// Begins or goes on with an incoming snapshot. Background lane.
    /// - Returns: how many bytes from the start are stored and durable.
    public func beginIncoming(identifier: UInt64, content: SnapshotContent) throws(StoreError) -> UInt64 {
        let state = try directory.beginIncoming(identifier, content: content)
        incoming.withLock { $0 = state }
        return state.syncedBytes
    }

    /// Stores a piece of an incoming snapshot; offset 0 starts the file anew. Synced after every `incomingSyncBytes` and
    /// at the end.
    public func writeIncoming(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StoreError) {
        var state = incoming.withLock { $0 }
        if offset == 0, let begun = state, begun.syncedBytes > 0 {
            // What the state file says must not outlive the bytes it is about.
            try files.remove(directory.incomingStatePath(begun.identifier))
            try files.syncDirectory(directory.path)
            state?.syncedBytes = 0
        }
        let path = incomingSnapshotPath(identifier: identifier)
        try files.writePiece(path, atBytes: offset, bytes)
        guard var current = state, current.identifier == identifier else { return }
        let end = offset + UInt64(bytes.count)
        if end >= current.syncedBytes + options.incomingSyncBytes || end == current.content.sizeBytes {
            try files.syncFile(path)
            current.syncedBytes = end
            try directory.writeIncoming(current)
        }
        let written = current
        incoming.withLock { $0 = written }
    }
}
