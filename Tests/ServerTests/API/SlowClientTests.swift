/// Clients that send a byte now and then, to keep a server waiting (slow loris): they are ended, and nobody else notices.
import Foundation
import Server
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("slow clients", .serialized)
struct SlowClientTests {
    /// Many connections that each send their text byte by byte, until the server ends them.
    private enum Tricklers {
        /// - Returns: how many the server had ended before `deadlineSeconds` were over.
        static func run(
            _ count: Int, port: Int, start: String, then byte: UInt8, deadlineSeconds: Int
        ) async throws -> Int {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try blocking(count, port, start, byte, deadlineSeconds) })
                }
            }
        }

        private static func open(_ port: Int) throws -> Int32 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw RawClient.Failure(doing: "socket", code: errno) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw RawClient.Failure(doing: "connect", code: errno) }
            return descriptor
        }

        private static func blocking(
            _ count: Int, _ port: Int, _ start: String, _ byte: UInt8, _ deadlineSeconds: Int
        ) throws -> Int {
            var living: [pollfd] = []
            defer { for entry in living { close(entry.fd) } }
            for _ in 0..<count {
                let descriptor = try open(port)
                living.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
                let bytes = Array(start.utf8)
                _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            }
            let deadline = ContinuousClock.now + .seconds(deadlineSeconds)
            var scratch = [UInt8](repeating: 0, count: 1_024)
            while !living.isEmpty, ContinuousClock.now < deadline {
                poll(&living, nfds_t(living.count), 50)
                var next: [pollfd] = []
                for var entry in living {
                    let hasEnded =
                        entry.revents != 0 && recv(entry.fd, &scratch, scratch.count, Int32(MSG_DONTWAIT)) <= 0
                    if hasEnded {
                        close(entry.fd)
                        continue
                    }
                    var one = byte
                    _ = send(entry.fd, &one, 1, Int32(MSG_NOSIGNAL))
                    entry.revents = 0
                    next.append(entry)
                }
                living = next
            }
            return count - living.count
        }
    }

    /// Others' requests during the attack, each of which must be answered within the deadline of the raw client.
    private static func isServed(_ port: Int, times: Int) async throws -> Bool {
        let request = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
        for _ in 0..<times {
            guard try await RawClient.exchange(port: port, answers: 1, [request]).map(\.status) == [200] else {
                return false
            }
        }
        return true
    }

    @Test(
        "slow loris, in the head and in the body: ended by their deadlines, the others are served meanwhile",
        arguments: [
            ("POST /x HTTP/1.1\r\nHost: x\r\nX-A: ", UInt8(ascii: "a")),
            ("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", UInt8(ascii: "b")),
        ])
    func slowLoris(_ start: String, _ byte: UInt8) async throws {
        let options = HTTPServerOptions(headTimeoutSeconds: 2, bodyTimeoutSeconds: 2)
        let calls = Mutex(0)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(host: "127.0.0.1", port: 0, options: options, onBound: { port.yield($0) }) { _ in
            calls.withLock { $0 += 1 }
            return APIResponse(status: 200)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let bound = try #require(await iterator.next())
            async let ended = Tricklers.run(200, port: bound, start: start, then: byte, deadlineSeconds: 30)
            let isServed = try await Self.isServed(bound, times: 40)
            #expect(isServed)
            #expect(try await ended == 200)
            #expect(calls.withLock { $0 } == 40)
            try await server.stop()
            try await group.waitForAll()
        }
    }

    @Test("an answer that takes longer than both deadlines is given, and the connection serves on")
    func slowAnswer() async throws {
        let options = HTTPServerOptions(headTimeoutSeconds: 1, bodyTimeoutSeconds: 1)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = HTTPServer(host: "127.0.0.1", port: 0, options: options, onBound: { port.yield($0) }) { _ in
            let work = ContinuousClock.now + .milliseconds(1_500)
            do { try await Task.sleep(until: work, clock: .continuous) } catch { return APIResponse(status: 500) }
            return APIResponse(status: 204)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let bound = try #require(await iterator.next())
            let request = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
            let answers = try await RawClient.exchange(port: bound, answers: 2, [request, request])
            #expect(answers.map(\.status) == [204, 204])
            try await server.stop()
            try await group.waitForAll()
        }
    }
}
