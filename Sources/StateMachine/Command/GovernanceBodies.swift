/// Commands that name who acts: governed writes, decisions about queued ones, standards, agents.
///
/// Owns: the shapes and their bytes. Must never: change the bytes of a body that has been in a log.

/// A write that the policy of its namespace may deny or queue; decided when it is applied.
public struct GovernedCommand: CommandBody {
    public enum Action: Hashable, Sendable {
        case store(StoreCommand)
        case delete(DeleteCommand)
        case promote(PromoteCommand)

        public var kind: ActionKind {
            switch self {
            case .store: .store
            case .delete: .delete
            case .promote: .promote
            }
        }
    }
    public var action: Action
    /// Who asks; a claim that nothing attests.
    public var caller: String
    /// Id of the pending action, should the write be queued.
    public var pendingID: String
    public var at: String
    public init(action: Action, caller: String, pendingID: String, at: String) {
        self.action = action
        self.caller = caller
        self.pendingID = pendingID
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.byte(action.kind.rawValue)
        switch action {
        case .store(let command): CommandCodec.write(command, to: &writer)
        case .delete(let command): CommandCodec.write(command, to: &writer)
        case .promote(let command): command.write(to: &writer)
        }
        writer.text(caller)
        writer.text(pendingID)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        let raw = try reader.byte("action")
        guard let kind = ActionKind(rawValue: raw) else { throw reader.failure("action: \(raw) is unknown") }
        switch kind {
        case .store: action = .store(try CommandCodec.readStore(from: &reader))
        case .delete: action = .delete(try CommandCodec.readDelete(from: &reader))
        case .promote: action = .promote(try PromoteCommand(from: &reader))
        }
        caller = try reader.text("caller")
        pendingID = try reader.text("pending id")
        at = try reader.text("at")
    }
}

/// What a policy can deny or queue. Raw values are part of the command encoding.
public enum ActionKind: UInt8, Sendable, CaseIterable {
    case store = 1
    case delete = 2
    case promote = 3
    public var name: String { "\(self)" }
}

/// Approves or rejects a queued action; an approved one is carried out by the same command.
public struct DecideCommand: CommandBody {
    public var pendingID: String
    public var isApproval: Bool
    public var caller: String
    /// Fresh id for what an approved action makes.
    public var freshID: String
    public var at: String
    public init(pendingID: String, isApproval: Bool, caller: String, freshID: String, at: String) {
        self.pendingID = pendingID
        self.isApproval = isApproval
        self.caller = caller
        self.freshID = freshID
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(pendingID)
        writer.byte(isApproval ? 1 : 0)
        writer.text(caller)
        writer.text(freshID)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        pendingID = try reader.text("pending id")
        isApproval = try reader.bool("approval")
        caller = try reader.text("caller")
        freshID = try reader.text("fresh id")
        at = try reader.text("at")
    }
}

/// Binds a namespace to the memory that is its standard.
public struct StandardCommand: CommandBody {
    public var namespace: String
    /// The memory; nil: the namespace's first tagged one, or a new placeholder.
    public var memoryID: String?
    /// Fresh id for a placeholder.
    public var placeholderID: String
    /// nil: found by the namespace's name.
    public var parent: String?
    /// Canonical JSON text of a policy that was validated; nil leaves the memory's policy as it is.
    public var policy: String?
    public var at: String
    public init(
        namespace: String, memoryID: String?, placeholderID: String, parent: String?, policy: String?, at: String
    ) {
        self.namespace = namespace
        self.memoryID = memoryID
        self.placeholderID = placeholderID
        self.parent = parent
        self.policy = policy
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(namespace)
        writer.optionalText(memoryID)
        writer.text(placeholderID)
        writer.optionalText(parent)
        writer.optionalText(policy)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        namespace = try reader.text("namespace")
        memoryID = try reader.optionalText("standard_id")
        placeholderID = try reader.text("placeholder id")
        parent = try reader.optionalText("parent")
        policy = try reader.optionalText("governance")
        at = try reader.text("at")
    }
}

/// Takes the standard of a namespace away; the memory stays.
public struct ClearStandardCommand: CommandBody {
    public var namespace: String
    public init(namespace: String) { self.namespace = namespace }

    func write(to writer: inout ByteWriter) { writer.text(namespace) }
    init(from reader: inout ByteReader) throws(CodecError) { namespace = try reader.text("namespace") }
}

/// Registers an agent, or refreshes its registration.
public struct AgentCommand: CommandBody {
    public var agentID: String
    public var agentType: String
    public var capabilities: [String]
    /// Fresh id, used only when the agent is new.
    public var id: String
    public var at: String
    public init(agentID: String, agentType: String, capabilities: [String], id: String, at: String) {
        self.agentID = agentID
        self.agentType = agentType
        self.capabilities = capabilities
        self.id = id
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(agentID)
        writer.text(agentType)
        writer.texts(capabilities)
        writer.text(id)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        agentID = try reader.text("agent_id")
        agentType = try reader.text("agent_type")
        capabilities = try reader.texts(
            "capabilities", countMax: CommandLimits.tagsMax, bytesMax: CommandLimits.textBytesMax)
        id = try reader.text("id")
        at = try reader.text("at")
    }
}
