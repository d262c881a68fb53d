import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One attempt to deliver: connect, send, read the status, close.
///
/// Owns: the connection and its deadline. Must never: follow a redirect, read more than the head of an answer, or go on
/// beyond the deadline.
struct WebhookSender: Sendable {
    static let timeout = TimeAmount.seconds(10)

    private let loops: any EventLoopGroup
    private let resolvers: NIOThreadPool
    private let tls: NIOSSLContext

    init(loops: any EventLoopGroup, resolvers: NIOThreadPool) throws {
        self.loops = loops
        self.resolvers = resolvers
        tls = try NIOSSLContext(configuration: .makeClientConfiguration())
    }

    /// - Returns: nil when the subscriber answered with 2xx, else why not.
    func send(_ message: WebhookMessage, to url: String) async -> String? {
        do {
            let target = try WebhookTarget(url: url)
            let address = try await resolvers.runIfActive { try target.resolve() }
            let status = try await post(message, to: target, at: address)
            return (200..<300).contains(status) ? nil : "answered \(status)"
        } catch {
            return "\(error)"
        }
    }

    private func post(
        _ message: WebhookMessage, to target: WebhookTarget, at address: SocketAddress
    ) async throws -> Int {
        let loop = loops.next()
        let answer = loop.makePromise(of: Int.self)
        let deadline = loop.scheduleTask(in: Self.timeout) {
            answer.fail(
                WebhookTarget.Problem(description: "no answer within \(Self.timeout.nanoseconds / 1_000_000_000) s"))
        }
        // A name is verified against the certificate; an address cannot be.
        let serverName = target.host.first?.isLetter == true ? target.host : nil
        let tls = tls
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(Self.timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                if target.isTLS {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: tls, serverHostname: serverName))
                }
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(StatusReader(answer))
            }
        }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(to: address).get()
        } catch {
            answer.fail(error)
            deadline.cancel()
            return try await answer.futureResult.get()
        }
        Self.write(message, to: target, on: channel, failing: answer)
        defer {
            deadline.cancel()
            channel.close(promise: nil)
        }
        return try await answer.futureResult.get()
    }

    private static func write(
        _ message: WebhookMessage, to target: WebhookTarget, on channel: any Channel,
        failing answer: EventLoopPromise<Int>
    ) {
        var headers = HTTPHeaders(message.headers.map { ($0.name, $0.value) })
        let isDefaultPort = target.port == (target.isTLS ? 443 : 80)
        headers.add(name: "host", value: isDefaultPort ? target.host : "\(target.host):\(target.port)")
        headers.add(name: "content-length", value: String(message.body.count))
        headers.add(name: "connection", value: "close")
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: target.path, headers: headers)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: message.body))), promise: nil)
        channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { answer.fail($0) }
    }

    /// The first head is the answer; what comes behind it nobody reads.
    private final class StatusReader: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        private let answer: EventLoopPromise<Int>

        init(_ answer: EventLoopPromise<Int>) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(let head) = unwrapInboundIn(data) else { return }
            answer.succeed(Int(head.status.code))
            context.close(promise: nil)
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            answer.fail(error)
            context.close(promise: nil)
        }
        func channelInactive(context: ChannelHandlerContext) {
            answer.fail(WebhookTarget.Problem(description: "the connection was closed without an answer"))
        }
    }
}
