/// Wakes one thread when there is work, and tells it when to end.
///
/// Owns: the count of calls, so that one that comes before the wait is not lost. Must never: wait with a lock of somebody
/// else held.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class ThreadSignal: @unchecked Sendable {
    // Sendable: `state` is read and written between lock and unlock alone; the pointers never change.
    private struct State {
        var count: UInt64 = 0
        var hasEnded = false
    }
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state = State()

    init() {
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Calls of `notify` so far.
    var count: UInt64 { locked { $0.count } }
    var hasEnded: Bool { locked { $0.hasEnded } }

    func notify() { change { $0.count &+= 1 } }
    func end() { change { $0.hasEnded = true } }

    /// Until there were more calls than `seen`, or the end.
    func wait(beyond seen: UInt64) {
        pthread_mutex_lock(mutex)
        while state.count == seen && !state.hasEnded { pthread_cond_wait(changed, mutex) }
        pthread_mutex_unlock(mutex)
    }

    private func locked<Value>(_ body: (State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(state)
    }

    private func change(_ body: (inout State) -> Void) {
        pthread_mutex_lock(mutex)
        body(&state)
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
