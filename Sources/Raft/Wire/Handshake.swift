/// The first frame in each direction of a connection: who dials whom, in which cluster, in which protocol versions.
///
/// Owns: the three control frames (hello, welcome, refusal). Whether a connection is taken: `PeerAdmission`. The layout
/// of `Hello` up to and including the versions never changes, so that any two builds can at least tell each other that
/// they differ; later versions add fields only at its end. Must never: authenticate (that is TLS's task), or tell a
/// stranger the cluster's id.

/// What the dialler says first.
public struct Hello: Hashable, Sendable {
    /// Fixed first bytes: they tell this protocol from anything else that may connect to the port.
    public static let magic: [UInt8] = Array("MnemRaft".utf8)
    /// The newest version this build speaks; grows when messages change so that older nodes cannot read them.
    public static let protocolVersion: UInt16 = 3
    /// The oldest version this build still speaks. Two nodes use the newest that both speak.
    public static let protocolVersionMin: UInt16 = 2
    /// What this build speaks.
    public static let protocolVersions: ClosedRange<UInt16> = protocolVersionMin...protocolVersion
    /// The first version whose hello has the fields after the version as they are now.
    static let layoutVersion: UInt16 = 2
    public static let clusterIDBytes = 16

    /// What the dialler speaks.
    public var versions: ClosedRange<UInt16>
    /// `clusterIDBytes` bytes, equal on all nodes of a cluster.
    public var clusterID: [UInt8]
    public var from: NodeID
    public var to: NodeID
    /// Names the dialler's data directory; zero when it has none.
    public var incarnation: UInt64
    /// `host:port` where the dialler is reached, so that a node that does not know it yet can answer; empty: not told.
    /// At most `Member.addressBytesMax` bytes.
    public var address: String

    public init(
        clusterID: [UInt8], from: NodeID, to: NodeID, incarnation: UInt64 = 0, address: String = "",
        versions: ClosedRange<UInt16> = Hello.protocolVersions
    ) {
        precondition(clusterID.count == Hello.clusterIDBytes, "a cluster id has 16 bytes")
        precondition(address.utf8.count <= Member.addressBytesMax, "the address of a node has a limit")
        self.clusterID = clusterID
        self.from = from
        self.to = to
        self.incarnation = incarnation
        self.address = address
        self.versions = versions
    }

    /// The newest version that the dialler and a node speaking `ours` have in common.
    public func commonVersion(_ ours: ClosedRange<UInt16>) -> UInt16? {
        let newest = min(versions.upperBound, ours.upperBound)
        return newest >= max(versions.lowerBound, ours.lowerBound) ? newest : nil
    }
}

/// The dialled node takes the connection.
public struct Welcome: Hashable, Sendable {
    public var from: NodeID
    /// Names its data directory; zero when it has none.
    public var incarnation: UInt64
    /// The version that both sides use from now on.
    public var protocolVersion: UInt16

    public init(from: NodeID, incarnation: UInt64 = 0, protocolVersion: UInt16 = Hello.protocolVersion) {
        self.from = from
        self.incarnation = incarnation
        self.protocolVersion = protocolVersion
    }
}

/// Why a connection was not taken.
public struct Refusal: Hashable, Sendable, CustomStringConvertible {
    public enum Reason: UInt8, Sendable, CaseIterable {
        case otherCluster = 1
        /// The dialler wanted a node that this one is not.
        case otherNode = 2
        case otherVersion = 3
        /// The dialler has an id that no node can have.
        case unknownNode = 4
        /// The dialler claims the id of the node it dialled.
        case ownID = 5
        /// The id is a member's, but that member speaks from another data directory (catalogue bug 9).
        case otherDirectory = 6
        /// The id was removed from the cluster.
        case removed = 7

        /// Whether no later connection of the same process can fare better, so that the refused node should stop.
        public var isFinal: Bool { self == .otherDirectory || self == .removed }
    }
    public var reason: Reason
    /// The node that refuses.
    public var from: NodeID
    /// The newest version it speaks.
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
        case .otherVersion:
            "\(from) speaks protocol versions up to \(protocolVersion), this node \(Hello.protocolVersionMin) to "
                + "\(Hello.protocolVersion)"
        case .unknownNode: "\(from) does not know a node with this id"
        case .ownID: "\(from) has the same node id as this node"
        case .otherDirectory:
            "\(from) knows this node id with another data directory: what that directory held is what the cluster "
                + "counts on. Start with that directory, or join as a new node with a new id"
        case .removed:
            "\(from) says that this node was removed from the cluster. Ids are never used twice: to take part again, "
                + "join as a new node with a new id and an empty directory"
        }
    }
}

