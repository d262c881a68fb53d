/// One attempt over a socket: answers, silence, names that do not resolve, and the deadline of it all.
import Dispatch
import NIOCore
import NIOHTTP1
import NIOPosix
import StateMachine
import Synchronization
import Testing

@testable import Server

@Suite struct WebhookSenderTests {
    private static let message = WebhookMessage(.example(), secretHash: [], nowNanoseconds: TestClock.start)

    /// Blocks whoever looks up a name that begins with `stuck`, until it is told otherwise.
    private final class Names: Sendable {
        private let release = DispatchSemaphore(value: 0)
        let asked = Mutex<[String]>([])
        let bell = Bell()

        func look(up host: String) throws -> [[UInt8]] {
            asked.withLock { $0.append(host) }
            bell.ring()
            if host.hasPrefix("stuck") {
                release.wait()
                release.signal()
            }
            return [[127, 0, 0, 1]]
        }
        func free() { release.signal() }
    }

    private static func withSender(
        _ names: Names = Names(), threads: Int = 2, waitingMax: Int = 1, stuckAfter: TimeAmount = .hours(1),
        timeout: TimeAmount = .seconds(20), _ body: (WebhookSender, ResolverPool) async throws -> Void
    ) async throws {
        let pool = ResolverPool(threads: threads, waitingMax: waitingMax, stuckAfter: stuckAfter) {
            try names.look(up: $0)
        }
        defer {
            names.free()
            pool.stop()
        }
        try await body(
            WebhookSender(loops: MultiThreadedEventLoopGroup.singleton, resolvers: pool, timeout: timeout), pool)
    }

