/// Who belongs to the cluster, and how a change of that went: the answers of `/cluster/v1/members` and its relatives.
///
/// Owns: reading these documents. Must never: interpret them.
import JSON

public struct ClusterMember: Hashable, Sendable {
    public var id: UInt64
    /// host:port of its Raft listener.
    public var address: String
    /// voter, learner, joining or outgoing.
    public var role: String
    public var priority: UInt64
    /// Names its data directory, in hex; nil while no leader has heard from it.
    public var incarnation: String?
    /// The voter that leaves when this one votes.
    public var replaces: UInt64?
    /// Known to the leader only.
    public var matchIndex: UInt64?
    public var lagEntries: UInt64?
    public var lastContactMilliseconds: UInt64?

    init(_ value: JSONValue) {
        id = FieldReader.number(value["id"]) ?? 0
        address = value["address"]?.stringValue ?? ""
        role = value["role"]?.stringValue ?? ""
        priority = FieldReader.number(value["priority"]) ?? 0
        incarnation = value["incarnation"]?.stringValue
        replaces = FieldReader.number(value["replaces"])
        matchIndex = FieldReader.number(value["match_index"])
        lagEntries = FieldReader.number(value["lag_entries"])
        lastContactMilliseconds = FieldReader.number(value["last_contact_ms"])
    }
}

public struct ClusterMembers: Hashable, Sendable {
    public var clusterID: String
    /// The node that answered.
    public var nodeID: UInt64
    public var term: UInt64
    public var leaderID: UInt64?
    /// A change of voters is between its two steps.
    public var isJoint: Bool
    /// Ascending by id.
    public var members: [ClusterMember]
    /// The document as it came.
    public var document: JSONValue

    public func member(_ id: UInt64) -> ClusterMember? { members.first { $0.id == id } }

    /// - Returns: nil and the name of the field that is missing or of the wrong type.
    static func read(_ value: JSONValue) -> (members: ClusterMembers?, badField: String) {
        var reader = FieldReader(value: value)
        guard let rows = value["members"]?.arrayValue else { return (nil, "members") }
        let found = ClusterMembers(
            clusterID: reader.text("cluster_id"), nodeID: reader.number("node_id"), term: reader.number("term"),
            leaderID: FieldReader.number(value["leader_id"]), isJoint: value["joint"]?.boolValue ?? false,
            members: rows.map(ClusterMember.init), document: value)
        if let badField = reader.badField { return (nil, badField) }
        return (found, "")
    }
}

/// How a change of membership went.
public struct MembershipAnswer: Hashable, Sendable {
    /// False: it is committed so far that the cluster finishes it by itself.
    public var isFinished: Bool
    /// What is still to come.
    public var pending: String
    /// Of the members that were added, in the order in which they were asked for.
    public var ids: [UInt64]
    public var cluster: ClusterMembers
    /// The document as it came.
    public var document: JSONValue
}

public struct TransferAnswer: Hashable, Sendable {
    public var leaderID: UInt64
    public var term: UInt64
    public var milliseconds: UInt64
    /// The document as it came.
    public var document: JSONValue
}

/// A member to be added.
public struct NewMember: Hashable, Sendable {
    /// nil: the next free one.
    public var id: UInt64?
    /// host:port of its Raft listener.
    public var address: String
    public var priority: UInt8?
    /// Stays a learner until somebody promotes it.
    public var isLearner: Bool
    /// The voter that leaves when this one votes.
    public var replaces: UInt64?
    public init(
        id: UInt64? = nil, address: String, priority: UInt8? = nil, isLearner: Bool = false, replaces: UInt64? = nil
    ) {
        self.id = id
        self.address = address
        self.priority = priority
        self.isLearner = isLearner
        self.replaces = replaces
    }

    var body: JSONObject {
        var object = JSONObject()
        object["address"] = .string(address)
        object["id"] = id.map { .unsigned($0).canonical }
        object["learner"] = .bool(isLearner)
        object["priority"] = priority.map { .integer(Int64($0)) }
        object["replaces"] = replaces.map { .unsigned($0).canonical }
        return object
    }
}

extension JSONValue {
    /// Integers that fit 64 signed bits are written and compared as such.
    fileprivate var canonical: JSONValue {
        guard case .unsigned(let number) = self, let small = Int64(exactly: number) else { return self }
        return .integer(small)
    }
    static func id(_ number: UInt64) -> JSONValue { JSONValue.unsigned(number).canonical }
}
