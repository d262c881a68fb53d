/// What the tests of the store share: temporary directories, commands with defaults, dumps of replicated rows.
import CSQLite
import Foundation
import Testing

@testable import StateMachine

/// A directory that goes away with its owner.
final class TemporaryDirectory {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }
}

extension Database {
    /// On the files of the operating system.
    convenience init(path: String, mode: Mode, cacheBytes: Int) throws(StoreError) {
        try self.init(path: path, files: PosixStoreFiles(), mode: mode, cacheBytes: cacheBytes)
    }
}

/// A store under test, with a log of its own.
final class TestStore {
    let directory: TemporaryDirectory
    var options: StoreOptions
    var store: MemoryStore
    private(set) var log: [LogCommand] = []

    init(options: StoreOptions = StoreOptions(), directory: TemporaryDirectory? = nil) throws {
        self.directory = try directory ?? TemporaryDirectory()
        self.options = options
        self.store = try MemoryStore.open(directory: self.directory.path, options: options)
    }

    func reopen() throws {
        store.close()
        store = try MemoryStore.open(directory: directory.path, options: options)
    }

    /// Applies commands as one batch.
    @discardableResult
    func apply(_ commands: [CommandEnvelope], term: UInt64 = 1) throws -> [Outcome] {
        let first = store.applied().index + 1
        let batch = commands.enumerated().map { offset, envelope in
            LogCommand(index: first + UInt64(offset), term: term, command: CommandCodec.encode(envelope))
        }
        log += batch
        return try store.apply(batch).map { try OutcomeCodec.decode($0) }
    }

    @discardableResult
    func apply(_ command: Command, at seconds: Int64 = 0, key: String? = nil) throws -> Outcome {
        let outcomes = try apply([envelope(command, at: seconds, key: key)])
        return try #require(outcomes.first)
    }

    func read<R>(_ body: (StoreReader) throws(StoreError) -> R) throws -> R { try store.read(body) }

    func memory(_ id: String) throws -> Memory? { try read { reader throws(StoreError) in try reader.memory(id: id) } }

    func dump() throws -> [String] { try replicatedRows(store.applied(), directory: directory.path) }
}

let baseNanoseconds: Int64 = 1_767_225_600_000_000_000  // 2026-01-01T00:00:00Z

func envelope(_ command: Command, at seconds: Int64 = 0, key: String? = nil, request: UInt8 = 0) -> CommandEnvelope {
    CommandEnvelope(
        timeNanoseconds: baseNanoseconds + seconds * 1_000_000_000,
        idempotency: key.map { Idempotency(key: $0, requestDigest: [UInt8](repeating: request, count: 32)) },
        command: command)
}

func time(_ seconds: Int64) -> String { Timestamp.text(nanoseconds: baseNanoseconds + seconds * 1_000_000_000) }

func storing(
    _ id: String, title: String? = nil, content: String = "content", namespace: String = "global", tier: Tier = .mid,
    tags: [String] = [], priority: Int = 5, confidence: Double = 1, source: String = "api", at seconds: Int64 = 0,
    expiresAt: String? = nil, metadata: String = "{}"
) -> StoreCommand {
    StoreCommand(
        id: id, tier: tier, namespace: namespace, title: title ?? "title \(id)", content: content, tags: tags,
        priority: priority, confidence: confidence, source: source, at: time(seconds), expiresAt: expiresAt,
        metadata: metadata)
}

/// Every row of every replicated table as text, read through a connection of its own.
func replicatedRows(_ applied: AppliedState, directory: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("generation-") }
    let name = try #require(names.count == 1 ? names.first : nil, "one generation, found \(names)")
    let database = try Database(path: "\(directory)/\(name)/state.db", mode: .readOnly, cacheBytes: 1 << 20)
    var lines: [String] = []
    let tables = try database.integer("SELECT schema_version FROM meta") >= Schema.version
    let selects =
        [
            "SELECT * FROM meta", "SELECT * FROM memories ORDER BY row", "SELECT * FROM registers ORDER BY key",
            "SELECT * FROM sessions ORDER BY number", "SELECT * FROM configuration",
        ] + (tables ? Table.all.map { "SELECT * FROM \($0.name) ORDER BY \($0.key)" } : [])
    for select in selects {
        var statement: OpaquePointer?
        #expect(sqlite3_prepare_v2(database.handle, select, -1, &statement, nil) == SQLITE_OK)
        defer { sqlite3_finalize(statement) }
        while sqlite3_step(statement) == SQLITE_ROW {
            var fields: [String] = []
            for column in 0..<sqlite3_column_count(statement) {
                let kind = sqlite3_column_type(statement, column)
                let bytes = sqlite3_column_blob(statement, column).map {
                    Array(UnsafeRawBufferPointer(start: $0, count: Int(sqlite3_column_bytes(statement, column))))
                }
                fields.append("\(kind):" + (bytes ?? []).map { String($0, radix: 16) }.joined(separator: "."))
            }
            lines.append(select.prefix(20) + fields.joined(separator: "|"))
        }
    }
    return lines
}

/// FTS5's own comparison of the index with the rows it was made from.
func checkFullText(directory: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasPrefix("generation-") }
    for name in names {
        let database = try Database(path: "\(directory)/\(name)/state.db", mode: .readWrite, cacheBytes: 1 << 20)
        try database.execute("INSERT INTO memories_fts (memories_fts, rank) VALUES ('integrity-check', 1)")
        #expect(try database.text("PRAGMA integrity_check") == "ok")
    }
}

/// SplitMix64, so that every run sees the same cases.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
