/// The client's end of one HTTP/1.1 connection: one request on the wire, the others wait in order.
///
/// Owns: pairing answers with requests, and failing all of them when the connection ends. Must never: leave a request
/// without an answer or a failure, or be touched off its event loop.
import NIOCore

final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Completion = (Result<HTTPResponse, ExchangeError>) -> Void

    private struct Exchange {
        var request: ByteBuffer
        var completion: Completion
        var timeout: Scheduled<Void>?
    }

    private let queuedRequestsMax: Int
    private var parser: ResponseParser
    private var received = ByteBuffer()
    private var current: Exchange?
    private var waiting = CircularBuffer<Exchange>()
    private var context: ChannelHandlerContext?
    private var failure: ExchangeError?

    init(limits: HTTPConnection.Limits) {
        queuedRequestsMax = limits.queuedRequestsMax
        parser = ResponseParser(bodyBytesMax: limits.responseBytesMax)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) {
        failAll(.closed(afterSending: true))
        self.context = nil
    }

    /// Sends now, or when the requests before this one are answered. On the event loop only.
    func exchange(_ request: ByteBuffer, timeout: TimeAmount?, completion: @escaping Completion) {
        guard let context, context.channel.isActive, failure == nil else {
            completion(.failure(.closed(afterSending: false)))
            return
        }
        guard waiting.count < queuedRequestsMax else {
            completion(.failure(.queueFull(requestsMax: queuedRequestsMax)))
            return
        }
        var exchange = Exchange(request: request, completion: completion, timeout: nil)
        if let timeout {
            exchange.timeout = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
                // The answer may still come; a connection in that state cannot be used again.
                self?.end(.timedOut(afterMilliseconds: timeout.nanoseconds / 1_000_000))
            }
        }
        if current == nil {
            send(exchange, context: context)
        } else {
            waiting.append(exchange)
        }
    }

    private func send(_ exchange: Exchange, context: ChannelHandlerContext) {
        current = exchange
        context.writeAndFlush(wrapOutboundOut(exchange.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 {
            received = bytes
        } else {
            received.writeBuffer(&bytes)
        }
        do throws(ExchangeError) {
            while received.readableBytes > 0, let response = try parser.next(&received) {
                guard current != nil else { throw .malformed("an answer that nobody asked for") }
                answer(response, context: context)
            }
            if received.readableBytes == 0 { received = ByteBuffer() }
        } catch {
            end(error)
        }
    }

    private func answer(_ response: HTTPResponse, context: ChannelHandlerContext) {
        guard let exchange = current else { return }
        current = nil
        exchange.timeout?.cancel()
        if parser.closesAfterResponse {
            exchange.completion(.success(response))
            end(.closed(afterSending: false))
            return
        }
        // The next request leaves before the caller looks at this answer.
        if let next = waiting.popFirst() { send(next, context: context) }
        exchange.completion(.success(response))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let response = parser.finish(&received) { answer(response, context: context) }
        failAll(.closed(afterSending: true))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.closed(afterSending: true))
    }

    /// Fails everything and closes.
    private func end(_ error: ExchangeError) {
        failAll(error)
        context?.close(promise: nil)
    }

    private func failAll(_ error: ExchangeError) {
        if failure == nil { failure = error }
        if let exchange = current {
            current = nil
            exchange.timeout?.cancel()
            exchange.completion(.failure(error))
        }
        while let exchange = waiting.popFirst() {
            exchange.timeout?.cancel()
            // These never left this process, whatever happened to the one in front of them.
            exchange.completion(.failure(.closed(afterSending: false)))
        }
    }
}
