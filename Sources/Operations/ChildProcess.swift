/// A child process in its own process group, and the moment it ends.
///
/// Owns: spawning, signalling and reaping. Must never: signal a pid that was already reaped; it may belong to a stranger.
import Foundation
import Synchronization

/// How a child ended.
public enum ChildExit: Hashable, Sendable, CustomStringConvertible {
    case code(Int32)
    case signal(Int32)

    public var description: String {
        switch self {
        case .code(let code): "exit code \(code)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}

public final class ChildProcess: Sendable {
    private struct State {
        var exit: ChildExit?
        var nextWaiter = 0
        var waiters: [(id: Int, continuation: CheckedContinuation<ChildExit?, Never>)] = []
    }

    public let processID: pid_t
    private let state = Mutex(State())

    /// Starts `executable` with stdin closed and both outputs appended to a file.
    ///
    /// The child gets its own process group, so that a Ctrl-C at the terminal reaches only its parent, and default
    /// signal handling, because ignored signals would be inherited.
    /// - Parameter environment: variables on top of this process's own.
    /// - Throws: `OperationsError` naming the executable or the file.
    public init(
        executable: String, arguments: [String], outputPath: String, environment: [String: String] = [:]
    ) throws(OperationsError) {
        let request = SpawnRequest(executable: executable, arguments: arguments, environment: environment)
        processID = try request.start { actions in
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // The thread keeps this object alive until the child is reaped: no zombie, no lost exit.
        Thread.detachNewThread { self.reap() }
    }

    /// Set once the child has ended and was reaped.
    public var exit: ChildExit? { state.withLock { $0.exit } }

    /// Signals the child unless it was reaped.
    /// - Returns: whether there was a child to signal.
    @discardableResult
    public func send(_ signal: Int32) -> Bool {
        state.withLock { state in
            // Reaping happens under the same lock, so the pid is still this child's.
            guard state.exit == nil else { return false }
            return kill(processID, signal) == 0
        }
    }

    /// Waits until the child ended.
    /// - Returns: nil when it has not within `limit`.
    public func exited(within limit: Duration) async -> ChildExit? {
        await withCheckedContinuation { continuation in
            let waiter: Int? = state.withLock { state in
                if state.exit != nil { return nil }
                state.nextWaiter += 1
                state.waiters.append((state.nextWaiter, continuation))
                return state.nextWaiter
            }
            guard let waiter else {
                continuation.resume(returning: exit)
                return
            }
            let (seconds, attoseconds) = limit.components
            let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
            DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
                self.giveUp(waiter)
            }
        }
    }

    private func giveUp(_ waiter: Int) {
        let continuation = state.withLock { state -> CheckedContinuation<ChildExit?, Never>? in
            guard let place = state.waiters.firstIndex(where: { $0.id == waiter }) else { return nil }
            return state.waiters.remove(at: place).continuation
        }
        continuation?.resume(returning: nil)
    }

    /// Blocks this thread until the child ended, then takes its status.
    private func reap() {
        var info = siginfo_t()
        // WNOWAIT leaves the zombie, so that the pid cannot be reused before the lock is held.
        while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        let (exit, waiters) = state.withLock { state -> (ChildExit, [CheckedContinuation<ChildExit?, Never>]) in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
            let exit: ChildExit = status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
            state.exit = exit
            defer { state.waiters = [] }
            return (exit, state.waiters.map(\.continuation))
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
