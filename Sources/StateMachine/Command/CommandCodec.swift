/// The bytes of a command in the log: version, time, idempotency, kind, body.
///
/// Owns: the encoding and its limits. Must never: change the bytes of a version that has been in a log; add a version.

/// Upper limits of what a decoder accepts. They are wider than what the API admits (which validates with messages for
/// people); their purpose is that no bytes can make a node allocate or loop without bound.
public enum CommandLimits {
    /// Title, namespace, content, metadata, timestamps: UTF-8 bytes of one text.
    public static let textBytesMax = 1 << 20
    public static let tagsMax = 1_000
    public static let batchMax = 1_000
    public static let touchMax = 10_000
    public static let idempotencyKeyBytesMax = 128
    public static let requestDigestBytes = 32
    /// Ids of one archive or consolidation, links of one import.
    public static let idsMax = 10_000
    public static let aliasesMax = 1_000
    public static let collectMax = 1_000
    public static let settleMax = 1_000
    public static let registerKeyBytesMax = 512
    /// Vectors of one command, and the bytes of one.
    public static let vectorsMax = 1_000
    public static let vectorBytesMax = 16_384
    public static let modelBytesMax = 128
    public static let registerValueBytesMax = 65_536
}

public enum CommandCodec {
    /// First byte of every command: 1 for what there was at first, 2 for what came with feature level 2; 3 for any of
    /// them with vectors in front of it, which came with that level too.
    public static let version: UInt8 = 3
    private static let firstVersion: UInt8 = 1
    private static let tablesVersion: UInt8 = 2

    private enum Kind: UInt8 {
        case store = 1
        case storeBatch = 2
        case update = 3
        case delete = 4
        case touch = 5
        case setRegister = 6
        case governed = 16
        case decide = 17
        case link = 18
        case unlink = 19
        case invalidate = 20
        case registerEntity = 21
        case setStandard = 22
        case clearStandard = 23
        case registerAgent = 24
        case archive = 25
        case restore = 26
        case purge = 27
        case collect = 28
        case forget = 29
        case consolidate = 30
        case importRows = 31
        case subscribe = 32
        case unsubscribe = 33
        case settle = 34
        case setVectors = 35

        var version: UInt8 {
            rawValue < Kind.governed.rawValue ? CommandCodec.firstVersion : CommandCodec.tablesVersion
        }
    }

    /// - Note: encoding checks nothing. A proposer calls `check` first: a committed command that cannot be decoded
    ///   stops every node.
    public static func encode(_ envelope: CommandEnvelope) -> [UInt8] {
        var writer = ByteWriter(capacity: 512)
        let plain = envelope.command.featureLevel < FeatureLevel.tables ? firstVersion : tablesVersion
        writer.byte(envelope.vectors == nil ? plain : version)
        writer.fixed64(UInt64(bitPattern: envelope.timeNanoseconds))
        writer.optional(envelope.idempotency) { writer, idempotency in
            writer.text(idempotency.key)
            writer.blob(idempotency.requestDigest)
        }
        envelope.vectors?.write(to: &writer)
        write(envelope.command, to: &writer)
        return writer.bytes
    }

    private static func write(_ command: Command, to writer: inout ByteWriter) {
        switch command {
        case .store(let command):
            writer.byte(Kind.store.rawValue)
            write(command, to: &writer)
        case .storeBatch(let commands):
            writer.byte(Kind.storeBatch.rawValue)
            writer.varint(UInt64(commands.count))
            for command in commands { write(command, to: &writer) }
        case .update(let command):
            writer.byte(Kind.update.rawValue)
            write(command, to: &writer)
        case .delete(let command):
            writer.byte(Kind.delete.rawValue)
            write(command, to: &writer)
        case .touch(let command):
            writer.byte(Kind.touch.rawValue)
            writer.texts(command.ids)
            writer.text(command.at)
            writer.signed(command.atNanoseconds)
            writer.signed(command.shortStepSeconds)
            writer.signed(command.midStepSeconds)
        case .setRegister(let command):
            writer.byte(Kind.setRegister.rawValue)
            writer.text(command.key)
            writer.blob(command.value)
            writer.optional(command.expectedVersion) { $0.varint($1) }
        case .governed(let body): write(.governed, body, to: &writer)
        case .decide(let body): write(.decide, body, to: &writer)
        case .link(let body): write(.link, body, to: &writer)
        case .unlink(let body): write(.unlink, body, to: &writer)
        case .invalidate(let body): write(.invalidate, body, to: &writer)
        case .registerEntity(let body): write(.registerEntity, body, to: &writer)
        case .setStandard(let body): write(.setStandard, body, to: &writer)
        case .clearStandard(let body): write(.clearStandard, body, to: &writer)
        case .registerAgent(let body): write(.registerAgent, body, to: &writer)
        case .archive(let body): write(.archive, body, to: &writer)
        case .restore(let body): write(.restore, body, to: &writer)
        case .purge(let body): write(.purge, body, to: &writer)
        case .collect(let body): write(.collect, body, to: &writer)
        case .forget(let body): write(.forget, body, to: &writer)
        case .consolidate(let body): write(.consolidate, body, to: &writer)
        case .importRows(let body): write(.importRows, body, to: &writer)
        case .subscribe(let body): write(.subscribe, body, to: &writer)
        case .unsubscribe(let body): write(.unsubscribe, body, to: &writer)
        case .settle(let body): write(.settle, body, to: &writer)
        case .setVectors(let body): write(.setVectors, body, to: &writer)
        }
    }

