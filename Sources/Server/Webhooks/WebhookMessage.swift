/// What a subscriber is sent, and how it is signed.
///
/// Owns: the bytes of body and headers, as v0.6.3 has them, and the signature (HMAC, RFC 2104, over SHA-256). Must never:
/// send the same body with keys in another order: receivers sign what they got, not what it means.
import JSON
import StateMachine

struct WebhookMessage: Sendable {
    static let userAgent = "ai-memory/0.6.0.0"

    var body: [UInt8]
    var headers: [(name: String, value: String)]

    /// - Parameters:
    ///   - secretHash: SHA-256 of the secret, which is the key; empty: unsigned.
    ///   - nowNanoseconds: the moment of this attempt.
    init(_ delivery: Delivery, secretHash: [UInt8], nowNanoseconds: Int64) {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("event")
        writer.string(delivery.event)
        writer.key("memory_id")
        writer.string(delivery.memoryID)
        writer.key("namespace")
        writer.string(delivery.namespace)
        writer.key("agent_id")
        writer.string(delivery.agentID)
        writer.key("delivered_at")
        writer.string(Timestamp.text(nanoseconds: nowNanoseconds))
        writer.endObject()
        body = writer.bytes
        let timestamp = String(nowNanoseconds / 1_000_000_000)
        headers = [
            ("content-type", "application/json"), ("user-agent", Self.userAgent),
            ("x-ai-memory-timestamp", timestamp),
            // Delivery is at least once; this is the same for every attempt.
            ("x-mneme-delivery", String(delivery.number)),
        ]
        if !secretHash.isEmpty {
            let signature = Self.signature(key: secretHash, timestamp: timestamp, body: body)
            headers.append(("x-ai-memory-signature", "sha256=" + signature))
        }
    }

    /// Lower-case hex of HMAC-SHA256 over timestamp, a dot and the body.
    static func signature(key: [UInt8], timestamp: String, body: [UInt8]) -> String {
        hexadecimal(hmac(key: key, Array(timestamp.utf8) + [UInt8(ascii: ".")] + body))
    }

    static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let blockBytes = 64
        var block = key.count > blockBytes ? SHA256Digest.of(key) : key
        block += [UInt8](repeating: 0, count: blockBytes - block.count)
        let inner = SHA256Digest.of(block.map { $0 ^ 0x36 } + message)
        return SHA256Digest.of(block.map { $0 ^ 0x5C } + inner)
    }
}
