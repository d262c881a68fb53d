/// A directory in memory that forgets what was never synced: the twin of `PosixDisk` for tests and the simulator.
///
/// Owns: files with a visible and a durable image, the directory's own unsynced changes, faults on order. Must never:
/// depend on anything but the calls made and the seeds given.

import Synchronization

public final class MemoryDisk: Disk {
    struct State: Sendable {
        /// By number; a number is never reused.
        var inodes: [Int: MemoryInode] = [:]
        /// Name → inode as programs see it.
        var names: [String: Int] = [:]
        /// Name → inode on the platter.
        var durableNames: [String: Int] = [:]
        /// Changes since the last directory sync, in order.
        var pendingChanges: [NameChange] = []
        var nextInode = 1
        var boot = 1
        var isPowerLost = false
        var faults: [DiskFault] = []
        /// Changing operations since the disk was made.
        var operationCount = 0
        var syncCount = 0
        var capacityBytes: Int?

        mutating func synced() { syncCount += 1 }

        mutating func change(_ change: NameChange) {
            change.apply(to: &names)
            pendingChanges.append(change)
        }
    }

    enum NameChange: Hashable, Sendable {
        case link(String, Int)
        case unlink(String)
        /// Within one directory: one step, also on the platter.
        case rename(String, String)
        /// The second half of a rename from one directory to another: the new name has come before.
        case unlinkMoved(String, to: String)

        var touchedNames: [String] {
            switch self {
            case .link(let name, _), .unlink(let name): [name]
            case .rename(let from, let to), .unlinkMoved(let from, let to): [from, to]
            }
        }

        /// The directory whose sync makes it durable.
        var directory: Substring {
            switch self {
            case .link(let name, _), .unlink(let name), .rename(let name, _), .unlinkMoved(let name, _):
                MemoryDisk.directory(of: name)
            }
        }

        func apply(to names: inout [String: Int]) {
            switch self {
            case .link(let name, let inode): names[name] = inode
            case .unlink(let name), .unlinkMoved(let name, _): names[name] = nil
            case .rename(let from, let to):
                names[to] = names[from]
                names[from] = nil
            }
        }
    }

    public let path: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - path: for messages only.
    ///   - capacityBytes: a write or allocation beyond it fails with ENOSPC; nil for no limit.
    public init(path: String = "memory", capacityBytes: Int? = nil) {
        self.path = path
        var state = State()
        state.capacityBytes = capacityBytes
        self.state = Mutex(state)
    }

    // MARK: Disk

    public func list() throws(DiskError) -> [String] {
        try names(in: "")
    }

    public func open(_ name: String, mode: DiskOpenMode) throws(DiskError) -> any DiskFile {
        let found = try perform(.size, name: name) { state in state.names[name].map { ($0, state.boot) } }
        switch mode {
        case .existing, .readOnly:
            guard let (inode, boot) = found else { throw missing(.open, name) }
            return MemoryFile(name: name, disk: self, inode: inode, boot: boot, isReadOnly: mode == .readOnly)
        case .createNew, .createIfMissing:
            if let (inode, boot) = found {
                guard mode == .createIfMissing else {
                    throw DiskError(.open, path: file(name), errorNumber: 17, message: "the file exists")
                }
                return MemoryFile(name: name, disk: self, inode: inode, boot: boot, isReadOnly: false)
            }
        }
        let (inode, boot) = try perform(.open, name: name) { state in
            let inode = state.nextInode
            state.nextInode += 1
            state.inodes[inode] = MemoryInode()
            state.change(.link(name, inode))
            return (inode, state.boot)
        }
        return MemoryFile(name: name, disk: self, inode: inode, boot: boot, isReadOnly: false)
    }

    public func exists(_ name: String) throws(DiskError) -> Bool {
        try perform(.size, name: name) { state in state.names[name] != nil }
    }

    public func rename(_ from: String, to: String) throws(DiskError) {
        guard try exists(from) else { throw missing(.rename, from) }
        try perform(.rename, name: from) { state in
            if Self.directory(of: from) == Self.directory(of: to) {
                state.change(.rename(from, to))
            } else if let inode = state.names[from] {
                state.change(.link(to, inode))
                state.change(.unlinkMoved(from, to: to))
            }
        }
    }

    public func remove(_ name: String) throws(DiskError) {
        guard try exists(name) else { throw missing(.remove, name) }
        try perform(.remove, name: name) { state in state.change(.unlink(name)) }
    }

    public func syncDirectory() throws(DiskError) {
        try syncDirectory("")
    }

    public func freeBytes() throws(DiskError) -> UInt64 {
        try perform(.size, name: "") { state in
            guard let capacity = state.capacityBytes else { return UInt64(Int64.max) }
            return UInt64(max(0, capacity - Self.usedBytes(state)))
        }
    }

    // MARK: Faults

    /// Adds a fault; several may wait at the same time.
    public func inject(_ fault: DiskFault) { state.withLock { $0.faults.append(fault) } }
    /// Faults that still wait.
    public var faultCount: Int { state.withLock { $0.faults.count } }
    public func clearFaults() { state.withLock { $0.faults = [] } }
    public func setCapacity(bytes: Int?) { state.withLock { $0.capacityBytes = bytes } }

    /// Operations so far that changed something: the clock by which tests place a fault at every single step.
    public var operationCount: Int { state.withLock { $0.operationCount } }
    public var syncCount: Int { state.withLock { $0.syncCount } }
    public var isPowerLost: Bool { state.withLock { $0.isPowerLost } }
    var currentBoot: Int { state.withLock { $0.boot } }

