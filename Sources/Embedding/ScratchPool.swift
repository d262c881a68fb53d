import Synchronization

/// Scratch memory, lent to one embedding call at a time.
///
/// Owns: what is idle. Must never: block a caller (it makes another scratch instead), or keep more than `idleMax` of them
/// (2.5 MB each) after a burst.
final class ScratchPool: Sendable {
    private let idleMax: Int
    private let idle = Mutex<[MiniLMScratch]>([])

    init(idleMax: Int) { self.idleMax = idleMax }

    var idleCount: Int { idle.withLock { $0.count } }

    func with<Result>(_ body: (MiniLMScratch) -> Result) -> Result {
        let scratch = idle.withLock { $0.popLast() } ?? MiniLMScratch()
        // The one used last is the one whose memory is still in the caches.
        defer { idle.withLock { if $0.count < idleMax { $0.append(scratch) } } }
        return body(scratch)
    }
}
