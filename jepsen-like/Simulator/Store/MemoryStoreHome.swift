import Raft
import Simulator
import StateMachine
import StoreMachine

/// The product's own store on the disk of a simulated node: SQLite, its write-ahead file, generations and snapshots, all of
/// it subject to that disk's faults and power cuts.
///
/// Owns: opening it for one life of a process. There is nothing to do at the end of that life but to end it on the disk
/// (`MemoryDisk.powerLoss`, `processKill`): what the dead store still holds open fails from then on, and `open` starts
/// the next life. Must never: stand in for any part of the store.
public final class MemoryStoreHome: MachineHome {
    /// Where the store is on the node's disk; the log has the root to itself.
    public static let directory = "store"

    /// Small caches and an early checkpoint, so that short runs meet what long ones do.
    public static var options: StoreOptions {
        var options = StoreOptions()
        options.cacheBytes = 1 << 20
        options.readerCacheBytes = 1 << 20
        options.walCheckpointBytes = 256 << 10
        options.vectorModel = StoreWorkload.model
        return options
    }

    private let disk: MemoryDisk
    private let options: StoreOptions
    private var random: SplitMix64

    /// - Parameters:
    ///   - disk: the node's; its log may be there too.
    ///   - seed: of the randomness that SQLite asks its file system for.
    public init(disk: MemoryDisk, seed: UInt64, options: StoreOptions = MemoryStoreHome.options) {
        self.disk = disk
        self.options = options
        self.random = SplitMix64(seed: seed)
    }

    public func open(featureLevelMax: UInt16) throws -> any ReplicatedStateMachine { try openStore() }

    /// As `open`, for those who look inside.
    /// - Throws: what the product would refuse to start with.
    public func openStore() throws(StoreError) -> MemoryMachine {
        let files = try SimulatedFileSystem(disk: disk, seed: random.next())
        return MemoryMachine(store: try MemoryStore.open(directory: Self.directory, options: options, files: files))
    }

    // All that outlives the process is on the disk, which has met its fate already.
    public func end(_ end: EndOfProcess) {}
    public func wipe() {}
}
