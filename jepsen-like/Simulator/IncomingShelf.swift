import Raft

/// Incoming snapshots of the machines that live in memory: durable in steps, as on a disk, so that a transfer goes on
/// behind what an earlier one, or an earlier process, made durable.
///
/// Owns: what is durable and what is only written. Must never: give back a byte that a power cut would have taken.
public final class IncomingShelf: @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private struct Arrival {
        var content: IncomingSnapshot?
        var bytes: [UInt8]
        var syncedCount = 0
    }
    private static let syncBytes = 1_024

    private var arrivals: [UInt64: Arrival] = [:]
    private var durable: (content: IncomingSnapshot, bytes: [UInt8])?

    public init() {}

    /// A new process: only what is durable is left.
    func restart() { arrivals.removeAll() }

    func begin(identifier: UInt64, content: IncomingSnapshot) -> UInt64 {
        arrivals.removeAll()
        let held = durable?.content == content ? durable?.bytes ?? [] : []
        if held.isEmpty { durable = nil }
        arrivals[identifier] = Arrival(content: content, bytes: held, syncedCount: held.count)
        return UInt64(held.count)
    }

    func write(identifier: UInt64, atBytes offset: UInt64, bytes: [UInt8]) throws(StateMachineError) {
        var arrival = arrivals[identifier] ?? Arrival(content: nil, bytes: [])
        if offset == 0 {
            arrival.bytes = []
            arrival.syncedCount = 0
        }
        guard arrival.bytes.count == Int(offset) else { throw StateMachineError("piece out of order") }
        arrival.bytes += bytes
        if let content = arrival.content,
            arrival.bytes.count >= arrival.syncedCount + Self.syncBytes
                || arrival.bytes.count == Int(content.totalBytes)
        {
            arrival.syncedCount = arrival.bytes.count
            durable = (content, arrival.bytes)
        }
        arrivals[identifier] = arrival
    }

    /// The bytes that arrived; they are gone then.
    func take(identifier: UInt64) -> [UInt8]? {
        defer { discard(identifier: identifier) }
        return arrivals[identifier]?.bytes
    }

    func discard(identifier: UInt64) {
        guard let content = arrivals.removeValue(forKey: identifier)?.content else { return }
        if durable?.content == content { durable = nil }
    }
}
