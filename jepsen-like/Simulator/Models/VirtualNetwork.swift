import Raft

/// The network between simulated nodes: delays, loses, doubles, reorders, clogs, and cuts links in one direction or both.
///
/// Owns: what is under way, and which links are cut or clogged. Must never: deliver what it was told to drop, or hand a
/// message to a process that has ended.
public final class VirtualNetwork: @unchecked Sendable {
    // Sendable: used on the thread that runs `time` only.

    /// Node ids are places in bit masks.
    public static let nodeIDMax: UInt64 = 63

    private struct Link {
        var isCut = false
        var clogEndsNanoseconds: UInt64 = 0
        var cloggedMessages = 0
        var lastDeliveryNanoseconds: UInt64 = 0
    }

    private let time: VirtualTime
    private var random: SplitMix64
    public var model: NetworkModel
    private var links: [Link]
    private var receivers: [(@Sendable (RaftMessage) -> Void)?]
    private struct Carried {
        var message: RaftMessage
        var age: Int
    }
    private var underWay = Slots<Carried>()
    private var age = 0
    /// Sees every message that a node sends, before the network decides what becomes of it.
    var onSend: (RaftMessage) -> Void = { _ in }
    /// The layout that the builds of sender and receiver have in common; nil when all are of one build.
    var layout: ((NodeID, NodeID) -> UInt8)?
    /// Sees what becomes of every message: when it will arrive, or that it will not.
    var onCarriage: ((RaftMessage, UInt64?) -> Void)?
    public private(set) var sentCount = 0
    public private(set) var deliveredCount = 0
    public private(set) var droppedCount = 0

    public init(time: VirtualTime, model: NetworkModel = NetworkModel(), random: SplitMix64) {
        self.time = time
        self.model = model
        self.random = random
        let places = Int(Self.nodeIDMax) + 1
        links = [Link](repeating: Link(), count: places * places)
        receivers = Array(repeating: nil, count: places)
        time.deliver = { [unowned self] in arrive($0) }
    }

    private func place(_ from: NodeID, _ to: NodeID) -> Int {
        Int(from.rawValue) * (Int(Self.nodeIDMax) + 1) + Int(to.rawValue)
    }

    func attach(_ node: NodeID, _ receive: @escaping @Sendable (RaftMessage) -> Void) {
        precondition(node.rawValue <= Self.nodeIDMax, "\(node) has no place in the network")
        receivers[Int(node.rawValue)] = receive
    }
    func detach(_ node: NodeID) { receivers[Int(node.rawValue)] = nil }

    // MARK: faults

    public func cut(from: NodeID, to: NodeID) { links[place(from, to)].isCut = true }
    public func join(from: NodeID, to: NodeID) { links[place(from, to)].isCut = false }
    public func isCut(from: NodeID, to: NodeID) -> Bool { links[place(from, to)].isCut }
    /// Cuts `node` off from everybody, both ways.
    public func isolate(_ node: NodeID, from others: [NodeID]) {
        for other in others where other != node {
            cut(from: node, to: other)
            cut(from: other, to: node)
        }
    }
    public func clog(from: NodeID, to: NodeID, forNanoseconds: UInt64) {
        links[place(from, to)].clogEndsNanoseconds = time.nowNanoseconds &+ forNanoseconds
    }
    public func joinAll() {
        for place in links.indices {
            links[place].isCut = false
            links[place].clogEndsNanoseconds = 0
            links[place].cloggedMessages = 0
        }
    }
    /// Whatever is under way is lost: a heartbeat that comes a minute late is one like any other.
    public func loseUnderWay() { age += 1 }
    /// Whole, and quick, and without loss.
    public func healAll() {
        joinAll()
        let encodes = model.encodesMessages
        model = NetworkModel()
        model.encodesMessages = encodes
    }

    // MARK: traffic

    func send(_ message: RaftMessage) {
        sentCount += 1
        onSend(message)
        guard message.to.rawValue <= Self.nodeIDMax else { return }
        let place = place(message.from, message.to)
        if links[place].isCut || isLost(message) {
            onCarriage?(message, nil)
            droppedCount += 1
            return
        }
        var delivery = time.nowNanoseconds &+ delay()
        if links[place].clogEndsNanoseconds > time.nowNanoseconds {
            links[place].cloggedMessages += 1
            if links[place].cloggedMessages > model.clogMessagesMax, random.chance(perThousand: 500) {
                droppedCount += 1
                return
            }
            delivery = delivery &+ (links[place].clogEndsNanoseconds - time.nowNanoseconds)
        } else {
            links[place].cloggedMessages = 0
        }
        if model.isOrdered {
            delivery = max(delivery, links[place].lastDeliveryNanoseconds)
            links[place].lastDeliveryNanoseconds = delivery
        }
        let carried = throughWireFormat(message)
        push(carried, at: delivery)
        guard model.duplicatePerThousand > 0, random.chance(perThousand: model.duplicatePerThousand) else { return }
        let isLate = model.lateDuplicateNanosecondsMax > 0 && random.chance(perThousand: 100)
        push(carried, at: delivery &+ (isLate ? random.between(1, model.lateDuplicateNanosecondsMax) : delay()))
    }

    private func isLost(_ message: RaftMessage) -> Bool {
        guard model.lossPerThousand > 0 else { return false }
        if let kind = model.lossyKind, kind != MessageKind(message.body) { return false }
        return random.chance(perThousand: model.lossPerThousand)
    }

    private func delay() -> UInt64 {
        let delay = model.delayNanosecondsMin &+ random.exponential(mean: model.delayNanosecondsMean)
        return model.hasSlowTail && random.chance(perThousand: 1) ? delay &* 50 : delay
    }

    private func push(_ message: RaftMessage, at delivery: UInt64) {
        onCarriage?(message, delivery)
        let slot = underWay.put(Carried(message: message, age: age))
        time.push(at: delivery, kind: .delivery, node: UInt16(truncatingIfNeeded: message.to.rawValue), slot: slot)
    }

    private func throughWireFormat(_ message: RaftMessage) -> RaftMessage {
        guard model.encodesMessages else { return message }
        do throws(WireError) {
            let layout = layout?(message.from, message.to) ?? MessageCodec.version
            let carried = try MessageCodec.decode(try MessageCodec.encode(message, layout: layout))
            precondition(
                carried == message || layout < MessageCodec.version,
                "a message changes on its way through the wire format: \(message)")
            return carried
        } catch {
            preconditionFailure("a node sends what the wire format refuses: \(error)")
        }
    }

    private func arrive(_ slot: UInt32) {
        let carried = underWay.take(slot)
        let message = carried.message
        // Links that were cut meanwhile lose what is under way, as a reset connection does.
        guard carried.age == age, let receive = receivers[Int(message.to.rawValue)],
            !links[place(message.from, message.to)].isCut
        else {
            droppedCount += 1
            return
        }
        deliveredCount += 1
        receive(message)
    }
}

/// One process's way onto the network.
final class VirtualTransport: Transport, @unchecked Sendable {
    // Sendable: used on the thread that runs virtual time only.
    private let network: VirtualNetwork
    private var isAlive = true
    init(network: VirtualNetwork) { self.network = network }
    func send(_ message: RaftMessage) {
        if isAlive { network.send(message) }
    }
    func flush() {}
    func end() { isAlive = false }
}
