/// One keep-alive HTTP/1.1 connection to one node.
///
/// Owns: the channel. Must never: retry or choose endpoints; that is `MemoryClient`.
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

public final class HTTPConnection: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Body bytes of one response.
        public var responseBytesMax: Int
        /// Requests that may wait behind the one on the wire.
        public var queuedRequestsMax: Int
        /// Milliseconds for the TCP handshake.
        public var connectTimeoutMilliseconds: Int64
        public init(
            responseBytesMax: Int = 64 * 1024 * 1024, queuedRequestsMax: Int = 1024,
            connectTimeoutMilliseconds: Int64 = 2000
        ) {
            self.responseBytesMax = responseBytesMax
            self.queuedRequestsMax = queuedRequestsMax
            self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        }
    }

    public let endpoint: Endpoint
    public let eventLoop: any EventLoop
    private let channel: any Channel
    private let handler: NIOLoopBound<ExchangeHandler>

    private init(endpoint: Endpoint, channel: any Channel, handler: ExchangeHandler) {
        self.endpoint = endpoint
        self.channel = channel
        eventLoop = channel.eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Opens a connection whose callbacks run on `eventLoop`.
    /// - Returns: fails with `ExchangeError.connectFailed`.
    public static func connect(
        to endpoint: Endpoint, on eventLoop: any EventLoop, limits: Limits = Limits()
    ) -> EventLoopFuture<HTTPConnection> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.milliseconds(limits.connectTimeoutMilliseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ExchangeHandler(limits: limits))
                }
            }
        let connected: EventLoopFuture<any Channel>
        do {
            connected = bootstrap.connect(to: try SocketAddress(ipAddress: endpoint.host, port: endpoint.port))
        } catch {
            // Not a numeric address, so a name: only then is the resolver needed.
            connected = bootstrap.connect(host: endpoint.host, port: endpoint.port)
        }
        return connected.hop(to: eventLoop).flatMapThrowing { channel in
            let handler = try channel.pipeline.syncOperations.handler(type: ExchangeHandler.self)
            return HTTPConnection(endpoint: endpoint, channel: channel, handler: handler)
        }.flatMapErrorThrowing { error in
            throw ExchangeError.connectFailed(ConnectFailure.text(for: error))
        }
    }

    public var isActive: Bool { channel.isActive }

    /// The raw fast path: sends bytes that are already a whole request; `completion` runs on `eventLoop`.
    /// - Precondition: called on `eventLoop`.
    /// - Parameters:
    ///   - requestBytes: head and body of one request.
    ///   - timeout: the connection is closed when the answer is not there by then; nil costs no timer.
    public func exchange(
        _ requestBytes: ByteBuffer, timeout: TimeAmount? = nil,
        completion: @escaping (Result<HTTPResponse, ExchangeError>) -> Void
    ) {
        handler.value.exchange(requestBytes, timeout: timeout, completion: completion)
    }

    /// The same from anywhere, as a future; fails with `ExchangeError`.
    public func exchange(_ requestBytes: ByteBuffer, timeout: TimeAmount?) -> EventLoopFuture<HTTPResponse> {
        let promise = eventLoop.makePromise(of: HTTPResponse.self)
        let start: @Sendable () -> Void = {
            self.exchange(requestBytes, timeout: timeout) { result in
                promise.completeWith(result.mapError { $0 as any Error })
            }
        }
        if eventLoop.inEventLoop { start() } else { eventLoop.execute(start) }
        return promise.futureResult
    }

    /// Closes; requests that wait fail with `ExchangeError.closed`.
    public func close() {
        channel.close(promise: nil)
    }
}

/// Connect errors as people read them.
enum ConnectFailure {
    static func text(for error: any Error) -> String {
        if let error = error as? NIOConnectionError {
            if let first = error.connectionErrors.first { return text(for: first.error) }
            if let dns = error.dnsAError ?? error.dnsAAAAError {
                return "the name '\(error.host)' does not resolve (\(dns))"
            }
        }
        if let error = error as? IOError {
            return text(forErrno: error.errnoCode) ?? "\(error)"
        }
        if let error = error as? ChannelError, case .connectTimeout(let amount) = error {
            return "no connection within \(amount.nanoseconds / 1_000_000) ms"
        }
        return "\(error)"
    }

    private static func text(forErrno code: CInt) -> String? {
        guard let message = strerror(code) else { return nil }
        return String(cString: message).lowercased()
    }
}
