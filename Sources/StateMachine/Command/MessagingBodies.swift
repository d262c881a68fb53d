/// Commands about webhook subscriptions and their deliveries.
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
