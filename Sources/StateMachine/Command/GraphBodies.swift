/// Commands about links between memories and about entities.
///
/// Owns: the shapes and their bytes. Must never: change the bytes of a body that has been in a log.

/// A link by its key.
public struct LinkKey: CommandBody {
    public var sourceID: String
    public var targetID: String
    public var relation: String
    public init(sourceID: String, targetID: String, relation: String) {
        self.sourceID = sourceID
        self.targetID = targetID
        self.relation = relation
    }

    func write(to writer: inout ByteWriter) {
        writer.text(sourceID)
        writer.text(targetID)
        writer.text(relation)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        sourceID = try reader.text("source_id")
        targetID = try reader.text("target_id")
        relation = try reader.text("relation")
    }
}

/// Links two memories from `at` on; one that exists stays as it is.
public struct LinkCommand: CommandBody {
    public var key: LinkKey
    public var at: String
    public init(key: LinkKey, at: String) {
        self.key = key
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        key.write(to: &writer)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        key = try LinkKey(from: &reader)
        at = try reader.text("at")
    }
}

/// Removes every link from one memory to another, whatever its relation.
public struct UnlinkCommand: CommandBody {
    public var sourceID: String
    public var targetID: String
    public init(sourceID: String, targetID: String) {
        self.sourceID = sourceID
        self.targetID = targetID
    }

    func write(to writer: inout ByteWriter) {
        writer.text(sourceID)
        writer.text(targetID)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        sourceID = try reader.text("source_id")
        targetID = try reader.text("target_id")
    }
}

/// Says until when a link was valid.
public struct InvalidateCommand: CommandBody {
    public var key: LinkKey
    public var validUntil: String
    public init(key: LinkKey, validUntil: String) {
        self.key = key
        self.validUntil = validUntil
    }

    func write(to writer: inout ByteWriter) {
        key.write(to: &writer)
        writer.text(validUntil)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        key = try LinkKey(from: &reader)
        validUntil = try reader.text("valid_until")
    }
}

/// Registers an entity, or adds aliases to one.
public struct EntityCommand: CommandBody {
    /// Fresh id, used only when the entity is new.
    public var id: String
    public var name: String
    public var namespace: String
    public var aliases: [String]
    /// Canonical JSON text of an object; used only when the entity is new.
    public var metadata: String
    public var at: String
    public init(
        id: String, name: String, namespace: String, aliases: [String], metadata: String, at: String
    ) {
        self.id = id
        self.name = name
        self.namespace = namespace
        self.aliases = aliases
        self.metadata = metadata
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(id)
        writer.text(name)
        writer.text(namespace)
        writer.texts(aliases)
        writer.text(metadata)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        id = try reader.text("id")
        name = try reader.text("canonical_name")
        namespace = try reader.text("namespace")
        aliases = try reader.texts(
            "aliases", countMax: CommandLimits.aliasesMax, bytesMax: CommandLimits.textBytesMax)
        metadata = try reader.text("metadata")
        at = try reader.text("at")
    }
}
