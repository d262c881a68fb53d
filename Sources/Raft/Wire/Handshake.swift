/// The first frame in each direction of a connection: who dials whom, in which cluster, in which protocol version.
///
/// Owns: the three control frames (hello, welcome, refusal) and the decision to refuse. The layout of `Hello` up to and
/// including the version never changes, so that any two versions can at least tell each other that they differ.
/// Must never: authenticate (that is TLS's task), or tell a stranger the cluster's id.

/// What the dialler says first.
public struct Hello: Hashable, Sendable {
    /// Fixed first bytes: they tell this protocol from anything else that may connect to the port.
    public static let magic: [UInt8] = Array("MnemRaft".utf8)
    /// Grows when messages change so that older nodes cannot read them.
    public static let protocolVersion: UInt16 = 1
    public static let clusterIDBytes = 16

    /// `clusterIDBytes` bytes, equal on all nodes of a cluster.
    public var clusterID: [UInt8]
    public var from: NodeID
    public var to: NodeID

    public init(clusterID: [UInt8], from: NodeID, to: NodeID) {
        precondition(clusterID.count == Hello.clusterIDBytes, "a cluster id has 16 bytes")
        self.clusterID = clusterID
        self.from = from
        self.to = to
    }
}

/// Why a connection was not taken.
public struct Refusal: Hashable, Sendable, CustomStringConvertible {
    public enum Reason: UInt8, Sendable, CaseIterable {
        case otherCluster = 1
        /// The dialler wanted a node that this one is not.
        case otherNode = 2
        case otherVersion = 3
        /// The dialler's id is not one of the cluster's nodes.
        case unknownNode = 4
        /// The dialler claims the id of the node it dialled.
        case ownID = 5
    }
    public var reason: Reason
    /// The node that refuses.
    public var from: NodeID
    /// The version it speaks.
    public var protocolVersion: UInt16

    public init(reason: Reason, from: NodeID, protocolVersion: UInt16 = Hello.protocolVersion) {
        self.reason = reason
        self.from = from
        self.protocolVersion = protocolVersion
    }

    public var description: String {
        switch reason {
        case .otherCluster: "it is node \(from) of another cluster"
        case .otherNode: "the node at that address is \(from)"
        case .otherVersion: "\(from) speaks protocol version \(protocolVersion), not \(Hello.protocolVersion)"
        case .unknownNode: "\(from) does not know a node with this id"
        case .ownID: "\(from) has the same node id as this node"
        }
    }
}

/// A frame that manages the connection and never reaches the core.
public enum ControlFrame: Hashable, Sendable {
    case hello(Hello)
    /// The connection is taken; messages may follow.
    case welcome(from: NodeID)
    case refusal(Refusal)
}

extension ControlFrame {
    private static let helloType: UInt8 = 0xF0
    private static let welcomeType: UInt8 = 0xF1
    private static let refusalType: UInt8 = 0xF2

    /// The body of the frame.
    public func encode() -> [UInt8] {
        let size =
            switch self {
            case .hello: 1 + Hello.magic.count + 2 + Hello.clusterIDBytes + 16
            case .welcome: 9
            case .refusal: 12
            }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
            switch self {
            case .hello(let hello):
                writer.uint8(ControlFrame.helloType)
                writer.bytes(Hello.magic)
                writer.uint16(Hello.protocolVersion)
                writer.bytes(hello.clusterID)
                writer.uint64(hello.from.rawValue)
                writer.uint64(hello.to.rawValue)
            case .welcome(let from):
                writer.uint8(ControlFrame.welcomeType)
                writer.uint64(from.rawValue)
            case .refusal(let refusal):
                writer.uint8(ControlFrame.refusalType)
                writer.uint8(refusal.reason.rawValue)
                writer.uint16(refusal.protocolVersion)
                writer.uint64(refusal.from.rawValue)
            }
            writer.finish()
            initialized = size
        }
    }

    /// - Throws: `.notAHandshake` for anything that is no control frame, `.protocolVersion` for a hello of another
    ///   version, otherwise what is wrong with the field.
    public static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> ControlFrame {
        var reader = ByteReader(body)
        let frame: ControlFrame
        switch try reader.uint8("control.type") {
        case helloType:
            guard reader.remainingBytes >= Hello.magic.count,
                try reader.bytes("hello.magic", count: Hello.magic.count) == Hello.magic
            else { throw .notAHandshake }
            let version = try reader.uint16("hello.protocolVersion")
            guard version == Hello.protocolVersion else {
                throw .protocolVersion(theirs: version, ours: Hello.protocolVersion)
            }
            frame = .hello(
                Hello(
                    clusterID: try reader.bytes("hello.clusterID", count: Hello.clusterIDBytes),
                    from: NodeID(try reader.uint64("hello.from")), to: NodeID(try reader.uint64("hello.to"))))
        case welcomeType:
            frame = .welcome(from: NodeID(try reader.uint64("welcome.from")))
        case refusalType:
            let code = try reader.uint8("refusal.reason")
            guard let reason = Refusal.Reason(rawValue: code) else {
                throw .invalidValue(field: "refusal.reason", value: UInt64(code))
            }
            let version = try reader.uint16("refusal.protocolVersion")
            frame = .refusal(
                Refusal(
                    reason: reason, from: NodeID(try reader.uint64("refusal.from")), protocolVersion: version))
        default:
            throw .notAHandshake
        }
        try reader.finish()
        return frame
    }
}

extension Hello {
    /// Whether the node that was dialled takes the connection.
    ///
    /// - Parameters:
    ///   - node: the node that was dialled.
    ///   - clusterID: its cluster.
    ///   - isPeer: whether an id belongs to another node of the cluster.
    /// - Returns: why not, or nil when it does.
    public func refusal(by node: NodeID, clusterID: [UInt8], isPeer: (NodeID) -> Bool) -> Refusal? {
        if self.clusterID != clusterID { return Refusal(reason: .otherCluster, from: node) }
        if to != node { return Refusal(reason: .otherNode, from: node) }
        if from == node { return Refusal(reason: .ownID, from: node) }
        if !isPeer(from) { return Refusal(reason: .unknownNode, from: node) }
        return nil
    }
}
