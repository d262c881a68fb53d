/// Commands about how long memories stay and where: promotion, archive, collection, forgetting, merging.
///
/// Owns: the shapes and their bytes. Must never: change the bytes of a body that has been in a log.

/// Makes a memory permanent, or clones it into an ancestor namespace.
public struct PromoteCommand: CommandBody {
    public var id: String
    public var at: String
    /// An ancestor of the memory's namespace: clone it there and leave the memory as it is. nil: tier long, no expiry.
    public var toNamespace: String?
    /// Fresh id of the clone; empty without `toNamespace`.
    public var cloneID: String
    public init(id: String, at: String, toNamespace: String? = nil, cloneID: String = "") {
        self.id = id
        self.at = at
        self.toNamespace = toNamespace
        self.cloneID = cloneID
    }

    func write(to writer: inout ByteWriter) {
        writer.text(id)
        writer.text(at)
        writer.optionalText(toNamespace)
        writer.text(cloneID)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        id = try reader.text("id")
        at = try reader.text("at")
        toNamespace = try reader.optionalText("to_namespace")
        cloneID = try reader.text("clone id")
    }
}

/// Moves memories out of sight, by exact id.
public struct ArchiveCommand: CommandBody {
    public var ids: [String]
    public var reason: String
    public var at: String
    public init(ids: [String], reason: String, at: String) {
        self.ids = ids
        self.reason = reason
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.texts(ids)
        writer.text(reason)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        ids = try reader.ids("ids")
        reason = try reader.text("reason")
        at = try reader.text("at")
    }
}

/// Brings one archived memory back, permanent.
public struct RestoreCommand: CommandBody {
    public var id: String
    public var at: String
    public init(id: String, at: String) {
        self.id = id
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(id)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        id = try reader.text("id")
        at = try reader.text("at")
    }
}

/// Deletes archived memories for good.
public struct PurgeCommand: CommandBody {
    /// Only what was archived before this; nil: everything.
    public var archivedBefore: String?
    /// Memories of one command at most; nil: all, at once.
    public var countMax: Int?
    public init(archivedBefore: String?, countMax: Int? = nil) {
        self.archivedBefore = archivedBefore
        self.countMax = countMax
    }

    func write(to writer: inout ByteWriter) {
        writer.optionalText(archivedBefore)
        writer.varint(countMax.map { UInt64(max(1, $0)) } ?? 0)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        archivedBefore = try reader.optionalText("archived_before")
        let count = try reader.varint("count limit")
        guard count <= UInt64(CommandLimits.collectMax) else {
            throw reader.failure("count limit: \(count) exceeds the limit of \(CommandLimits.collectMax)")
        }
        countMax = count == 0 ? nil : Int(count)
    }
}

/// Removes memories whose expiry is before `at`, and standards whose memory is gone.
public struct CollectCommand: CommandBody {
    public var at: String
    /// Whether they go to the archive.
    public var archives: Bool
    /// Memories of one command at most, so that none is slow; the proposer goes on with another command.
    public var countMax: Int
    public init(at: String, archives: Bool, countMax: Int) {
        self.at = at
        self.archives = archives
        self.countMax = countMax
    }

    func write(to writer: inout ByteWriter) {
        writer.text(at)
        writer.byte(archives ? 1 : 0)
        writer.varint(UInt64(max(0, countMax)))
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        at = try reader.text("at")
        archives = try reader.bool("archives")
        let count = try reader.varint("count limit")
        guard count <= UInt64(CommandLimits.collectMax) else {
            throw reader.failure("count limit: \(count) exceeds the limit of \(CommandLimits.collectMax)")
        }
        countMax = Int(count)
    }
}

/// Removes every memory that matches all given conditions.
public struct ForgetCommand: CommandBody {
    public var namespace: String?
    public var tier: Tier?
    /// Free text of which any word matches.
    public var pattern: String?
    public var archives: Bool
    public var at: String
    public init(namespace: String?, tier: Tier?, pattern: String?, archives: Bool, at: String) {
        self.namespace = namespace
        self.tier = tier
        self.pattern = pattern
        self.archives = archives
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.optionalText(namespace)
        writer.optionalTier(tier)
        writer.optionalText(pattern)
        writer.byte(archives ? 1 : 0)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        namespace = try reader.optionalText("namespace")
        tier = try reader.optionalTier("tier")
        pattern = try reader.optionalText("pattern")
        archives = try reader.bool("archives")
        at = try reader.text("at")
        guard namespace != nil || tier != nil || pattern != nil else { throw reader.failure("forget: no condition") }
    }
}

/// Replaces several memories by one.
public struct ConsolidateCommand: CommandBody {
    /// Exact ids, each once.
    public var ids: [String]
    /// Of the new memory.
    public var id: String
    public var title: String
    public var summary: String
    public var namespace: String
    public var tier: Tier
    public var source: String
    /// Who consolidates.
    public var agentID: String
    public var at: String
    public init(
        ids: [String], id: String, title: String, summary: String, namespace: String, tier: Tier, source: String,
        agentID: String, at: String
    ) {
        self.ids = ids
        self.id = id
        self.title = title
        self.summary = summary
        self.namespace = namespace
        self.tier = tier
        self.source = source
        self.agentID = agentID
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.texts(ids)
        writer.text(id)
        writer.text(title)
        writer.text(summary)
        writer.text(namespace)
        writer.byte(tier.rawValue)
        writer.text(source)
        writer.text(agentID)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        ids = try reader.ids("ids")
        id = try reader.text("id")
        title = try reader.text("title")
        summary = try reader.text("summary")
        namespace = try reader.text("namespace")
        tier = try reader.tier("tier")
        source = try reader.text("source")
        agentID = try reader.text("agent_id")
        at = try reader.text("at")
    }
}
