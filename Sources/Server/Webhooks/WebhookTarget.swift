import NIOCore
import NIOPosix

/// Where a webhook goes: the parts of its address, and the machine that its name stands for.
///
/// Owns: that the address which was checked is the one that is connected to, so that a name cannot stand for another machine
/// a moment later. Must never: follow a redirect, or connect to what `WebhookURL` refuses.
struct WebhookTarget: Sendable {
    var host: String
    var port: Int
    var isTLS: Bool
    /// Path and query.
    var path: String

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    init(url: String) throws(Problem) {
        if let reason = WebhookURL.problem(url) { throw Problem(description: reason) }
        let parts = WebhookURL.parts(url)
        guard let parts else { throw Problem(description: "url has no valid host") }
        isTLS = parts.isTLS
        host = parts.host
        port = parts.port ?? (parts.isTLS ? 443 : 80)
        path = parts.path
    }

    /// Blocking: on a thread for that. All addresses of the name have to be allowed, or none is used.
    func resolve() throws -> SocketAddress {
        if let bytes = IPAddress.v4(host) { return try address(bytes) }
        if host.hasPrefix("["), let bytes = IPAddress.v6(String(host.dropFirst().dropLast())) {
            return try address(bytes)
        }
        let found = try SocketAddresses.resolve(host: host, port: port)
        guard let first = found.first else { throw Problem(description: "'\(host)' stands for no address") }
        for bytes in found {
            if let what = WebhookURL.refusal(of: bytes, allowsLoopback: isLocalName) {
                throw Problem(description: "'\(host)' stands for a \(what) address")
            }
        }
        return try address(first)
    }

    /// Only names that say so may stand for this machine.
    private var isLocalName: Bool { host == "localhost" || host == "localhost.localdomain" }

    private func address(_ bytes: [UInt8]) throws -> SocketAddress {
        try SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: port)
    }
}
