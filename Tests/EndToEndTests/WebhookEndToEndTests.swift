import Client
import Foundation
import JSON
import Operations
import Synchronization
import Testing

/// Deliveries of real processes to a real listener, through the death of the leader that makes them.
@Suite(.serialized) struct WebhookEndToEndTests {
    private static let secret = "correct horse"

    @Test func `every acknowledged store is told at least once and signed, though the leader is killed in the middle`()
        async throws
    {
        // The thirtieth is on its way, read and not answered, when its sender is killed.
        let receiver = try HookReceiver(holdsBackAt: 30)
        defer { receiver.stop() }
        try await RealCluster.run(nodes: 3) { real in
            let subscription = #"{"url":"http://127.0.0.1:\#(receiver.port)/hook","secret":"\#(Self.secret)"}"#
            let made = try await real.client.sendOnce(
                APIRequest(
                    method: "POST", target: "/api/v1/subscriptions",
                    headers: [.init("Content-Type", "application/json")], body: Array(subscription.utf8)),
                to: 0, timeoutMilliseconds: 20_000)
            try #require(made.response.status == 201, "\(made.response.bodyText)")

            var acknowledged: [AcknowledgedMemory] = []
            for number in 0..<60 { acknowledged.append(try await real.store("before \(number)", through: number % 3)) }
            let old = try await real.leader()
            try await real.until("the leader is in the middle") { receiver.requests.count == 30 }
            try await real.cluster.kill(old)
            receiver.goOn()
            for number in 0..<40 {
                acknowledged.append(try await real.store("after \(number)", through: (old + 1 + number % 2) % 3))
            }
            let wanted = Set(acknowledged.map(\.id))
            try await real.until("everything is told") {
                try wanted.isSubset(of: receiver.requests.map { try Self.memoryID($0) })
            }
            // Repetitions carry the number of the delivery that they repeat.
            var numbers: [String: Set<String>] = [:]
            for request in receiver.requests {
                Self.expectSigned(request)
                numbers[try Self.memoryID(request), default: []].insert(request.headers["x-mneme-delivery"] ?? "")
            }
            #expect(Set(numbers.keys) == wanted)
            #expect(numbers.values.allSatisfy { $0.count == 1 && $0 != [""] })
            #expect(Set(numbers.values.flatMap(\.self)).count == wanted.count)
            let held = receiver.requests[29].headers["x-mneme-delivery"]
            #expect(receiver.requests.count { $0.headers["x-mneme-delivery"] == held } >= 2, "nobody saw it answered")

            // The log was told of each once, whoever sent it and however often.
            try await real.until("everything is settled") {
                let answer = try await real.client.send(APIRequest(method: "GET", target: "/api/v1/subscriptions"))
                let rows = try JSONValue.parse(answer.response.bodyText)["subscriptions"]?.arrayValue
                let row = try #require(rows?.first)
                #expect(row["failure_count"] == 0)
                return row["dispatch_count"]?.integerValue == wanted.count
            }
        }
    }

    private static func memoryID(_ request: HookReceiver.Request) throws -> String {
        try #require(try JSONValue.parse(request.body)["memory_id"]?.stringValue, "\(request.body)")
    }

    private static func expectSigned(_ request: HookReceiver.Request) {
        let signed = (request.headers["x-ai-memory-timestamp"] ?? "") + "." + request.body
        let hash = PlainSHA256.hmac(key: PlainSHA256.digest(Array(secret.utf8)), Array(signed.utf8))
        let text = hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(request.headers["x-ai-memory-signature"] == "sha256=\(text)", "\(request)")
    }

