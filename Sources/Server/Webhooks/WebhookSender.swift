import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// One attempt to deliver: resolve, connect, send, read the status, close.
///
/// Owns: the connection, and the deadline of all of it together. Must never: follow a redirect, read more than the head of
/// an answer, or go on beyond the deadline or its task's cancellation.
struct WebhookSender: Sendable {
    static let timeout = TimeAmount.seconds(10)

    private let loops: any EventLoopGroup
    private let resolvers: ResolverPool
    private let timeout: TimeAmount
    private let tls: NIOSSLContext

    init(loops: any EventLoopGroup, resolvers: ResolverPool, timeout: TimeAmount = Self.timeout) throws {
        self.loops = loops
        self.resolvers = resolvers
        self.timeout = timeout
        tls = try NIOSSLContext(configuration: .makeClientConfiguration())
    }

    /// - Returns: nil when the subscriber answered with 2xx, else why not.
    func send(_ message: WebhookMessage, to url: String) async -> String? {
        do {
            let target = try WebhookTarget(url: url)
            let attempt = Attempt(loops.next(), timeout)
            let status = try await withTaskCancellationHandler {
                post(message, to: target, attempt)
                return try await attempt.answer.futureResult.get()
            } onCancel: {
                attempt.answer.fail(WebhookTarget.Problem(description: "this node is stopping"))
            }
            return (200..<300).contains(status) ? nil : "answered \(status)"
        } catch {
            return "\(error)"
        }
    }

    private func post(_ message: WebhookMessage, to target: WebhookTarget, _ attempt: Attempt) {
        addresses(of: target, attempt).flatMapThrowing { try target.address(among: $0) }.whenComplete { result in
            switch result {
            case .failure(let error): attempt.answer.fail(error)
            case .success(let address):
                guard attempt.goes(on: .connecting) else { return }
                connect(to: address, target, attempt) {
                    Self.write(message, to: target, on: $0, failing: attempt.answer)
                }
            }
        }
    }

    private func addresses(of target: WebhookTarget, _ attempt: Attempt) -> EventLoopFuture<[[UInt8]]> {
        let promise = attempt.loop.makePromise(of: [[UInt8]].self)
        if let literal = target.literal {
            promise.succeed([literal])
        } else {
            let forget = resolvers.look(up: target.host, promise)
            attempt.answer.futureResult.whenComplete { _ in forget() }
        }
        return promise.futureResult
    }

    private func connect(
        to address: SocketAddress, _ target: WebhookTarget, _ attempt: Attempt,
        write: @escaping @Sendable (any Channel) -> Void
    ) {
        let tls = tls
        let bootstrap = ClientBootstrap(group: attempt.loop).connectTimeout(timeout).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                if target.isTLS {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: tls, serverHostname: target.tlsServerName))
                }
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(StatusReader(attempt.answer))
            }
        }
        bootstrap.connect(to: address).whenComplete { result in
            switch result {
            case .failure(let error): attempt.answer.fail(error)
            case .success(let channel):
                attempt.answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
                if attempt.goes(on: .answering) { write(channel) }
            }
        }
    }

    /// How far an attempt is, for its deadline to say, and that it is over.
    private final class Attempt: Sendable {
        enum Stage: String {
            case resolving = "its name was not resolved"
            case connecting = "no connection"
            case answering = "no answer"
            case over
        }
        let loop: any EventLoop
        let answer: EventLoopPromise<Int>
        private let stage = Mutex(Stage.resolving)

        init(_ loop: any EventLoop, _ timeout: TimeAmount) {
            self.loop = loop
            answer = loop.makePromise(of: Int.self)
            let deadline = loop.scheduleTask(in: timeout) { [answer, self] in
                let milliseconds = timeout.nanoseconds / 1_000_000
                answer.fail(
                    WebhookTarget.Problem(description: "\(stage.withLock { $0 }.rawValue) within \(milliseconds) ms"))
            }
            answer.futureResult.whenComplete { [self] _ in
                stage.withLock { $0 = .over }
                deadline.cancel()
            }
        }

        /// - Returns: false when it is over: what comes late is ignored.
        func goes(on next: Stage) -> Bool {
            stage.withLock { stage in
                guard stage != .over else { return false }
                stage = next
                return true
            }
        }
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
