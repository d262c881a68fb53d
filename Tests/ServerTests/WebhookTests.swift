/// Deliveries: what is sent and signed, to whom it may go, when it is tried again, and what the log is told.
import JSON
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Raft
import Synchronization
import Testing

@testable import Server
@testable import StateMachine

@Suite struct WebhookTests {
    /// Counts what is sent and answers as it is told.
    private final class Receiver: Sendable {
        let got = Mutex<[(url: String, body: String, headers: [String: String])]>([])
        let problem = Mutex<String?>(nil)

        func send(_ message: WebhookMessage, _ url: String) -> String? {
            let headers = Dictionary(uniqueKeysWithValues: message.headers.map { ($0.name, $0.value) })
            got.withLock { $0.append((url, String(decoding: message.body, as: UTF8.self), headers)) }
            return problem.withLock { $0 }
        }
        var count: Int { got.withLock { $0.count } }
    }

    private final class HandClock: Clock {
        let now = Mutex<UInt64>(1_000_000_000)
        func monotonicNanoseconds() -> UInt64 { now.withLock { $0 } }
        func wallNanoseconds() -> Int64 { TestClock.start }
        func after(nanoseconds: UInt64, on lane: any Lane, _ work: @escaping @Sendable () -> Void) {}
        func advance(seconds: UInt64) { now.withLock { $0 += seconds * 1_000_000_000 } }
    }

    private static func dispatcher(
        _ contract: Contract, _ receiver: Receiver, _ clock: HandClock
    ) -> WebhookDispatcher {
        WebhookDispatcher(
            service: contract.service, isLeader: { true }, clock: clock, logger: Logger(label: "test"),
            send: { receiver.send($0, $1) })
    }

    private static func counts(_ contract: Contract) async -> [Int] {
        let row = await contract.send("GET", "/api/v1/subscriptions").json["subscriptions"]?.arrayValue?.first
        return [row?["dispatch_count"]?.integerValue ?? -1, row?["failure_count"]?.integerValue ?? -1]
    }

    @Test("the signature is that of the published vector, over timestamp, dot and body")
    func signature() {
        let body =
            #"{"event":"memory_store","memory_id":"m-1","namespace":"ops","agent_id":null,"#
            + #""delivered_at":"2026-01-02T03:04:05+00:00"}"#
        let signature = WebhookMessage.signature(
            key: SHA256Digest.of(Array("correct horse".utf8)), timestamp: "1767323045", body: Array(body.utf8))
        #expect(signature == "c3093200a3e849e32e102bb9ffa8fe1b10a8a51a810ad20ffca2ea823973d95f")
    }

