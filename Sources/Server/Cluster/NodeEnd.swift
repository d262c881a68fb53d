import Dispatch
import Foundation
import Logging
import Synchronization

/// Why a node stopped in order.
public enum NodeEnd: Hashable, Sendable {
    /// It was told to.
    case stopped
    /// The cluster removed it while it ran: it has nothing more to do.
    case removed
    /// The cluster does not take this node, and starting it again would not change that; says what would.
    case refused(String)

    static let removedText =
        "this node was removed from the cluster. Ids are never used twice: to take part again, join as a new node "
        + "with an empty directory (mneme serve --join)"
}

/// The first reason to stop that comes from inside the node.
///
/// Owns: that reason. Must never: lose one that came before anybody asked for it.
final class EndSignal: Sendable {
    private struct State {
        var end: NodeEnd?
        var waiter: CheckedContinuation<NodeEnd?, Never>?
    }
    private let state = Mutex(State())
    private let removed = Atomic<Bool>(false)
    private let logger: Logger

    /// Whether the cluster removed this node: nobody answers it any more.
    var isRemoved: Bool { removed.load(ordering: .relaxed) }

    init(logger: Logger) { self.logger = logger }

    /// Any thread; later calls change nothing.
    func end(_ end: NodeEnd) {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<NodeEnd?, Never>?) in
            guard state.end == nil else { return (false, nil) }
            state.end = end
            defer { state.waiter = nil }
            return (true, state.waiter)
        }
        guard isFirst else { return }
        if end == .removed { removed.store(true, ordering: .relaxed) }
        if case .refused(let reason) = end { logger.error("the cluster does not take this node: \(reason)") }
        waiter?.resume(returning: end)
    }

    /// Waits for a reason; one waiter only.
    /// - Returns: nil when the task was cancelled.
    func value() async -> NodeEnd? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: NodeEnd?? = state.withLock { state in
                    if let end = state.end { return .some(end) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
    }
}

/// SIGINT and SIGTERM as an event.
enum TerminationSignal {
    static func wait() async {
        for name in [SIGINT, SIGTERM] { signal(name, SIG_IGN) }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM].map { name in
            let source = DispatchSource.makeSignalSource(signal: name, queue: .global())
            source.setEventHandler { continuation.finish() }
            source.resume()
            return source
        }
        for await _ in stream {}
        for source in sources { source.cancel() }
    }
}
