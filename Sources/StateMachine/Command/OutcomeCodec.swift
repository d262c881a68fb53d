/// The bytes of an outcome, as the idempotency table keeps them and the node that proposed reads them back.
///
/// Owns: the encoding. Must never: change the bytes of a version that has been in a table; add a version.

public enum OutcomeCodec {
    /// First byte of every outcome.
    public static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case none = 0
        case stored = 1
        case storedBatch = 2
        case updated = 3
        case deleted = 4
        case touched = 5
        case registerSet = 6
        case notFound = 7
        case versionConflict = 8
        case registerConflict = 9
        case titleTaken = 10
        case idTaken = 11
        case idempotencyMismatch = 12
        case denied = 16
        case queued = 17
        case refused = 18
        case voted = 19
        case decided = 20
        case promoted = 21
        case linked = 22
        case counted = 23
        case invalidated = 24
        case entity = 25
        case standardSet = 26
        case archived = 27
        case imported = 28
    }

    public static func encode(_ outcome: Outcome) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.byte(version)
        write(outcome, to: &writer)
        return writer.bytes
    }

    public static func decode(_ bytes: [UInt8]) throws(CodecError) -> Outcome {
        var reader = ByteReader(bytes)
        let found = try reader.byte("outcome version")
        guard found == version else {
            throw CodecError(message: "outcome version \(found) is unknown to this build", offset: 0)
        }
        let outcome = try read(from: &reader, insideBatch: false)
        try reader.finish()
        return outcome
    }

    private static func write(_ outcome: Outcome, to writer: inout ByteWriter) {
        switch outcome {
        case .none:
            writer.byte(Kind.none.rawValue)
        case .stored(let id, let version, let created):
            writer.byte(Kind.stored.rawValue)
            writer.text(id)
            writer.varint(version)
            writer.byte(created ? 1 : 0)
        case .storedBatch(let outcomes):
            writer.byte(Kind.storedBatch.rawValue)
            writer.varint(UInt64(outcomes.count))
            for outcome in outcomes { write(outcome, to: &writer) }
        case .updated(let memory):
            writer.byte(Kind.updated.rawValue)
            write(memory, to: &writer)
        case .deleted(let id):
            writer.byte(Kind.deleted.rawValue)
            writer.text(id)
        case .touched(let count):
            writer.byte(Kind.touched.rawValue)
            writer.signed(Int64(count))
        case .registerSet(let version):
            writer.byte(Kind.registerSet.rawValue)
            writer.varint(version)
        case .notFound:
            writer.byte(Kind.notFound.rawValue)
        case .versionConflict(let current):
            writer.byte(Kind.versionConflict.rawValue)
            write(current, to: &writer)
        case .registerConflict(let version, let value):
            writer.byte(Kind.registerConflict.rawValue)
            writer.varint(version)
            writer.blob(value)
        case .titleTaken(let title, let namespace, let ownerID):
            writer.byte(Kind.titleTaken.rawValue)
            writer.text(title)
            writer.text(namespace)
            writer.text(ownerID)
        case .idTaken(let id):
            writer.byte(Kind.idTaken.rawValue)
            writer.text(id)
        case .idempotencyMismatch:
            writer.byte(Kind.idempotencyMismatch.rawValue)
        case .denied, .queued, .refused, .voted, .decided, .promoted, .linked, .counted, .invalidated, .entity,
            .standardSet, .archived, .imported:
            writeTables(outcome, to: &writer)
        }
    }

    /// The outcomes of feature level 2.
    private static func writeTables(_ outcome: Outcome, to writer: inout ByteWriter) {
        func begin(_ kind: Kind) { writer.byte(kind.rawValue) }
        switch outcome {
        case .denied(let reason):
            begin(.denied)
            writer.text(reason)
        case .queued(let pendingID, let memoryID):
            begin(.queued)
            writer.text(pendingID)
            writer.optionalText(memoryID)
        case .refused(let refusal, let detail):
            begin(.refused)
            writer.byte(refusal.rawValue)
            writer.text(detail)
        case .voted(let votes, let quorum):
            begin(.voted)
            writer.signed(Int64(votes))
            writer.signed(Int64(quorum))
        case .decided(let memoryID, let decider):
            begin(.decided)
            writer.optionalText(memoryID)
            writer.text(decider)
        case .promoted(let id):
            begin(.promoted)
            writer.text(id)
        case .linked(let created):
            begin(.linked)
            writer.byte(created ? 1 : 0)
        case .counted(let count):
            begin(.counted)
            writer.signed(Int64(count))
        case .invalidated(let previous):
            begin(.invalidated)
            writer.optionalText(previous)
        case .entity(let id, let created, let aliases):
            begin(.entity)
            writer.text(id)
            writer.byte(created ? 1 : 0)
            writer.texts(aliases)
        case .standardSet(let id, let parent):
            begin(.standardSet)
            writer.text(id)
            writer.optionalText(parent)
        case .archived(let ids, let missing):
            begin(.archived)
            writer.texts(ids)
            writer.texts(missing)
        case .imported(let count, let links, let errors, let merged):
            begin(.imported)
            writer.signed(Int64(count))
            writer.signed(Int64(links))
            writer.texts(errors)
            writer.texts(merged.flatMap { [$0.id, $0.into] })
        case .none, .stored, .storedBatch, .updated, .deleted, .touched, .registerSet, .notFound, .versionConflict,
            .registerConflict, .titleTaken, .idTaken, .idempotencyMismatch:
            preconditionFailure("\(outcome) is written by the other half")
        }
    }

    private static func read(from reader: inout ByteReader, insideBatch: Bool) throws(CodecError) -> Outcome {
        let raw = try reader.byte("outcome type")
        guard let kind = Kind(rawValue: raw) else {
            throw reader.failure("outcome type \(raw) is unknown to this build")
        }
        switch kind {
        case .none: return .none
        case .notFound: return .notFound
        case .idempotencyMismatch: return .idempotencyMismatch
        case .stored:
            let id = try text("id", from: &reader)
            let version = try reader.varint("version")
            return .stored(id: id, version: version, created: try reader.bool("created"))
        case .storedBatch:
            // One level only: hostile bytes must not recurse.
            guard !insideBatch else { throw reader.failure("batch inside a batch") }
            let count = try reader.length("batch", max: CommandLimits.batchMax)
            var outcomes: [Outcome] = []
            for _ in 0..<count { outcomes.append(try read(from: &reader, insideBatch: true)) }
            return .storedBatch(outcomes)
        case .updated: return .updated(try readMemory(from: &reader))
        case .deleted: return .deleted(id: try text("id", from: &reader))
        case .touched: return .touched(count: try reader.integer("count"))
        case .registerSet: return .registerSet(version: try reader.varint("version"))
        case .versionConflict: return .versionConflict(current: try readMemory(from: &reader))
        case .registerConflict:
            let version = try reader.varint("version")
            return .registerConflict(
                version: version, value: try reader.blob("value", max: CommandLimits.registerValueBytesMax))
        case .titleTaken:
            let title = try text("title", from: &reader)
            let namespace = try text("namespace", from: &reader)
            return .titleTaken(title: title, namespace: namespace, ownerID: try text("owner id", from: &reader))
        case .idTaken: return .idTaken(id: try text("id", from: &reader))
        case .denied, .queued, .refused, .voted, .decided, .promoted, .linked, .counted, .invalidated, .entity,
            .standardSet, .archived, .imported:
            return try readTables(kind, from: &reader)
        }
    }

    private static func readTables(_ kind: Kind, from reader: inout ByteReader) throws(CodecError) -> Outcome {
        switch kind {
        case .denied: return .denied(reason: try reader.text("reason"))
        case .queued:
            let id = try reader.text("pending id")
            return .queued(pendingID: id, memoryID: try reader.optionalText("memory id"))
        case .refused:
            let raw = try reader.byte("refusal")
            guard let refusal = Refusal(rawValue: raw) else { throw reader.failure("refusal: \(raw) is unknown") }
            return .refused(refusal, detail: try reader.text("detail"))
        case .voted:
            let votes = try reader.integer("votes")
            return .voted(votes: votes, quorum: try reader.integer("quorum"))
        case .decided:
            let id = try reader.optionalText("memory id")
            return .decided(memoryID: id, by: try reader.text("decider"))
        case .promoted: return .promoted(id: try reader.text("id"))
        case .linked: return .linked(created: try reader.bool("created"))
        case .counted: return .counted(try reader.integer("count"))
        case .invalidated: return .invalidated(previous: try reader.optionalText("previous"))
        case .entity:
            let id = try reader.text("id")
            let created = try reader.bool("created")
            return .entity(id: id, created: created, aliases: try reader.ids("aliases"))
        case .standardSet:
            let id = try reader.text("id")
            return .standardSet(id: id, parent: try reader.optionalText("parent"))
        case .archived:
            let ids = try reader.ids("ids")
            return .archived(ids: ids, missing: try reader.ids("missing"))
        case .imported:
            let count = try reader.integer("count")
            let links = try reader.integer("links")
            let errors = try reader.ids("errors")
            let ids = try reader.ids("merged ids")
            guard ids.count.isMultiple(of: 2) else { throw reader.failure("merged ids: \(ids.count) are no pairs") }
            let merged = stride(from: 0, to: ids.count, by: 2).map { MergedID(id: ids[$0], into: ids[$0 + 1]) }
            return .imported(count: count, links: links, errors: errors, merged: merged)
        case .none, .stored, .storedBatch, .updated, .deleted, .touched, .registerSet, .notFound, .versionConflict,
            .registerConflict, .titleTaken, .idTaken, .idempotencyMismatch:
            throw reader.failure("outcome type \(kind.rawValue) is read by the other half")
        }
    }

    private static func text(_ what: String, from reader: inout ByteReader) throws(CodecError) -> String {
        try reader.text(what, max: CommandLimits.textBytesMax)
    }

    private static func optionalText(_ what: String, from reader: inout ByteReader) throws(CodecError) -> String? {
        try reader.optional(what) { reader throws(CodecError) in try text(what, from: &reader) }
    }

    /// Every field of a row; also what the state digest takes in.
    static func write(_ memory: Memory, to writer: inout ByteWriter) {
        writer.text(memory.id)
        writer.byte(memory.tier.rawValue)
        writer.text(memory.namespace)
        writer.text(memory.title)
        writer.text(memory.content)
        writer.texts(memory.tags)
        writer.signed(Int64(memory.priority))
        writer.double(memory.confidence)
        writer.text(memory.source)
        writer.signed(Int64(memory.accessCount))
        writer.text(memory.createdAt)
        writer.text(memory.updatedAt)
        writer.optional(memory.lastAccessedAt) { $0.text($1) }
        writer.optional(memory.expiresAt) { $0.text($1) }
        writer.text(memory.metadata)
        writer.varint(memory.version)
    }

    static func readMemory(from reader: inout ByteReader) throws(CodecError) -> Memory {
        let id = try text("id", from: &reader)
        let tier = try CommandCodec.readTier(from: &reader)
        let namespace = try text("namespace", from: &reader)
        let title = try text("title", from: &reader)
        let content = try text("content", from: &reader)
        let tags = try CommandCodec.readTags(from: &reader)
        let priority = try reader.integer("priority")
        let confidence = try reader.finite("confidence")
        let source = try text("source", from: &reader)
        let accessCount = try reader.integer("access count")
        let createdAt = try text("created_at", from: &reader)
        let updatedAt = try text("updated_at", from: &reader)
        let lastAccessedAt = try optionalText("last_accessed_at", from: &reader)
        let expiresAt = try optionalText("expires_at", from: &reader)
        let metadata = try text("metadata", from: &reader)
        let version = try reader.varint("version")
        return Memory(
            id: id, tier: tier, namespace: namespace, title: title, content: content, tags: tags, priority: priority,
            confidence: confidence, source: source, accessCount: accessCount, createdAt: createdAt,
            updatedAt: updatedAt, lastAccessedAt: lastAccessedAt, expiresAt: expiresAt, metadata: metadata,
            version: version)
    }
}
