/// A number that says whether two graphs are the same.
///
/// Owns: the hash. Must never: depend on anything but links and codes.
import Synchronization

extension VectorIndex {
    /// FNV-1a over layer 0: each linked slot's links in order, and its code. Equal on every machine for the same
    /// vectors under the same keys in the same order.
    public var baseLayerHash: UInt64 {
        linker.withLock { _ in
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01B3 }
            for slot in 0..<linkedCount.load(ordering: .acquiring) {
                for link in storage.list(slot, layer: 0) { mix(UInt64(link)) }
                for position in 0..<parameters.dimension { mix(UInt64(storage.code(slot)[position])) }
            }
            return hash
        }
    }
}
