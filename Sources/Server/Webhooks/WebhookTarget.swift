import NIOCore
import NIOPosix

/// Where a webhook goes: the parts of its address, and the machine that its name stands for.
///
/// Owns: that the address which was checked is the one that is connected to, so that a name cannot stand for another machine
/// a moment later. Must never: look a name up, or let through what `WebhookURL` refuses.
struct WebhookTarget: Sendable {
    var host: String
    var port: Int
    var isTLS: Bool
    /// Path and query.
    var path: String
    /// 4 or 16 bytes when the host is an address and no name.
    var literal: [UInt8]?

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
        literal = IPAddress.v4(host)
        if host.hasPrefix("[") { literal = IPAddress.v6(String(host.dropFirst().dropLast())) }
    }

    /// What a certificate is verified against and a server chooses it by. An address has no such name: the certificate is
    /// then verified against the address itself.
    var tlsServerName: String? { literal == nil ? host : nil }

    /// The one to connect to. All addresses of the name have to be allowed, or none is used.
    func address(among found: [[UInt8]]) throws -> SocketAddress {
        guard let first = found.first else { throw Problem(description: "'\(host)' stands for no address") }
        // An address that the URL names was checked with it.
        for bytes in literal == nil ? found : [] {
            if let what = WebhookURL.refusal(of: bytes, allowsLoopback: isLocalName) {
                throw Problem(description: "'\(host)' stands for a \(what) address")
            }
        }
        return try SocketAddress(packedIPAddress: ByteBuffer(bytes: first), port: port)
    }

    /// Only names that say so may stand for this machine.
    private var isLocalName: Bool { host == "localhost" || host == "localhost.localdomain" }
}
