/// What happens to a disk without anybody asking it: an emptied directory, a bit that turned.
///
/// Owns: damage beyond the faults of single operations. Must never: leave a trace that an operator would not find either.

extension MemoryDisk {
    /// Empties the directory, durably, as after a replaced disk. Open files are dead.
    public func wipe() {
        clearFaults()
        powerLoss(.lost)
        do throws(DiskError) {
            try perform(.remove, name: "") { state in
                state.names = [:]
                state.durableNames = [:]
                state.pendingChanges = []
                state.inodes = [:]
            }
        } catch {
            preconditionFailure("a disk without faults refuses to be emptied: \(error)")
        }
    }
}
