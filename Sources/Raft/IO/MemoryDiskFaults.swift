/// What can go wrong on a `MemoryDisk`, and what a power cut leaves behind.
///
/// Owns: plain values. Must never: draw from anything but its seed.

public struct DiskFault: Hashable, Sendable {
    public enum Effect: Hashable, Sendable {
        /// The operation fails with this error number and does nothing, but: a failed sync leaves the written bytes
        /// readable and marks them clean, as Linux does, so that a later sync succeeds without saving them.
        case error(Int32)
        /// The power goes in the middle of the operation: a write may leave any of its sectors, everything afterwards
        /// fails until `MemoryDisk.powerLoss(seed:)` is called.
        case powerLoss
    }
    /// nil matches every operation that changes something (not read, list, size, open of an existing file).
    public var operation: DiskError.Operation?
    /// Only files whose name begins so; nil matches all.
    public var namePrefix: String?
    /// How many matching operations pass before this one fails.
    public var after: Int
    public var effect: Effect
    /// Whether it fires once or for ever.
    public var repeats: Bool

    public init(
        _ effect: Effect, on operation: DiskError.Operation? = nil, namePrefix: String? = nil, after: Int = 0,
        repeats: Bool = false
    ) {
        self.operation = operation
        self.namePrefix = namePrefix
        self.after = after
        self.effect = effect
        self.repeats = repeats
    }

    public static let inputOutputError: Int32 = 5
    public static let noSpace: Int32 = 28
}

/// How much of what was never synced a power cut leaves.
public enum UnsyncedFate: Hashable, Sendable {
    /// Nothing: the harshest reading of the contract.
    case lost
    /// Everything: as after kill -9, where the page cache survives.
    case kept
    /// Each 512-byte sector and each change of the directory by the dice; changes of one name keep their order.
    case torn(seed: UInt64)
}