    private static func withServer(_ body: (Int, @Sendable () -> [String]) async throws -> Void) async throws {
        let seen = Mutex<[String]>([])
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Hook { line in seen.withLock { $0.append(line) } })
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await body(port) { seen.withLock { $0 } }
        try await server.close()
    }

    @Test("2xx is delivered; other answers, redirects, a closed connection and silence are not")
    func answers() async throws {
        try await Self.withSender { sender, _ in
            try await Self.withServer { port, seen in
                #expect(await sender.send(Self.message, to: "http://127.0.0.1:\(port)/204") == nil)
                #expect(await sender.send(Self.message, to: "http://localhost:\(port)/500") == "answered 500")
                #expect(await sender.send(Self.message, to: "http://127.0.0.1:\(port)/302") == "answered 302")
                let closed = await sender.send(Self.message, to: "http://127.0.0.1:\(port)/close")
                #expect(closed == "the connection was closed without an answer")
                #expect(await sender.send(Self.message, to: "https://127.0.0.1:\(port)/204") != nil, "no TLS there")
                #expect(await sender.send(Self.message, to: "http://10.0.0.1/") != nil)
                #expect(seen().first == "POST /204 \(String(decoding: Self.message.body, as: UTF8.self))")
            }
        }
        try await Self.withSender(timeout: .milliseconds(50)) { sender, _ in
            try await Self.withServer { port, _ in
                let silent = await sender.send(Self.message, to: "http://127.0.0.1:\(port)/silent")
                #expect(silent == "no answer within 50 ms")
            }
        }
    }

    @Test("nobody listens, and a name that stands for this machine without saying so")
    func refused() async throws {
        try await Self.withSender { sender, _ in
            var free = 0
            try await Self.withServer { port, _ in free = port }
            #expect(await sender.send(Self.message, to: "http://127.0.0.1:\(free)/204") != nil)
            let inside = await sender.send(Self.message, to: "https://inside.example.com/")
            #expect(inside == "'inside.example.com' stands for a loopback address")
        }
    }

    @Test("the deadline covers the lookup; an answer of the resolver that comes later is ignored")
    func lateName() async throws {
        let names = Names()
        try await Self.withServer { port, seen in
            try await Self.withSender(names, threads: 1, timeout: .milliseconds(50)) { sender, _ in
                let stuck = await sender.send(Self.message, to: "https://stuck.example.com/")
                #expect(stuck == "its name was not resolved within 50 ms")
                // The only thread is taken: the next name waits, gives up, and is not looked up any more.
                let behind = await sender.send(Self.message, to: "http://localhost:\(port)/204")
                #expect(behind == "its name was not resolved within 50 ms")
                // An address needs no thread.
                #expect(await sender.send(Self.message, to: "http://127.0.0.1:\(port)/204") == nil)
            }
            #expect(seen().count == 1 && names.asked.withLock { $0 } == ["stuck.example.com"])
        }
    }

    @Test("the same name takes one thread; names wait up to a bound; when all threads are stuck the rest fails at once")
    func bounds() async throws {
        let names = Names()
        try await Self.withSender(names, threads: 2, waitingMax: 1) { sender, _ in
            try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<5 { group.addTask { await sender.send(Self.message, to: "https://stuck1.example.com/") } }
                try await names.bell.until("one lookup") { names.asked.withLock { $0.count } == 1 }
                group.addTask { await sender.send(Self.message, to: "https://stuck2.example.com/") }
                try await names.bell.until("two lookups") { names.asked.withLock { $0.count } == 2 }
                // Two more want a thread; one may wait for it.
                for number in 3...4 {
                    group.addTask { await sender.send(Self.message, to: "https://stuck\(number).example.com/") }
                }
                let refused = try await group.next() ?? nil
                #expect(refused?.hasSuffix("1 other names wait for a resolver thread") == true, "\(refused ?? "nil")")
                names.free()
                for try await each in group {
                    #expect(each?.hasSuffix("stands for a loopback address") == true, "\(each ?? "nil")")
                }
                #expect(names.asked.withLock { $0.filter { $0 == "stuck1.example.com" }.count } == 1)
            }
        }
        let stuckNames = Names()
        try await Self.withSender(stuckNames, threads: 1, waitingMax: 9, stuckAfter: .zero) { sender, _ in
            async let first = sender.send(Self.message, to: "https://stuck1.example.com/")
            try await stuckNames.bell.until("one lookup") { stuckNames.asked.withLock { $0.count } == 1 }
            let second = await sender.send(Self.message, to: "https://example.com/")
            #expect(second == "cannot resolve 'example.com': all 1 resolver threads are stuck in other names")
            stuckNames.free()
            #expect(await first?.hasSuffix("stands for a loopback address") == true)
        }
    }

    @Test("a cancelled send ends at once, and so does one whose pool stops, while the resolver is stuck")
    func cancelled() async throws {
        let names = Names()
        try await Self.withSender(names, threads: 1) { sender, pool in
            let sending = Task { await sender.send(Self.message, to: "https://stuck.example.com/") }
            try await names.bell.until("the lookup") { names.asked.withLock { $0.count } == 1 }
            sending.cancel()
            #expect(await sending.value == "this node is stopping")
            let waiting = Task { await sender.send(Self.message, to: "https://stuck.example.com/") }
            pool.stop()
            #expect(await waiting.value?.hasSuffix("this node is stopping") == true)
            #expect(await sender.send(Self.message, to: "https://b.example.com/")?.hasSuffix("is stopping") == true)
        }
    }

    /// Answers with the status that the path names.
    private final class Hook: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let tell: (String) -> Void
        private var head: HTTPRequestHead?
        private var body = ""

        init(_ tell: @escaping (String) -> Void) { self.tell = tell }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body(let buffer): body += String(buffer: buffer)
            case .end:
                let path = String(head?.uri.dropFirst() ?? "")
                tell("\(head?.method.rawValue ?? "") /\(path) \(body)")
                if path == "silent" { return }
                guard let status = Int(path) else { return context.close(promise: nil) }
                var headers = HTTPHeaders([("content-length", "0")])
                if status == 302 { headers.add(name: "location", value: "/204") }
                context.write(
                    wrapOutboundOut(
                        .head(.init(version: .http1_1, status: .init(statusCode: status), headers: headers))),
                    promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
