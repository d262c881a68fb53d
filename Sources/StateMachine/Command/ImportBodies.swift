/// Whole rows brought in from elsewhere.
///
/// Owns: the shapes and their bytes. Must never: change the bytes of a body that has been in a log.

/// Rows as another store had them: merged like any store, but new ones keep their times and counts.
public struct ImportCommand: CommandBody {
    public var memories: [ImportedMemory]
    public var links: [ImportedLink]
    public var aliases: [ImportedAlias]
    public var archived: [ImportedArchive]
    public var standards: [ImportedStandard]
    public var at: String
    public init(
        memories: [ImportedMemory] = [], links: [ImportedLink] = [], aliases: [ImportedAlias] = [],
        archived: [ImportedArchive] = [], standards: [ImportedStandard] = [], at: String
    ) {
        self.memories = memories
        self.links = links
        self.aliases = aliases
        self.archived = archived
        self.standards = standards
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.bodies(memories)
        writer.bodies(links)
        writer.bodies(aliases)
        writer.bodies(archived)
        writer.bodies(standards)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        memories = try reader.bodies("memories", countMax: CommandLimits.batchMax, as: ImportedMemory.self)
        links = try reader.bodies("links", countMax: CommandLimits.idsMax, as: ImportedLink.self)
        aliases = try reader.bodies("aliases", countMax: CommandLimits.idsMax, as: ImportedAlias.self)
        archived = try reader.bodies("archived", countMax: CommandLimits.batchMax, as: ImportedArchive.self)
        standards = try reader.bodies("standards", countMax: CommandLimits.batchMax, as: ImportedStandard.self)
        at = try reader.text("at")
    }
}

public struct ImportedMemory: CommandBody {
    /// `version` is not looked at: it is given by the log.
    public var memory: Memory
    public init(_ memory: Memory) { self.memory = memory }

    func write(to writer: inout ByteWriter) { OutcomeCodec.write(memory, to: &writer) }
    init(from reader: inout ByteReader) throws(CodecError) { memory = try OutcomeCodec.readMemory(from: &reader) }
}

public struct ImportedLink: CommandBody {
    public var key: LinkKey
    /// nil: the command's time, as the JSON form of v0.6.3 loses it.
    public var createdAt: String?
    public var validFrom: String?
    public var validUntil: String?
    public var observedBy: String?
    public init(
        key: LinkKey, createdAt: String? = nil, validFrom: String? = nil, validUntil: String? = nil,
        observedBy: String? = nil
    ) {
        self.key = key
        self.createdAt = createdAt
        self.validFrom = validFrom
        self.validUntil = validUntil
        self.observedBy = observedBy
    }

    func write(to writer: inout ByteWriter) {
        key.write(to: &writer)
        writer.optionalText(createdAt)
        writer.optionalText(validFrom)
        writer.optionalText(validUntil)
        writer.optionalText(observedBy)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        key = try LinkKey(from: &reader)
        createdAt = try reader.optionalText("created_at")
        validFrom = try reader.optionalText("valid_from")
        validUntil = try reader.optionalText("valid_until")
        observedBy = try reader.optionalText("observed_by")
    }
}

/// Another name of an entity.
public struct ImportedAlias: CommandBody {
    public var entityID: String
    public var alias: String
    public var createdAt: String
    public init(entityID: String, alias: String, createdAt: String) {
        self.entityID = entityID
        self.alias = alias
        self.createdAt = createdAt
    }

    func write(to writer: inout ByteWriter) {
        writer.text(entityID)
        writer.text(alias)
        writer.text(createdAt)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        entityID = try reader.text("entity_id")
        alias = try reader.text("alias")
        createdAt = try reader.text("created_at")
    }
}

/// A row of an archive.
public struct ImportedArchive: CommandBody {
    public var memory: Memory
    public var archivedAt: String
    public var reason: String
    public init(memory: Memory, archivedAt: String, reason: String) {
        self.memory = memory
        self.archivedAt = archivedAt
        self.reason = reason
    }

    func write(to writer: inout ByteWriter) {
        OutcomeCodec.write(memory, to: &writer)
        writer.text(archivedAt)
        writer.text(reason)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        memory = try OutcomeCodec.readMemory(from: &reader)
        archivedAt = try reader.text("archived_at")
        reason = try reader.text("archive_reason")
    }
}

/// The binding of a namespace to its standard.
public struct ImportedStandard: CommandBody {
    public var namespace: String
    public var memoryID: String
    public var parent: String?
    public var updatedAt: String
    public init(namespace: String, memoryID: String, parent: String?, updatedAt: String) {
        self.namespace = namespace
        self.memoryID = memoryID
        self.parent = parent
        self.updatedAt = updatedAt
    }

    func write(to writer: inout ByteWriter) {
        writer.text(namespace)
        writer.text(memoryID)
        writer.optionalText(parent)
        writer.text(updatedAt)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        namespace = try reader.text("namespace")
        memoryID = try reader.text("standard_id")
        parent = try reader.optionalText("parent_namespace")
        updatedAt = try reader.text("updated_at")
    }
}