    @Test("a store is told to who asked for it, once, in the order of keys of the contract, and counted")
    func delivered() async throws {
        let contract = try Contract()
        let receiver = Receiver()
        let dispatcher = Self.dispatcher(contract, receiver, HandClock())
        _ = await contract.send(
            "POST", "/api/v1/subscriptions",
            json: #"{"url":"https://example.com/hook","secret":"s","namespace_filter":"ops"}"#)
        _ = await contract.send("POST", "/api/v1/subscriptions", json: #"{"namespace":"ops","agent_id":"bob"}"#)
        let id = try await contract.create(
            #"{"title":"t","content":"c","namespace":"ops"}"#, headers: [("X-Agent-Id", "ada")])
        _ = try await contract.create(#"{"title":"t","content":"c"}"#)
        #expect(try await dispatcher.dispatch() == 1)
        #expect(try await dispatcher.dispatch() == 0)
        let (url, body, headers) = try #require(receiver.got.withLock { $0.first })
        #expect(url == "https://example.com/hook")
        #expect(
            body
                == #"{"event":"memory_store","memory_id":"\#(id)","namespace":"ops","agent_id":"ada","#
                + #""delivered_at":"\#(TestClock.startText)"}"#)
        #expect(headers["x-ai-memory-timestamp"] == "1767323045" && headers["user-agent"] == "ai-memory/0.6.0.0")
        #expect(headers["x-ai-memory-signature"]?.utf8.count == 7 + 64)
        let row = await contract.send("GET", "/api/v1/subscriptions").json["subscriptions"]?.arrayValue?.last
        #expect(row?["dispatch_count"] == 1 && row?["failure_count"] == 0)
    }

    @Test("what fails is tried three times, with pauses, and then given up and counted; others do not wait for it")
    func retried() async throws {
        let contract = try Contract()
        let receiver = Receiver()
        let clock = HandClock()
        let dispatcher = Self.dispatcher(contract, receiver, clock)
        _ = await contract.send("POST", "/api/v1/subscriptions", json: #"{"url":"https://example.com/hook"}"#)
        receiver.problem.withLock { $0 = "answered 500" }
        _ = try await contract.create(#"{"title":"t","content":"c"}"#)
        #expect(try await dispatcher.dispatch() == 0)
        #expect(try await dispatcher.dispatch() == 0)
        #expect(receiver.count == 1, "not before its time")
        receiver.problem.withLock { $0 = nil }
        _ = try await contract.create(#"{"title":"u","content":"c"}"#)
        #expect(try await dispatcher.dispatch() == 1)
        receiver.problem.withLock { $0 = "answered 500" }
        clock.advance(seconds: 2)
        #expect(try await dispatcher.dispatch() == 0)
        clock.advance(seconds: 5)
        #expect(try await dispatcher.dispatch() == 1)
        #expect(receiver.count == 4)
        #expect(await Self.counts(contract) == [2, 1])
    }

    @Test("removing a subscription takes what was queued for it along")
    func removed() async throws {
        let contract = try Contract()
        let receiver = Receiver()
        let made = await contract.send("POST", "/api/v1/subscriptions", json: #"{"url":"https://example.com/hook"}"#)
        _ = try await contract.create(#"{"title":"t","content":"c"}"#)
        let id = try #require(made.json["id"]?.stringValue)
        _ = await contract.send("DELETE", "/api/v1/subscriptions?id=\(id)")
        #expect(try await Self.dispatcher(contract, receiver, HandClock()).dispatch() == 0)
        #expect(receiver.count == 0)
    }

    @Test("a name that stands for a private machine is not connected to, nor is loopback under another name")
    func resolved() throws {
        #expect(WebhookURL.refusal(of: [10, 0, 0, 1], allowsLoopback: false) == "private")
        #expect(WebhookURL.refusal(of: [127, 0, 0, 1], allowsLoopback: false) == "loopback")
        #expect(WebhookURL.refusal(of: [127, 0, 0, 1], allowsLoopback: true) == nil)
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 169, 254, 169, 254]
        #expect(WebhookURL.refusal(of: mapped, allowsLoopback: true) == "link-local")
        #expect(WebhookURL.refusal(of: [8, 8, 8, 8], allowsLoopback: false) == nil)
        let target = try WebhookTarget(url: "https://Example.com:8443/a?b=c#d")
        #expect(target.host == "example.com" && target.port == 8_443 && target.path == "/a?b=c" && target.isTLS)
        let plain = try WebhookTarget(url: "http://[::1]:80")
        #expect(plain.host == "[::1]" && plain.port == 80 && plain.path == "/" && !plain.isTLS)
        #expect(try plain.resolve().port == 80)
    }

    @Test("over a socket: 2xx is delivered, other answers, redirects and silence are not")
    func overSockets() async throws {
        let loops = MultiThreadedEventLoopGroup.singleton
        let pool = NIOThreadPool.singleton
        let sender = try WebhookSender(loops: loops, resolvers: pool)
        let seen = Mutex<[String]>([])
        let server = try await ServerBootstrap(group: loops)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Hook { line in seen.withLock { $0.append(line) } })
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let delivery = Delivery.example
        let message = WebhookMessage(delivery, secretHash: [], nowNanoseconds: TestClock.start)
        #expect(await sender.send(message, to: "http://127.0.0.1:\(port)/204") == nil)
        #expect(await sender.send(message, to: "http://localhost:\(port)/500") == "answered 500")
        #expect(await sender.send(message, to: "http://127.0.0.1:\(port)/302") == "answered 302")
        let closed = await sender.send(message, to: "http://127.0.0.1:\(port)/close")
        #expect(closed == "the connection was closed without an answer")
        #expect(await sender.send(message, to: "https://127.0.0.1:\(port)/204") != nil, "no TLS there")
        #expect(await sender.send(message, to: "http://10.0.0.1/") != nil)
        #expect(seen.withLock { $0.first } == "POST /204 \(String(decoding: message.body, as: UTF8.self))")
        try await server.close()
        #expect(await sender.send(message, to: "http://127.0.0.1:\(port)/204") != nil)
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

extension Delivery {
    fileprivate static var example: Delivery {
        Delivery(
            number: 7, subscriptionID: "s", event: "memory_store", memoryID: "m-1", namespace: "ops", agentID: nil,
            createdAt: TestClock.startText)
    }
}
