/// Ends connections whose request does not come: the answer to clients that send a byte now and then (slow loris), whom an
/// idle timeout never meets.
///
/// Owns: one timer per connection. From the end of one answer, or the connecting, to the end of the next request's head
/// there is `headSeconds`; from there to the end of its body `bodySeconds`. Must never: count the time in which the
/// server works on its answer.
import HTTPTypes
import NIOCore
import NIOHTTPTypes

final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let headSeconds: Int64
    private let bodySeconds: Int64
    private var timer: Scheduled<Void>?
    /// Requests whose end came and whose answer did not end yet: clients may send the next one before.
    private var answersOwed = 0
    private var isInBody = false

    init(headSeconds: Int64, bodySeconds: Int64) {
        self.headSeconds = headSeconds
        self.bodySeconds = bodySeconds
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(headSeconds, context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelActive(context: ChannelHandlerContext) {
        start(headSeconds, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isInBody = true
            start(bodySeconds, context)
        case .body: break
        case .end:
            isInBody = false
            answersOwed += 1
            stop()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            // An answer may come before the body it refuses has ended; that body keeps its own time.
            answersOwed = max(0, answersOwed - 1)
            if answersOwed == 0, !isInBody { start(headSeconds, context) }
        }
        context.write(data, promise: promise)
    }

    private func start(_ seconds: Int64, _ context: ChannelHandlerContext) {
        stop()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}