    private static func write(_ kind: Kind, _ body: some CommandBody, to writer: inout ByteWriter) {
        writer.byte(kind.rawValue)
        body.write(to: &writer)
    }

    /// Throws exactly when `decode(encode(envelope))` would.
    public static func check(_ envelope: CommandEnvelope) throws(CodecError) {
        _ = try decode(encode(envelope))
    }

    public static func decode(_ bytes: [UInt8]) throws(CodecError) -> CommandEnvelope {
        var reader = ByteReader(bytes)
        let found = try reader.byte("command version")
        guard (firstVersion...version).contains(found) else {
            throw CodecError(
                message: "command version \(found) is unknown to this build, which knows versions \(firstVersion) to "
                    + "\(version)", offset: 0)
        }
        let time = Int64(bitPattern: try reader.fixed64("time"))
        let idempotency = try reader.optional("idempotency") { reader throws(CodecError) in
            let key = try reader.text("idempotency key", max: CommandLimits.idempotencyKeyBytesMax)
            guard !key.isEmpty else { throw reader.failure("idempotency key: empty") }
            let digest = try reader.blob("request digest", max: CommandLimits.requestDigestBytes)
            guard digest.count == CommandLimits.requestDigestBytes else {
                throw reader.failure(
                    "request digest: \(digest.count) bytes, must be \(CommandLimits.requestDigestBytes)")
            }
            return Idempotency(key: key, requestDigest: digest)
        }
        let vectors = found == version ? try TextVectors(from: &reader) : nil
        let kindOffset = reader.offset
        let kindByte = try reader.byte("command type")
        guard let kind = Kind(rawValue: kindByte), vectors != nil || kind.version == found else {
            throw CodecError(
                message: "command type \(kindByte) of version \(found) is unknown to this build", offset: kindOffset)
        }
        let command = try readCommand(kind, from: &reader)
        try reader.finish()
        return CommandEnvelope(timeNanoseconds: time, idempotency: idempotency, command: command, vectors: vectors)
    }

    private static func readCommand(_ kind: Kind, from reader: inout ByteReader) throws(CodecError) -> Command {
        switch kind {
        case .store:
            return .store(try readStore(from: &reader))
        case .storeBatch:
            let count = try reader.length("batch", max: CommandLimits.batchMax)
            var commands: [StoreCommand] = []
            for _ in 0..<count { commands.append(try readStore(from: &reader)) }
            return .storeBatch(commands)
        case .update:
            return .update(try readUpdate(from: &reader))
        case .delete:
            return .delete(try readDelete(from: &reader))
        case .touch:
            let ids = try reader.texts(
                "ids", countMax: CommandLimits.touchMax, bytesMax: CommandLimits.textBytesMax)
            let at = try text("at", from: &reader)
            let nanoseconds = try reader.signed("at in nanoseconds")
            let shortStep = try reader.signed("short step")
            let midStep = try reader.signed("mid step")
            return .touch(
                TouchCommand(
                    ids: ids, at: at, atNanoseconds: nanoseconds, shortStepSeconds: shortStep, midStepSeconds: midStep))
        case .setRegister:
            let key = try reader.text("register key", max: CommandLimits.registerKeyBytesMax)
            guard !key.isEmpty else { throw reader.failure("register key: empty") }
            let value = try reader.blob("register value", max: CommandLimits.registerValueBytesMax)
            return .setRegister(
                SetRegisterCommand(key: key, value: value, expectedVersion: try expectedVersion(from: &reader)))
        case .governed: return .governed(try GovernedCommand(from: &reader))
        case .decide: return .decide(try DecideCommand(from: &reader))
        case .link: return .link(try LinkCommand(from: &reader))
        case .unlink: return .unlink(try UnlinkCommand(from: &reader))
        case .invalidate: return .invalidate(try InvalidateCommand(from: &reader))
        case .registerEntity: return .registerEntity(try EntityCommand(from: &reader))
        case .setStandard: return .setStandard(try StandardCommand(from: &reader))
        case .clearStandard: return .clearStandard(try ClearStandardCommand(from: &reader))
        case .registerAgent: return .registerAgent(try AgentCommand(from: &reader))
        case .archive: return .archive(try ArchiveCommand(from: &reader))
        case .restore: return .restore(try RestoreCommand(from: &reader))
        case .purge: return .purge(try PurgeCommand(from: &reader))
        case .collect: return .collect(try CollectCommand(from: &reader))
        case .forget: return .forget(try ForgetCommand(from: &reader))
        case .consolidate: return .consolidate(try ConsolidateCommand(from: &reader))
        case .importRows: return .importRows(try ImportCommand(from: &reader))
        case .subscribe: return .subscribe(try SubscribeCommand(from: &reader))
        case .unsubscribe: return .unsubscribe(try UnsubscribeCommand(from: &reader))
        case .settle: return .settle(try SettleCommand(from: &reader))
        case .setVectors: return .setVectors(try SetVectorsCommand(from: &reader))
        }
    }

