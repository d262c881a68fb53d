/// What happens to a disk without anybody asking it: an emptied directory, a bit that turned.
///
/// Owns: damage beyond the faults of single operations. Must never: leave a trace that an operator would not find either.

extension MemoryDisk {
    /// What a disk writes whole.
    private static let sectorBytes = 512

    /// Flips one bit, durably. False when the file has no such byte.
    @discardableResult
    public func flipBit(in name: String, atByte offset: Int, bit: Int = 0) -> Bool {
        guard var bytes = content(of: name), bytes.indices.contains(offset) else { return false }
        bytes[offset] ^= UInt8(1 << (bit & 7))
        setContent(of: name, to: bytes)
        return true
    }

    /// Zeros a range, durably.
    public func zero(in name: String, bytes range: Range<Int>) {
        guard var bytes = content(of: name) else { return }
        for offset in range where offset < bytes.count { bytes[offset] = 0 }
        setContent(of: name, to: bytes)
    }

    /// The sector around `offset` reads as zeros from now on. False when nothing changed.
    public func loseSector(in name: String, atByte offset: Int) -> Bool {
        replaceSector(in: name, atByte: offset) { bytes in
            for place in bytes.indices { bytes[place] = 0 }
        }
    }

    /// The sector around `toByte` gets what stands around `fromByte`: a write that landed in the wrong place. False when
    /// nothing changed.
    public func misdirectSector(in name: String, fromByte: Int, toByte: Int) -> Bool {
        guard let whole = content(of: name), whole.indices.contains(fromByte) else { return false }
        let begin = fromByte / Self.sectorBytes * Self.sectorBytes
        let source = whole[begin..<min(whole.count, begin + Self.sectorBytes)]
        return replaceSector(in: name, atByte: toByte) { bytes in
            for (place, byte) in zip(bytes.indices, source) { bytes[place] = byte }
        }
    }

    private func replaceSector(in name: String, atByte offset: Int, _ change: (inout ArraySlice<UInt8>) -> Void) -> Bool
    {
        guard var bytes = content(of: name), bytes.indices.contains(offset) else { return false }
        let begin = offset / Self.sectorBytes * Self.sectorBytes
        let range = begin..<min(bytes.count, begin + Self.sectorBytes)
        let before = bytes[range]
        change(&bytes[range])
        guard bytes[range] != before else { return false }
        setContent(of: name, to: bytes)
        return true
    }

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
