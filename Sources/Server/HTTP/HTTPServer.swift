/// The HTTP/1.1 listener: collects a request, hands it to a closure, writes the answer.
///
/// Owns: the socket, header and body limits, idle timeouts, graceful stop. It is the only place that sees Hummingbird's
/// types. Must never: route, decode JSON, or know what a memory is.
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Why the listener could not start.
public enum HTTPServerError: Error, Sendable, CustomStringConvertible {
    case cannotBind(host: String, port: Int, reason: String)

    public var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
        }
    }
}

public struct HTTPServerOptions: Sendable {
    /// Larger bodies are not kept; the handler is told with `APIRequest.bodyExceedsLimit`.
    public var bodyBytesMax: Int
    /// All header fields together, and each of them.
    public var headerBytesMax: Int
    public var headerFieldsMax: Int
    /// A connection that neither sends nor is being answered is closed after this many seconds.
    public var idleTimeoutSeconds: Int64
    /// A request's head must be whole this long after the answer before it, however it trickles.
    public var headTimeoutSeconds: Int64
    /// And its body this long after its head.
    public var bodyTimeoutSeconds: Int64
    /// Further connections wait in the listen queue.
    public var connectionsMax: Int
    public var backlog: Int

    public init(
        bodyBytesMax: Int = 2_097_152, headerBytesMax: Int = 65_536, headerFieldsMax: Int = 100,
        idleTimeoutSeconds: Int64 = 120, headTimeoutSeconds: Int64 = 120, bodyTimeoutSeconds: Int64 = 60,
        connectionsMax: Int = 10_000, backlog: Int = 1_024
    ) {
        self.bodyBytesMax = bodyBytesMax
        self.headerBytesMax = headerBytesMax
        self.headerFieldsMax = headerFieldsMax
        self.idleTimeoutSeconds = idleTimeoutSeconds
        self.headTimeoutSeconds = headTimeoutSeconds
        self.bodyTimeoutSeconds = bodyTimeoutSeconds
        self.connectionsMax = connectionsMax
        self.backlog = backlog
    }
}

public final class HTTPServer: Sendable {
    public typealias Handler = @Sendable (APIRequest) async -> APIResponse

    private let host: String
    private let port: Int
    private let server: Server<HTTP1Channel>

    /// - Parameters:
    ///   - port: 0 takes a free one; `onBound` tells which.
    ///   - onBound: called once, when connections are accepted, with the port.
    ///   - handler: answers a request; runs concurrently with itself.
    public init(
        host: String, port: Int, options: HTTPServerOptions = HTTPServerOptions(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "mneme.http"), onBound: @escaping @Sendable (Int) -> Void = { _ in },
        handler: @escaping Handler
    ) {
        self.host = host
        self.port = port
        let exchange = HTTPExchange(bodyBytesMax: options.bodyBytesMax, handler: handler)
        let channel = HTTP1Channel(
            responder: { request, writer, _ in try await exchange.run(request, writer) },
            configuration: .init(
                additionalChannelHandlers: [
                    RequestDeadline(headSeconds: options.headTimeoutSeconds, bodySeconds: options.bodyTimeoutSeconds)
                ],
                idleTimeout: .seconds(options.idleTimeoutSeconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: options.headerBytesMax, maxHeaderListSize: options.headerBytesMax,
                    maxHeaderFieldCount: options.headerFieldsMax)))
        server = Server(
            childChannelSetup: channel,
            configuration: .init(
                address: .hostname(host, port: port), backlog: options.backlog,
                availableConnectionsDelegate: MaximumAvailableConnections(options.connectionsMax)),
            onServerRunning: { listener in onBound(listener.localAddress?.port ?? port) },
            eventLoopGroup: eventLoopGroup, logger: logger)
    }

    /// Listens until `stop` is called or the task is cancelled.
    /// - Throws: `HTTPServerError.cannotBind`, naming the address, when the socket cannot be had.
    public func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw HTTPServerError.cannotBind(
                host: host, port: port, reason: String(cString: strerror(error.errnoCode)))
        } catch let error as SocketAddressError {
            throw HTTPServerError.cannotBind(host: host, port: port, reason: "\(error)")
        }
    }

    /// Accepts no more connections, lets running requests finish, and returns when all connections are closed.
    public func stop() async throws { try await server.shutdownGracefully() }
}
