/// State that one thread at a time may touch.
///
/// A mutex of the C library and not `Synchronization.Mutex`: that one is a futex inside the standard library, which the
/// thread sanitizer cannot see, and would be reported at every use.
/// Owns: the state. Must never: let it out of `withLock`.
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class Guarded<State>: @unchecked Sendable {
    // Sendable: `state` is read and written between `lock` and `unlock` alone; `mutex` never changes.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var state: State

    init(_ state: consuming State) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.state = state
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Value, Failure: Error>(_ body: (inout State) throws(Failure) -> Value) throws(Failure) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }
}
