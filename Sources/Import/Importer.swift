/// Brings a v0.6.3 database or export into a cluster, batch by batch.
///
/// Owns: the batches and their keys. Each batch is one command under a key made of its content: run again after an
/// interruption, what was done is answered by its key or changes nothing. Must never: go on after a batch that failed.
import Client
import Foundation
import JSON
import Operations

public struct Importer: Sendable {
    public struct Report: Sendable {
        public var memories = 0
        public var links = 0
        /// Rows sent, by table.
        public var sent: [(table: String, rows: Int)] = []
        public var errors: [String] = []
        public var leftOut: [String] = []
        /// Memories that went into one that was there under another id.
        public var merged = 0
    }
    /// Where a row names a memory.
    private static let references = ["source_id", "target_id", "entity_id", "standard_id"]
    private static let rowsMax = 200
    private static let bytesMax = 1 << 20
    private static let errorsMax = 1_000

    private let client: MemoryClient

    public init(_ endpoints: [Endpoint]) {
        client = MemoryClient(endpoints: endpoints)
    }

    /// - Parameter progress: table, rows sent so far, rows in all.
    public func run(
        path: String, progress: (String, Int, Int) -> Void
    ) async throws(OperationsError) -> Report {
        var source = try Self.open(path)
        var report = Report(leftOut: source.leftOut)
        var merged: [[UInt8]: String] = [:]
        for (table, total) in source.counts {
            var sent = 0
            while true {
                let rows = try source.next(table, limit: Self.rowsMax)
                if rows.isEmpty { break }
                for batch in Self.batches(Self.renamed(rows, merged)) {
                    for (id, into) in try await send(table, batch, &report) { merged[Array(id.utf8)] = into }
                    sent += batch.count
                    progress(table.rawValue, sent, total)
                }
            }
            report.sent.append((table.rawValue, sent))
        }
        report.merged = merged.count
        return report
    }

    /// Rows that name a memory which lives on under another id name that one instead.
    private static func renamed(_ rows: [JSONValue], _ merged: [[UInt8]: String]) -> [JSONValue] {
        guard !merged.isEmpty else { return rows }
        return rows.map { row in
            guard var object = row.objectValue else { return row }
            for key in references {
                if let id = object[key]?.stringValue, let into = merged[Array(id.utf8)] { object[key] = .string(into) }
            }
            return .object(object)
        }
    }

    /// A database says so in its first bytes.
    static func open(_ path: String) throws(OperationsError) -> any ImportSource {
        guard let file = FileHandle(forReadingAtPath: path) else { throw OperationsError("cannot read \(path)") }
        let data: Data
        do {
            let head = try file.read(upToCount: 16) ?? Data()
            if Array(head.prefix(15)) == Array("SQLite format 3".utf8) { return try DatabaseImportSource(path: path) }
            data = head + (try file.readToEnd() ?? Data())
        } catch let error as OperationsError {
            throw error
        } catch {
            throw OperationsError("cannot read \(path): \(error)")
        }
        return try JSONImportSource(Array(data))
    }

    /// No batch is larger than a request may be.
    private static func batches(_ rows: [JSONValue]) -> [[JSONValue]] {
        var batches: [[JSONValue]] = []
        var current: [JSONValue] = []
        var bytes = 0
        for row in rows {
            let size = row.encoded().count
            if !current.isEmpty, bytes + size > bytesMax {
                batches.append(current)
                (current, bytes) = ([], 0)
            }
            current.append(row)
            bytes += size
        }
        return current.isEmpty ? batches : batches + [current]
    }

    /// - Returns: ids that live on under others.
    private func send(
        _ table: ImportTable, _ rows: [JSONValue], _ report: inout Report
    ) async throws(OperationsError) -> [(String, String)] {
        let body = JSONValue.object(JSONObject([(table.rawValue, .array(rows))])).encoded()
        let request = APIRequest(
            method: "POST", target: "/cluster/v1/import", body: body, idempotencyKey: "import-" + Self.name(of: body))
        let answer: MemoryClient.Answer
        do {
            answer = try await client.send(request)
        } catch {
            throw OperationsError("the import stopped at a batch of \(table.rawValue): \(error); run it again to go on")
        }
        guard answer.response.status == 200 else {
            throw OperationsError(
                "the import stopped: \(answer.endpoint) answers \(answer.response.status) to a batch of "
                    + "\(table.rawValue): \(answer.response.bodyText)")
        }
        do {
            let value = try JSONValue.parse(answer.response.bodyBytes)
            report.memories += value["imported"]?.integerValue ?? 0
            report.links += value["links"]?.integerValue ?? 0
            let errors = value["errors"]?.arrayValue?.compactMap(\.stringValue) ?? []
            report.errors += errors.prefix(max(0, Self.errorsMax - report.errors.count))
            let merged = value["merged"]?.objectValue?.members ?? []
            return merged.compactMap { member in member.value.stringValue.map { (member.key, $0) } }
        } catch {
            throw OperationsError("\(answer.endpoint) answers what is no JSON: \(error)")
        }
    }

    /// 128 bits that are the same for the same content (Fowler–Noll–Vo, twice with different beginnings). The server
    /// compares a proper digest as well.
    private static func name(of bytes: [UInt8]) -> String {
        var words: [UInt64] = [0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142]
        for byte in bytes {
            for place in words.indices { words[place] = (words[place] ^ UInt64(byte)) &* 0x100_0000_01b3 }
            words[1] = words[1] &+ words[0]
        }
        return words.map { String($0, radix: 16) }.joined(separator: "-")
    }
}