/// A frame that manages the connection and never reaches the core.
public enum ControlFrame: Hashable, Sendable {
    case hello(Hello)
    /// The connection is taken; messages may follow.
    case welcome(Welcome)
    case refusal(Refusal)
}

extension ControlFrame {
    fileprivate static let helloType: UInt8 = 0xF0
    private static let welcomeType: UInt8 = 0xF1
    private static let refusalType: UInt8 = 0xF2
    /// Type, magic, versions, cluster id, from, to, incarnation, address length.
    private static let helloFixedBytes = 1 + Hello.magic.count + 4 + Hello.clusterIDBytes + 24 + 2

    /// The body of the frame.
    public func encode() -> [UInt8] {
        let size =
            switch self {
            case .hello(let hello): ControlFrame.helloFixedBytes + hello.address.utf8.count
            case .welcome: 19
            case .refusal: 12
            }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer))
            switch self {
            case .hello(let hello):
                hello.encode(to: &writer)
            case .welcome(let welcome):
                writer.uint8(ControlFrame.welcomeType)
                writer.uint64(welcome.from.rawValue)
                writer.uint64(welcome.incarnation)
                writer.uint16(welcome.protocolVersion)
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

    /// - Throws: `.notAHandshake` for anything that is no control frame, `.protocolVersion` for a hello of a version
    ///   whose fields are unknown, otherwise what is wrong with the field.
    public static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> ControlFrame {
        var reader = ByteReader(body)
        let frame: ControlFrame
        switch try reader.uint8("control.type") {
        case helloType:
            let hello = try Hello(decoding: &reader)
            // A later version may say more at the end.
            if hello.versions.upperBound > Hello.protocolVersion { return .hello(hello) }
            frame = .hello(hello)
        case welcomeType:
            let from = NodeID(try reader.uint64("welcome.from"))
            let incarnation = try reader.uint64("welcome.incarnation")
            frame = .welcome(
                Welcome(
                    from: from, incarnation: incarnation,
                    protocolVersion: try reader.uint16("welcome.protocolVersion")))
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
    fileprivate func encode(to writer: inout ByteWriter) {
        writer.uint8(ControlFrame.helloType)
        writer.bytes(Hello.magic)
        writer.uint16(versions.upperBound)
        writer.uint16(versions.lowerBound)
        writer.bytes(clusterID)
        writer.uint64(from.rawValue)
        writer.uint64(to.rawValue)
        writer.uint64(incarnation)
        let address = Array(self.address.utf8)
        writer.uint16(UInt16(address.count))
        writer.bytes(address)
    }

    fileprivate init(decoding reader: inout ByteReader) throws(WireError) {
        guard reader.remainingBytes >= Hello.magic.count,
            try reader.bytes("hello.magic", count: Hello.magic.count) == Hello.magic
        else { throw .notAHandshake }
        let newest = try reader.uint16("hello.protocolVersion")
        guard newest >= Hello.layoutVersion else {
            throw .protocolVersion(theirs: newest, ours: Hello.protocolVersion)
        }
        let oldest = try reader.uint16("hello.protocolVersionMin")
        guard oldest <= newest else { throw .invalidValue(field: "hello.protocolVersionMin", value: UInt64(oldest)) }
        let clusterID = try reader.bytes("hello.clusterID", count: Hello.clusterIDBytes)
        let from = NodeID(try reader.uint64("hello.from"))
        let to = NodeID(try reader.uint64("hello.to"))
        let incarnation = try reader.uint64("hello.incarnation")
        let length = Int(try reader.uint16("hello.address"))
        guard length <= Member.addressBytesMax else {
            throw .fieldTooLong(field: "hello.address", bytes: length, bytesMax: Member.addressBytesMax)
        }
        let text = try reader.bytes("hello.address", count: length)
        guard let address = String(validating: text, as: UTF8.self) else {
            throw .invalidValue(field: "hello.address", value: UInt64(length))
        }
        self.init(
            clusterID: clusterID, from: from, to: to, incarnation: incarnation, address: address,
            versions: oldest...newest)
    }
}
