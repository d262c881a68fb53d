/// A lane on a thread of its own: for work that blocks (fsync, SQLite) and must not hold up an event loop.
///
/// Owns: one POSIX thread and its queue. Work is taken in batches: one lock and at most one wake-up for everything that
/// piled up meanwhile. Must never: run work inline, block in `submit`, or lose work that was submitted before `stop`.
/// The queue itself has no limit; whoever submits bounds what it has under way, in bytes (see `Node`).

import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The thread could not be started.
public struct ThreadLaneError: Error, Hashable, Sendable, CustomStringConvertible {
    public var name: String
    /// What `pthread_create` returned.
    public var errorNumber: Int32
    public var description: String { "cannot start the thread \(name): error \(errorNumber) (\(reason))" }
    private var reason: String { String(cString: strerror(errorNumber)) }
}

public final class ThreadLane: Lane {
    public typealias Work = @Sendable () -> Void

    private struct Queue {
        var waiting: [Work] = []
        /// The thread found nothing and sleeps on `wake`; whoever adds work clears this and signals once.
        var isSleeping = false
        var isStopping = false
    }

    /// A batch buffer that grew beyond this many elements in a burst is given back.
    private static let keptCapacity = 4_096

    public let name: String
    private let queue = Mutex(Queue())
    private let wake = DispatchSemaphore(value: 0)
    /// The thread's identity, stored by the thread itself before it runs any work. Zero until then.
    private let identity = Atomic<UInt>(0)
    /// The thread to join, taken by the first `stop`. As a number: where a `pthread_t` is a pointer it is not Sendable.
    private let handle = Mutex<UInt?>(nil)

    /// Starts the thread. It lives, and keeps this object alive, until `stop`.
    ///
    /// - Parameter name: for messages.
    /// - Throws: `ThreadLaneError` when the system has no thread to give.
    public init(name: String) throws(ThreadLaneError) {
        self.name = name
        let box = Unmanaged.passRetained(self)
        #if canImport(Darwin)
        var thread: pthread_t?
        let status = pthread_create(&thread, nil, { ThreadLane.main($0) }, box.toOpaque())
        let created = thread
        #else
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { ThreadLane.main($0) }, box.toOpaque())
        let created: pthread_t? = thread
        #endif
        guard status == 0, let created else {
            box.release()
            throw ThreadLaneError(name: name, errorNumber: status)
        }
        let number = ThreadLane.number(of: created)
        handle.withLock { $0 = number }
    }

    public func submit(_ work: @escaping Work) {
        let mustWake = queue.withLock { queue in
            // After `stop` nothing runs any more; the work is dropped together with what it holds.
            guard !queue.isStopping else { return false }
            queue.waiting.append(work)
            guard queue.isSleeping else { return false }
            queue.isSleeping = false
            return true
        }
        if mustWake { wake.signal() }
    }

    public func assertCurrent() {
        precondition(isCurrent, "called from outside the lane \(name), which alone may touch this state")
    }

    /// Whether the caller runs on this lane.
    public var isCurrent: Bool {
        identity.load(ordering: .relaxed) == ThreadLane.number(of: pthread_self())
    }

    /// Runs everything submitted so far, then ends the thread and waits for that. Later submissions are dropped. Only
    /// the first call waits. Must not be called on the lane itself, which would wait for itself.
    public func stop() {
        precondition(!isCurrent, "the lane \(name) cannot wait for its own end")
        let mustWake = queue.withLock { queue in
            queue.isStopping = true
            guard queue.isSleeping else { return false }
            queue.isSleeping = false
            return true
        }
        if mustWake { wake.signal() }
        let number: UInt? = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let number, let thread = ThreadLane.thread(number) { pthread_join(thread, nil) }
    }

    /// The thread: run a batch, swap in the next, sleep when there is none.
    private func run() {
        identity.store(ThreadLane.number(of: pthread_self()), ordering: .relaxed)
        var batch: [Work] = []
        while true {
            let isFinished: Bool = queue.withLock { queue in
                swap(&batch, &queue.waiting)
                guard batch.isEmpty else { return false }
                queue.isSleeping = !queue.isStopping
                return queue.isStopping
            }
            if isFinished { break }
            if batch.isEmpty {
                wake.wait()
                continue
            }
            for work in batch { work() }
            batch.removeAll(keepingCapacity: batch.capacity <= ThreadLane.keptCapacity)
        }
        // The system may give the same identity to a later thread.
        identity.store(0, ordering: .relaxed)
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<ThreadLane>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
    }

    #if canImport(Darwin)
    private static func number(of thread: pthread_t) -> UInt { UInt(bitPattern: thread) }
    private static func thread(_ number: UInt) -> pthread_t? { pthread_t(bitPattern: number) }
    #else
    private static func number(of thread: pthread_t) -> UInt { UInt(thread) }
    private static func thread(_ number: UInt) -> pthread_t? { pthread_t(number) }
    #endif
}