    // MARK: bodies

    static func write(_ command: DeleteCommand, to writer: inout ByteWriter) {
        writer.text(command.id)
        writer.optional(command.expectedVersion) { $0.varint($1) }
    }

    static func readDelete(from reader: inout ByteReader) throws(CodecError) -> DeleteCommand {
        let id = try text("id", from: &reader)
        return DeleteCommand(id: id, expectedVersion: try expectedVersion(from: &reader))
    }

    static func write(_ command: StoreCommand, to writer: inout ByteWriter) {
        writer.text(command.id)
        writer.byte(command.tier.rawValue)
        writer.text(command.namespace)
        writer.text(command.title)
        writer.text(command.content)
        writer.texts(command.tags)
        writer.signed(Int64(command.priority))
        writer.double(command.confidence)
        writer.text(command.source)
        writer.text(command.at)
        writer.optional(command.expiresAt) { $0.text($1) }
        writer.text(command.metadata)
    }

    static func readStore(from reader: inout ByteReader) throws(CodecError) -> StoreCommand {
        let id = try text("id", from: &reader)
        let tier = try readTier(from: &reader)
        let namespace = try text("namespace", from: &reader)
        let title = try text("title", from: &reader)
        let content = try text("content", from: &reader)
        let tags = try readTags(from: &reader)
        let priority = try reader.integer("priority")
        let confidence = try reader.finite("confidence")
        let source = try text("source", from: &reader)
        let at = try text("at", from: &reader)
        let expiresAt = try optionalText("expires_at", from: &reader)
        let metadata = try text("metadata", from: &reader)
        return StoreCommand(
            id: id, tier: tier, namespace: namespace, title: title, content: content, tags: tags, priority: priority,
            confidence: confidence, source: source, at: at, expiresAt: expiresAt, metadata: metadata)
    }

    private static func write(_ command: UpdateCommand, to writer: inout ByteWriter) {
        writer.text(command.id)
        writer.optional(command.title) { $0.text($1) }
        writer.optional(command.content) { $0.text($1) }
        writer.optional(command.tier) { $0.byte($1.rawValue) }
        writer.optional(command.namespace) { $0.text($1) }
        writer.optional(command.tags) { $0.texts($1) }
        writer.optional(command.priority) { $0.signed(Int64($1)) }
        writer.optional(command.confidence) { $0.double($1) }
        writer.optional(command.expiresAt) { $0.text($1) }
        writer.optional(command.metadata) { $0.text($1) }
        writer.text(command.at)
        writer.optional(command.expectedVersion) { $0.varint($1) }
    }

    private static func readUpdate(from reader: inout ByteReader) throws(CodecError) -> UpdateCommand {
        var command = UpdateCommand(id: try text("id", from: &reader), at: "")
        command.title = try optionalText("title", from: &reader)
        command.content = try optionalText("content", from: &reader)
        command.tier = try reader.optional("tier") { reader throws(CodecError) in try readTier(from: &reader) }
        command.namespace = try optionalText("namespace", from: &reader)
        command.tags = try reader.optional("tags") { reader throws(CodecError) in try readTags(from: &reader) }
        command.priority = try reader.optional("priority") { reader throws(CodecError) in
            try reader.integer("priority")
        }
        command.confidence = try reader.optional("confidence") { reader throws(CodecError) in
            try reader.finite("confidence")
        }
        command.expiresAt = try optionalText("expires_at", from: &reader)
        command.metadata = try optionalText("metadata", from: &reader)
        command.at = try text("at", from: &reader)
        command.expectedVersion = try expectedVersion(from: &reader)
        return command
    }

    // MARK: fields

    private static func text(_ what: String, from reader: inout ByteReader) throws(CodecError) -> String {
        try reader.text(what, max: CommandLimits.textBytesMax)
    }

    private static func optionalText(_ what: String, from reader: inout ByteReader) throws(CodecError) -> String? {
        try reader.optional(what) { reader throws(CodecError) in try text(what, from: &reader) }
    }

    private static func expectedVersion(from reader: inout ByteReader) throws(CodecError) -> UInt64? {
        try reader.optional("expected version") { reader throws(CodecError) in try reader.varint("expected version") }
    }

    static func readTier(from reader: inout ByteReader) throws(CodecError) -> Tier {
        let raw = try reader.byte("tier")
        guard let tier = Tier(rawValue: raw) else { throw reader.failure("tier: \(raw) is unknown") }
        return tier
    }

    static func readTags(from reader: inout ByteReader) throws(CodecError) -> [String] {
        try reader.texts("tags", countMax: CommandLimits.tagsMax, bytesMax: CommandLimits.textBytesMax)
    }
}
