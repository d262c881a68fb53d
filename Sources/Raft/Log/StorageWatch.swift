/// Decides from the free space whether a node still takes new entries.
///
/// A log that meets the end of the disk in the middle of an append has to end the process. Long before that the node
/// refuses what is new; what it accepted, its votes and its truncations go on into the segments that are ready.
///
/// Owns: the two marks, and the state between them. Must never: call the space enough while it is only just more than too
/// little, or ask the disk itself.
struct StorageWatch: Hashable, Sendable {
    let lowMarkBytes: UInt64
    let roomMarkBytes: UInt64
    private(set) var isLow = false

    init(options: LogOptions) {
        self.lowMarkBytes = options.lowMarkBytes
        self.roomMarkBytes = max(options.lowMarkBytes, options.roomMarkBytes)
    }

    /// - Parameters:
    ///   - freeBytes: what the file system says; nil when it did not tell. Then what the disk took or refused decides.
    ///   - sparesReady: whether all segment files that should be ready are.
    ///   - spareRefused: whether the disk has just refused one.
    /// - Returns: the new state, when it changed.
    mutating func observe(freeBytes: UInt64?, sparesReady: Bool, spareRefused: Bool) -> Bool? {
        let free = freeBytes ?? UInt64.max
        let next = isLow ? !(free >= roomMarkBytes && sparesReady) || spareRefused : free < lowMarkBytes || spareRefused
        guard next != isLow else { return nil }
        isLow = next
        return next
    }

    /// While the space is low nothing takes more of it: not before the mark is passed at which entries come again.
    func mayPrepareSpare(freeBytes: UInt64?) -> Bool {
        guard isLow else { return true }
        // Where nobody tells, trying is the only way to find out; a refused spare costs nothing.
        return (freeBytes ?? UInt64.max) >= roomMarkBytes
    }
}
