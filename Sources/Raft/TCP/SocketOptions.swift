/// What every socket of the transport is set to, in one place.
///
/// TCP_NODELAY: a lone small message must not wait for an acknowledgement (RFC 896). Keepalive: a peer that vanished
/// without a word is noticed while nothing is sent (RFC 1122 §4.2.3.6). TCP_USER_TIMEOUT: and while something is
/// (RFC 5482).

import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum SocketOptions {
    private static let keepaliveIdleSeconds: ChannelOptions.Types.SocketOption.Value = 5
    private static let keepaliveIntervalSeconds: ChannelOptions.Types.SocketOption.Value = 2
    private static let keepaliveProbes: ChannelOptions.Types.SocketOption.Value = 3
    private static let backlogConnections: Int32 = 128
    /// A read takes up to this much; one delivery to the core carries at most a few reads.
    private static let readBytes = (minimum: 4 << 10, initial: 64 << 10, maximum: 256 << 10)

    private typealias Option = ChannelOptions.Types.SocketOption

    private static func connectionOptions(_ options: TCPOptions) -> [(Option, Option.Value)] {
        var result: [(Option, Option.Value)] = [
            (.tcpOption(.tcp_nodelay), 1),
            (.socketOption(.so_keepalive), 1),
        ]
        #if os(Linux)
        result += [
            (.tcpOption(.init(rawValue: TCP_KEEPIDLE)), keepaliveIdleSeconds),
            (.tcpOption(.init(rawValue: TCP_KEEPINTVL)), keepaliveIntervalSeconds),
            (.tcpOption(.init(rawValue: TCP_KEEPCNT)), keepaliveProbes),
            (.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), Option.Value(options.unacknowledgedTimeoutMilliseconds)),
        ]
        #endif
        return result
    }

    private static var readAllocator: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(
            minimum: readBytes.minimum, initial: readBytes.initial, maximum: readBytes.maximum)
    }

    static func listening(_ bootstrap: ServerBootstrap, options: TCPOptions) -> ServerBootstrap {
        // Reuse: the port of a node that was just killed must be free for its successor at once.
        var bootstrap =
            bootstrap
            .serverChannelOption(.backlog, value: backlogConnections)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.recvAllocator, value: readAllocator)
        for (option, value) in connectionOptions(options) {
            bootstrap = bootstrap.childChannelOption(option, value: value)
        }
        return bootstrap
    }

    static func dialling(_ bootstrap: ClientBootstrap, options: TCPOptions) -> ClientBootstrap {
        var bootstrap = bootstrap.connectTimeout(.milliseconds(Int64(options.connectTimeoutMilliseconds)))
        for (option, value) in connectionOptions(options) {
            bootstrap = bootstrap.channelOption(option, value: value)
        }
        return bootstrap
    }
}