    @Test func `the hash that signatures are checked with is that of the standards`() {
        let text = { (bytes: [UInt8]) in bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        // FIPS 180-4, "abc"; RFC 4231, test case 2.
        #expect(
            text(PlainSHA256.digest(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            text(PlainSHA256.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}

/// A listener that keeps every request and answers 200, one of them only when it is told to.
///
/// Owns: its socket and thread. Must never: wait longer than its deadline for a client.
private final class HookReceiver: Sendable {
    struct Request: Sendable {
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    let port: Int
    private let listener: Int32
    private let holdsBackAt: Int
    private let going = DispatchSemaphore(value: 0)
    private let kept = Mutex<[Request]>([])

    var requests: [Request] { kept.withLock { $0 } }

    init(holdsBackAt: Int) throws {
        self.holdsBackAt = holdsBackAt
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(listener >= 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(isListening)
        Thread.detachNewThread { self.serve() }
    }

    func goOn() { going.signal() }
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            var timeout = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            if let request = read(connection) {
                let count = kept.withLock { kept in
                    kept.append(request)
                    return kept.count
                }
                if count == holdsBackAt { _ = going.wait(timeout: .now() + 30) }
                let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
                // The sender may be dead by now, which is what the test is about.
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            }
            close(connection)
        }
        close(listener)
    }

    /// nil: the client went away in the middle.
    private func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let request = Self.parse(bytes) { return request }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8]) -> Request? {
        guard let end = String(decoding: bytes, as: UTF8.self).range(of: "\r\n\r\n") else { return nil }
        let whole = String(decoding: bytes, as: UTF8.self)
        var headers: [String: String] = [:]
        for line in whole[..<end.lowerBound].components(separatedBy: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        let body = String(whole[end.upperBound...])
        return body.utf8.count == headers["content-length"].flatMap { Int($0) }
            ? Request(headers: headers, body: body) : nil
    }
}

/// SHA-256 (FIPS 180-4) and HMAC (RFC 2104), written down once more: a signature is not checked with the code that made it.
private enum PlainSHA256 {
    /// The first 32 bits of the fractional parts of square (`power` 2) or cube roots of the first primes.
    private static func constants(_ count: Int, power: Int) -> [UInt32] {
        var found: [UInt32] = []
        var candidate = 2
        while found.count < count {
            if !(2..<candidate).contains(where: { candidate % $0 == 0 }) { found.append(root(candidate, power)) }
            candidate += 1
        }
        return found
    }

    /// The lower 32 bits of the largest r with r^power <= number * 2^(32 * power).
    private static func root(_ number: Int, _ power: Int) -> UInt32 {
        let bound = UInt128(number) << UInt128(32 * power)
        var (low, high) = (UInt128(0), UInt128(1) << 37)
        while high - low > 1 {
            let middle = (low + high) / 2
            let isSmall = power == 2 ? middle * middle <= bound : middle * middle * middle <= bound
            if isSmall { low = middle } else { high = middle }
        }
        return UInt32(truncatingIfNeeded: low)
    }

    private static let start = constants(8, power: 2)
    private static let rounds = constants(64, power: 3)

    static func digest(_ message: [UInt8]) -> [UInt8] {
        var bytes = message + [0x80]
        bytes += [UInt8](repeating: 0, count: (120 - bytes.count % 64) % 64)
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: (UInt64(message.count) * 8) >> UInt64(56 - 8 * $0)) }
        var hash = start
        for block in stride(from: 0, to: bytes.count, by: 64) {
            for (place, value) in compressed(Array(bytes[block..<block + 64]), hash).enumerated() {
                hash[place] &+= value
            }
        }
        return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func compressed(_ block: [UInt8], _ hash: [UInt32]) -> [UInt32] {
        func turned(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        var words = (0..<16).map { place in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[place * 4 + $1]) } }
        for place in 16..<64 {
            let (early, late) = (words[place - 15], words[place - 2])
            let first = turned(early, 7) ^ turned(early, 18) ^ early >> 3
            let second = turned(late, 17) ^ turned(late, 19) ^ late >> 10
            words.append(words[place - 16] &+ first &+ words[place - 7] &+ second)
        }
        var state = hash
        for place in 0..<64 {
            let (a, b, c, e, f, g) = (state[0], state[1], state[2], state[4], state[5], state[6])
            let choice = (e & f) ^ (~e & g)
            let sumE = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
            let first = state[7] &+ sumE &+ choice &+ rounds[place] &+ words[place]
            let second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ ((a & b) ^ (a & c) ^ (b & c))
            state = [first &+ second, a, b, c, state[3] &+ first, e, f, g]
        }
        return state
    }

    static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        precondition(key.count <= 64, "longer keys are hashed first, which no test needs")
        let block = key + [UInt8](repeating: 0, count: 64 - key.count)
        return digest(block.map { $0 ^ 0x5C } + digest(block.map { $0 ^ 0x36 } + message))
    }
}
