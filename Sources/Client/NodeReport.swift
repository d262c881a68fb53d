/// One node's own account of itself: `GET /cluster/v1/status`.
///
/// Owns: reading that document. Must never: interpret it.
import JSON

public struct NodeReport: Hashable, Sendable {
    public struct Peer: Hashable, Sendable {
        public var id: UInt64
        public var address: String
        /// voter, learner, joining or outgoing; empty from a node that does not say.
        public var role: String
        /// Known to the leader only.
        public var matchIndex: UInt64?
        public var lagEntries: UInt64?
        public var lastContactMilliseconds: UInt64?
    }
    public var nodeID: UInt64
    public var clusterID: String
    public var role: String
    public var term: UInt64
    public var leaderID: UInt64?
    public var commitIndex: UInt64
    public var appliedIndex: UInt64
    public var lastIndex: UInt64
    public var firstIndex: UInt64
    public var digest: String
    public var logBytes: UInt64
    public var uptimeMilliseconds: UInt64
    /// The node's own place in the cluster: a role of a member, `removed` or `unknown`; empty when it does not say.
    public var membership: String
    public var peers: [Peer]
    /// The document as it came.
    public var document: JSONValue

    /// - Returns: nil and the name of the field that is missing or of the wrong type.
    static func read(_ value: JSONValue) -> (report: NodeReport?, badField: String) {
        var reader = FieldReader(value: value)
        let report = NodeReport(
            nodeID: reader.number("node_id"), clusterID: reader.text("cluster_id"), role: reader.text("role"),
            term: reader.number("term"), leaderID: FieldReader.number(value["leader_id"]),
            commitIndex: reader.number("commit_index"), appliedIndex: reader.number("applied_index"),
            lastIndex: reader.number("last_index"), firstIndex: reader.number("first_index"),
            digest: reader.text("digest"), logBytes: reader.number("log_bytes"),
            uptimeMilliseconds: reader.number("uptime_ms"), membership: value["membership"]?.stringValue ?? "",
            peers: (value["peers"]?.arrayValue ?? []).map(Peer.init),
            document: value)
        if let badField = reader.badField { return (nil, badField) }
        return (report, "")
    }
}

extension NodeReport.Peer {
    init(_ value: JSONValue) {
        id = FieldReader.number(value["id"]) ?? 0
        address = value["address"]?.stringValue ?? ""
        role = value["role"]?.stringValue ?? ""
        matchIndex = FieldReader.number(value["match_index"])
        lagEntries = FieldReader.number(value["lag_entries"])
        lastContactMilliseconds = FieldReader.number(value["last_contact_ms"])
    }
}

/// Reads required fields and remembers the first that is not there.
struct FieldReader {
    let value: JSONValue
    var badField: String?

    mutating func number(_ key: String) -> UInt64 {
        if let number = FieldReader.number(value[key]) { return number }
        badField = badField ?? key
        return 0
    }
    mutating func text(_ key: String) -> String {
        if let text = value[key]?.stringValue { return text }
        badField = badField ?? key
        return ""
    }
    static func number(_ value: JSONValue?) -> UInt64? {
        switch value {
        case .integer(let number): UInt64(exactly: number)
        case .unsigned(let number): number
        case nil, .null, .bool, .double, .string, .array, .object: nil
        }
    }
}
