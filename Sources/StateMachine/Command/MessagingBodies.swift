/// Commands about webhook subscriptions, their deliveries, and whole rows brought in from elsewhere.
///
/// Owns: the shapes and their bytes. Must never: change the bytes of a body that has been in a log.

public struct SubscribeCommand: CommandBody {
    public var id: String
    public var url: String
    /// `*`, or names separated by commas.
    public var events: String
    /// SHA-256 of the secret; empty: none.
    public var secretHash: [UInt8]
    public var namespaceFilter: String?
    public var agentFilter: String?
    public var caller: String
    /// Fresh id for the registration of a caller who is not registered yet.
    public var agentRowID: String
    public var at: String
    public init(
        id: String, url: String, events: String, secretHash: [UInt8], namespaceFilter: String?, agentFilter: String?,
        caller: String, agentRowID: String, at: String
    ) {
        self.id = id
        self.url = url
        self.events = events
        self.secretHash = secretHash
        self.namespaceFilter = namespaceFilter
        self.agentFilter = agentFilter
        self.caller = caller
        self.agentRowID = agentRowID
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.text(id)
        writer.text(url)
        writer.text(events)
        writer.blob(secretHash)
        writer.optionalText(namespaceFilter)
        writer.optionalText(agentFilter)
        writer.text(caller)
        writer.text(agentRowID)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        id = try reader.text("id")
        url = try reader.text("url")
        events = try reader.text("events")
        secretHash = try reader.blob("secret hash", max: CommandLimits.requestDigestBytes)
        namespaceFilter = try reader.optionalText("namespace_filter")
        agentFilter = try reader.optionalText("agent_filter")
        caller = try reader.text("caller")
        agentRowID = try reader.text("agent row id")
        at = try reader.text("at")
    }
}

/// Removes one subscription: by id, or the newest of an owner for a namespace.
public struct UnsubscribeCommand: CommandBody {
    public var id: String?
    public var owner: String
    public var namespace: String
    public init(id: String?, owner: String = "", namespace: String = "") {
        self.id = id
        self.owner = owner
        self.namespace = namespace
    }

    func write(to writer: inout ByteWriter) {
        writer.optionalText(id)
        writer.text(owner)
        writer.text(namespace)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        id = try reader.optionalText("id")
        owner = try reader.text("owner")
        namespace = try reader.text("namespace")
    }
}

/// How deliveries ended: they leave the outbox and are counted.
public struct SettleCommand: CommandBody {
    public struct Result: CommandBody {
        /// Number of the delivery.
        public var number: Int64
        public var isDelivered: Bool
        public init(number: Int64, isDelivered: Bool) {
            self.number = number
            self.isDelivered = isDelivered
        }
        func write(to writer: inout ByteWriter) {
            writer.signed(number)
            writer.byte(isDelivered ? 1 : 0)
        }
        init(from reader: inout ByteReader) throws(CodecError) {
            number = try reader.signed("delivery")
            isDelivered = try reader.bool("delivered")
        }
    }
    public var results: [Result]
    public var at: String
    public init(results: [Result], at: String) {
        self.results = results
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.bodies(results)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        results = try reader.bodies("results", countMax: CommandLimits.settleMax, as: Result.self)
        at = try reader.text("at")
    }
}

/// Rows as another store had them: merged like any store, but new ones keep their times and counts.
public struct ImportCommand: CommandBody {
    public var memories: [ImportedMemory]
    public var links: [ImportedLink]
    public var at: String
    public init(memories: [ImportedMemory], links: [ImportedLink], at: String) {
        self.memories = memories
        self.links = links
        self.at = at
    }

    func write(to writer: inout ByteWriter) {
        writer.bodies(memories)
        writer.bodies(links)
        writer.text(at)
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        memories = try reader.bodies("memories", countMax: CommandLimits.batchMax, as: ImportedMemory.self)
        links = try reader.bodies("links", countMax: CommandLimits.idsMax, as: ImportedLink.self)
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
