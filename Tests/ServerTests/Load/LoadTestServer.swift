/// A server that answers every request as it is told, by the number of the request.
///
/// Owns: just enough HTTP to cut requests apart. Must never: be used where the real server could be.
import NIOCore
import NIOPosix
import Synchronization

enum LoadTestServer {
    enum Behaviour: Sendable {
        case answer(status: Int, body: String)
        case silence
    }

    /// Counts requests over all connections of one server.
    final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
    }

    static func start(
        on group: any EventLoopGroup, counter: Counter, answering: @escaping @Sendable (Int) -> Behaviour
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(counter: counter, answering: answering))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let counter: Counter
        private let answering: @Sendable (Int) -> Behaviour
        private var text = ""

        init(counter: Counter, answering: @escaping @Sendable (Int) -> Behaviour) {
            self.counter = counter
            self.answering = answering
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
            while takeRequest() {
                guard case .answer(let status, let body) = answering(counter.next()) else { continue }
                let answer = "HTTP/1.1 \(status) Told\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
            }
        }

        /// Drops one complete request from the front of what was received.
        private func takeRequest() -> Bool {
            let bytes = Array(text.utf8)
            let blank = Array("\r\n\r\n".utf8)
            guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: blank) }) else { return false }
            let head = String(decoding: bytes[..<end], as: UTF8.self)
            var length = 0
            for line in head.split(whereSeparator: \.isNewline) {
                let field = line.split(separator: ":", maxSplits: 1)
                if field.count == 2, field[0].lowercased() == "content-length" {
                    length = Int(field[1].drop { $0 == " " }) ?? 0
                }
            }
            let total = end + blank.count + length
            guard bytes.count >= total else { return false }
            text = String(decoding: bytes[total...], as: UTF8.self)
            return true
        }
    }
}
