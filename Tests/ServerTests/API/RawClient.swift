/// A client of bytes: writes what it is told, reads answers until it has enough or the peer closes.
///
/// Owns: one socket per exchange, with a deadline on every read and write. Must never: repair what it is given to send.
import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum RawClient {
    struct Answer: Sendable {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: String
        func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    }
    struct Failure: Error {
        var doing: String
        var code: Int32
    }
    private static let deadlineSeconds = 20

    /// - Parameters:
    ///   - answers: how many to wait for; fewer are returned when the peer closes.
    ///   - headAt: positions of answers that have a length but no body.
    static func exchange(
        port: Int, answers: Int, _ pieces: [String], headAt: Set<Int> = []
    ) async throws -> [Answer] {
        try await withCheckedThrowingContinuation { continuation in
            // Blocking calls stay off the threads that run the server.
            Thread.detachNewThread {
                continuation.resume(with: Result { try blocking(port, answers, pieces, headAt) })
            }
        }
    }

    private static func blocking(
        _ port: Int, _ wanted: Int, _ pieces: [String], _ headAt: Set<Int>
    ) throws -> [Answer] {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_INET, kind, 0)
        guard descriptor >= 0 else { throw Failure(doing: "socket", code: errno) }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: deadlineSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(doing: "connect", code: errno) }
        for piece in pieces {
            // A peer that has answered and closed may refuse the rest; its answer is still read.
            guard sendAll(descriptor, Array(piece.utf8)) else { break }
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let answers = parse(received, headAt)
            if answers.count >= wanted { return answers }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 || (count < 0 && errno == ECONNRESET) { return parse(received, headAt) }
            guard count > 0 else { throw Failure(doing: "receive", code: errno) }
            received.append(contentsOf: chunk[..<count])
        }
    }

    private static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        #if canImport(Darwin)
        let flags: Int32 = 0
        #else
        let flags = Int32(MSG_NOSIGNAL)
        #endif
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
                return send(descriptor, rest.baseAddress, rest.count, flags)
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }

    /// The whole answers at the front of `bytes`.
    private static func parse(_ bytes: [UInt8], _ headAt: Set<Int>) -> [Answer] {
        var answers: [Answer] = []
        var rest = bytes[...]
        while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            let status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) } ?? 0
            let headers = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (
                    name: parts[0].lowercased(),
                    value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
                )
            }
            var length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
            if headAt.contains(answers.count) || status < 200 { length = 0 }
            let body = rest[end.upperBound...]
            guard body.count >= length else { break }
            answers.append(
                Answer(status: status, headers: headers, body: String(decoding: body.prefix(length), as: UTF8.self)))
            rest = body.dropFirst(length)
        }
        return answers
    }
}
