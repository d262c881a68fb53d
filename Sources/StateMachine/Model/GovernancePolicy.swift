/// Who may write, promote and delete in a namespace, and who approves what is queued.
///
/// Owns: the policy object of the contract: its keys, defaults and errors. Must never: decide about a request.
import JSON

public struct GovernancePolicy: Hashable, Sendable {
    public enum Level: String, Sendable, CaseIterable {
        case any, registered, owner, approve
    }
    public enum Approver: Hashable, Sendable {
        case human
        case agent(String)
        /// That many registered agents.
        case consensus(Int)
    }
    public var write: Level
    public var promote: Level
    public var delete: Level
    public var approver: Approver

    /// What is shown where none is set; it is not enforced.
    public static let shown = GovernancePolicy(write: .any, promote: .any, delete: .owner, approver: .human)

    public init(write: Level, promote: Level, delete: Level, approver: Approver) {
        self.write = write
        self.promote = promote
        self.delete = delete
        self.approver = approver
    }

    /// Not a policy, in words.
    public struct Problem: Error, Hashable, Sendable {
        public var reason: String
    }

    /// What must not be set, though a policy of that shape, written into a memory's metadata, is enforced.
    public var invalidity: String? {
        approver == .consensus(0) ? "consensus quorum must be >= 1" : nil
    }

    /// The shape alone. Unknown keys are ignored.
    public init(_ value: JSONValue) throws(Problem) {
        guard let object = value.objectValue else { throw Problem(reason: "must be an object") }
        guard let write = object["write"] else { throw Problem(reason: "write is required") }
        self.write = try GovernancePolicy.level(write, "write")
        promote =
            try object["promote"].map { value throws(Problem) in
                try GovernancePolicy.level(value, "promote")
            } ?? .any
        delete =
            try object["delete"].map { value throws(Problem) in
                try GovernancePolicy.level(value, "delete")
            } ?? .owner
        approver =
            try object["approver"].map { value throws(Problem) in
                try GovernancePolicy.approver(value)
            } ?? .human
    }

    private static func level(_ value: JSONValue, _ key: String) throws(Problem) -> Level {
        guard let text = value.stringValue, let level = Level(rawValue: text) else {
            let known = Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(reason: "\(key) must be one of \(known)")
        }
        return level
    }

    private static func approver(_ value: JSONValue) throws(Problem) -> Approver {
        if value.stringValue == "human" { return .human }
        if let object = value.objectValue, object.count == 1 {
            if let agent = object["agent"]?.stringValue { return .agent(agent) }
            if let count = object["consensus"]?.integerValue {
                guard count >= 0 else { throw Problem(reason: "consensus quorum must be >= 1") }
                guard count <= Int(UInt32.max) else { throw Problem(reason: "consensus quorum is too large") }
                return .consensus(count)
            }
        }
        throw Problem(reason: "approver must be \"human\", {\"agent\": id} or {\"consensus\": n}")
    }

    public var json: JSONValue {
        let approver: JSONValue =
            switch self.approver {
            case .human: "human"
            case .agent(let id): ["agent": .string(id)]
            case .consensus(let count): ["consensus": .integer(Int64(count))]
            }
        return [
            "approver": approver, "delete": .string(delete.rawValue), "promote": .string(promote.rawValue),
            "write": .string(write.rawValue),
        ]
    }

    public func level(_ action: ActionKind) -> Level {
        switch action {
        case .store: write
        case .delete: delete
        case .promote: promote
        }
    }
}