    /// Cuts the power and switches it on again: unsynced content meets its fate, open files are dead, faults are gone.
    public func powerLoss(_ fate: UnsyncedFate) {
        state.withLock { state in
            var dice = SplitMix64(seed: 0)
            if case .torn(let seed) = fate { dice = SplitMix64(seed: seed) }
            // 1. The directory. Changes of different names may overtake each other, those of one name may not.
            var lostNames = Set<String>()
            for change in state.pendingChanges {
                let isKept =
                    switch fate {
                    case .lost: false
                    case .kept: true
                    case .torn: Bool.random(using: &dice) && lostNames.isDisjoint(with: change.touchedNames)
                    }
                if isKept { change.apply(to: &state.durableNames) } else { lostNames.formUnion(change.touchedNames) }
            }
            state.pendingChanges = []
            state.loseUnreachableNames()
            state.names = state.durableNames
            // 2. The files, in the order of their numbers so that a seed means the same every time.
            let linked = Set(state.names.values)
            for inode in state.inodes.keys.sorted() {
                if linked.contains(inode) {
                    state.inodes[inode]?.losePower(fate, dice: &dice)
                } else {
                    state.inodes[inode] = nil
                }
            }
            state.boot += 1
            state.isPowerLost = false
            state.faults = []
        }
    }

    /// Ends the process but not the machine: open files are dead, everything written stays readable, nothing more is
    /// durable than before. Faults on order stay.
    public func processKill() {
        state.withLock { $0.boot += 1 }
    }

    // MARK: For tests that look at bytes

    /// The visible content of a file; nil when there is none.
    public func content(of name: String) -> [UInt8]? {
        state.withLock { state in state.names[name].flatMap { state.inodes[$0]?.content } }
    }

    /// Replaces a file's content, durably, as damage or an intruder would.
    public func setContent(of name: String, to bytes: [UInt8]) {
        state.withLock { state in
            var inode = MemoryInode()
            inode.content = bytes
            inode.durable = bytes
            let number = state.names[name] ?? state.nextInode
            if number == state.nextInode { state.nextInode += 1 }
            state.inodes[number] = inode
            state.names[name] = number
            state.durableNames[name] = number
        }
    }

    // MARK: Operations

    /// Runs one operation under the faults on order. A power cut lets the operation happen (unsynced) and then throws.
    func perform<Result: Sendable>(
        _ operation: DiskError.Operation, name: String, boot: Int? = nil,
        onError: (inout State) -> Void = { _ in }, onPowerLoss: ((inout State) -> Void)? = nil,
        _ body: (inout State) -> Result
    ) throws(DiskError) -> Result {
        let outcome: Swift.Result<Result, DiskError> = state.withLock { state in
            func failure(_ number: Int32, _ message: String) -> Swift.Result<Result, DiskError> {
                .failure(DiskError(operation, path: file(name), errorNumber: number, message: message))
            }
            if state.isPowerLost { return failure(DiskFault.inputOutputError, "the power is off") }
            if let boot, boot != state.boot {
                return failure(DiskFault.inputOutputError, "the file was opened before the last power loss")
            }
            guard Self.isChange(operation) || state.faults.contains(where: { $0.operation == operation }) else {
                return .success(body(&state))
            }
            if Self.isChange(operation) { state.operationCount += 1 }
            switch Self.nextEffect(&state, operation, name) {
            case nil:
                return .success(body(&state))
            case .error(let number):
                onError(&state)
                return failure(number, number == DiskFault.noSpace ? "no space left" : "injected error")
            case .powerLoss:
                if let onPowerLoss { onPowerLoss(&state) } else { _ = body(&state) }
                state.isPowerLost = true
                return failure(DiskFault.inputOutputError, "the power went off")
            }
        }
        return try outcome.get()
    }

    private static func isChange(_ operation: DiskError.Operation) -> Bool {
        switch operation {
        case .write, .sync, .allocate, .truncate, .rename, .remove, .open, .createDirectory: true
        case .read, .list, .size, .lock: false
        }
    }

    private static func nextEffect(
        _ state: inout State, _ operation: DiskError.Operation, _ name: String
    ) -> DiskFault.Effect? {
        for index in state.faults.indices {
            let fault = state.faults[index]
            guard fault.operation == nil ? isChange(operation) : fault.operation == operation else { continue }
            if let prefix = fault.namePrefix, !name.hasPrefix(prefix) { continue }
            if fault.after > 0 {
                state.faults[index].after -= 1
                continue
            }
            if !fault.repeats { state.faults.remove(at: index) }
            return fault.effect
        }
        return nil
    }

    func requireSpace(_ bytes: Int, _ operation: DiskError.Operation, name: String) throws(DiskError) {
        guard bytes > 0 else { return }
        let fits = state.withLock { state in state.capacityBytes.map { Self.usedBytes(state) + bytes <= $0 } ?? true }
        if !fits {
            throw DiskError(operation, path: file(name), errorNumber: DiskFault.noSpace, message: "no space left")
        }
    }

    private static func usedBytes(_ state: State) -> Int {
        state.names.values.reduce(0) { $0 + (state.inodes[$1]?.sizeBytes ?? 0) }
    }

    private func file(_ name: String) -> String { name.isEmpty ? path : "\(path)/\(name)" }

    func missing(_ operation: DiskError.Operation, _ name: String) -> DiskError {
        DiskError(operation, path: file(name), errorNumber: 2, message: "no such file")
    }
}
