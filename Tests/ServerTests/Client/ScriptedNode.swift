/// A node made of a closure, on a real socket: what clients are tested against when the answer must be exact.
///
/// Owns: its listener and threads. Must never: answer what the test did not tell it to.
import Client
import Foundation
import Synchronization

final class ScriptedNode: Sendable {
    struct Request: Sendable {
        var method: String
        var target: String
        /// Names in lower case.
        var headers: [String: String]
        var body: String
        /// Which connection it came on, from 1.
        var connection: Int
    }
    enum Reply: Sendable {
        case json(Int, String, headers: [String] = [])
        /// These bytes, then the next request.
        case raw(String)
        /// These bytes, then the connection closes.
        case rawThenClose(String)
        /// No answer, until the node is stopped.
        case silence
    }

    let endpoint: Endpoint
    private let listener: Int32
    private let handler: @Sendable (Request) -> Reply
    private struct State {
        var requests: [Request] = []
        var connections: [Int32] = []
        var isStopped = false
    }
    private let state = Mutex(State())

    var requests: [Request] { state.withLock { $0.requests } }
    var connectionCount: Int { state.withLock { $0.connections.count } }

    init(_ handler: @escaping @Sendable (Request) -> Reply) throws {
        self.handler = handler
        (listener, endpoint) = try ScriptedNode.bound(listening: true)
        Thread.detachNewThread { self.accept() }
    }

    /// Closes everything, so that clients see a dead node.
    func stop() {
        let connections = state.withLock { state -> [Int32] in
            guard !state.isStopped else { return [] }
            state.isStopped = true
            return state.connections
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections { shutdown(connection, Int32(SHUT_RDWR)) }
    }

    /// An endpoint where nobody listens: the port stays bound for as long as the tests run, so that no other test's node
    /// gets it and answers in its place.
    static func deadEndpoint() throws -> Endpoint { try bound(listening: false).1 }

    private static func bound(listening: Bool) throws -> (Int32, Endpoint) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer -> Int? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, !listening || listen(descriptor, 64) == 0,
                    getsockname(descriptor, generic, &length) == 0
                else { return nil }
                return generic.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    Int(UInt16(bigEndian: $0.pointee.sin_port))
                }
            }
        }
        guard let port else { throw ScriptedNodeError.cannotListen }
        return (descriptor, Endpoint(host: "127.0.0.1", port: port))
    }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let number = state.withLock { state -> Int? in
                guard !state.isStopped else { return nil }
                state.connections.append(descriptor)
                return state.connections.count
            }
            guard let number else {
                close(descriptor)
                break
            }
            Thread.detachNewThread { self.serve(descriptor, number) }
        }
        close(listener)
    }

    private func serve(_ descriptor: Int32, _ number: Int) {
        var received: [UInt8] = []
        while let request = ScriptedNode.readRequest(descriptor, &received, connection: number) {
            state.withLock { $0.requests.append(request) }
            switch handler(request) {
            case .json(let status, let body, let headers):
                let lines = headers.map { $0 + "\r\n" }.joined()
                ScriptedNode.write(
                    descriptor,
                    "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\n\(lines)"
                        + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
            case .raw(let text): ScriptedNode.write(descriptor, text)
            case .rawThenClose(let text):
                ScriptedNode.write(descriptor, text)
                shutdown(descriptor, Int32(SHUT_RDWR))
            case .silence: break
            }
        }
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    private static func readRequest(_ descriptor: Int32, _ received: inout [UInt8], connection: Int) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let request = takeRequest(&received, connection: connection) { return request }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            received.append(contentsOf: chunk[..<count])
        }
    }

    private static func takeRequest(_ received: inout [UInt8], connection: Int) -> Request? {
        let text = String(decoding: received, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        let body = Array(text[end.upperBound...].utf8)
        guard words.count == 3, body.count >= length else { return nil }
        received = Array(body[length...])
        return Request(
            method: words[0], target: words[1], headers: headers,
            body: String(decoding: body[..<length], as: UTF8.self), connection: connection)
    }
}

enum ScriptedNodeError: Error { case cannotListen }
