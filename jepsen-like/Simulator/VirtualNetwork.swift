import Raft

/// The network between simulated nodes: drops, delays, duplicates, reorders, and cuts links in one direction or both.
///
/// Messages travel as bytes, through the same codec as over TCP. Must never: deliver what it was told to drop.
public final class VirtualNetwork: @unchecked Sendable {
    // Sendable: used on the thread that runs `time` only.
    public struct Faults: Sendable {
        public var dropPerThousand = 0
        public var duplicatePerThousand = 0
        public var delayNanosecondsMin: UInt64 = 100_000
        public var delayNanosecondsMax: UInt64 = 1_000_000
        public init() {}
        /// A bad day: one message in ten lost, one in twenty doubled, delays up to 80 ms (reordering follows).
        public static var rough: Faults {
            var faults = Faults()
            faults.dropPerThousand = 100
            faults.duplicatePerThousand = 50
            faults.delayNanosecondsMax = 80_000_000
            return faults
        }
    }
    private struct Link: Hashable {
        var from: NodeID
        var to: NodeID
    }

    private let time: VirtualTime
    public var faults = Faults()
    private var cutLinks: Set<Link> = []
    private var receivers: [NodeID: @Sendable (RaftMessage) -> Void] = [:]
    public private(set) var deliveredCount = 0
    public private(set) var droppedCount = 0

    public init(time: VirtualTime) { self.time = time }

    public func attach(_ node: NodeID, _ receive: @escaping @Sendable (RaftMessage) -> Void) {
        receivers[node] = receive
    }
    public func detach(_ node: NodeID) { receivers[node] = nil }

    public func cut(from: NodeID, to: NodeID) { cutLinks.insert(Link(from: from, to: to)) }
    /// Cuts `node` off from everybody, both ways.
    public func isolate(_ node: NodeID, from others: [NodeID]) {
        for other in others where other != node {
            cut(from: node, to: other)
            cut(from: other, to: node)
        }
    }
    public func healAll() {
        cutLinks.removeAll()
        faults = Faults()
    }

    func send(_ message: RaftMessage) {
        if cutLinks.contains(Link(from: message.from, to: message.to))
            || time.random.chance(perThousand: faults.dropPerThousand)
        {
            droppedCount += 1
            return
        }
        let bytes: [UInt8]
        do throws(WireError) {
            bytes = try MessageCodec.encode(message)
        } catch {
            preconditionFailure("a node sends what cannot be encoded: \(error)")
        }
        deliver(bytes, to: message.to)
        if time.random.chance(perThousand: faults.duplicatePerThousand) { deliver(bytes, to: message.to) }
    }

    private func deliver(_ bytes: [UInt8], to node: NodeID) {
        let delay = time.random.between(faults.delayNanosecondsMin, faults.delayNanosecondsMax)
        time.schedule(afterNanoseconds: delay) { [self] in
            guard let receive = receivers[node] else { return }
            do throws(WireError) {
                deliveredCount += 1
                receive(try MessageCodec.decode(bytes))
            } catch {
                preconditionFailure("a message that was encoded here does not decode: \(error)")
            }
        }
    }
}

/// One node's way onto the network.
public final class VirtualTransport: Transport {
    private let network: VirtualNetwork
    private let life: NodeLife
    public init(network: VirtualNetwork, life: NodeLife) {
        self.network = network
        self.life = life
    }
    public func send(_ message: RaftMessage) {
        if life.isAlive { network.send(message) }
    }
    public func flush() {}
}
