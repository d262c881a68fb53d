/// The lane whose thread is a SwiftNIO event loop: the core runs here, beside the channels of its peers, so that a
/// message costs no thread hop.
///
/// Must never: run blocking work; that belongs on a `ThreadLane`.

import NIOCore
import Raft

public final class EventLoopLane: Lane {
    public let eventLoop: any EventLoop

    public init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    public func submit(_ work: @escaping @Sendable () -> Void) { eventLoop.execute(work) }

    public func assertCurrent() { eventLoop.preconditionInEventLoop() }
}
