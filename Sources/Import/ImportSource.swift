/// Rows of another store, as the JSON objects that the import route takes, one table after the other.
///
/// Owns: the order, which is that of dependence: memories before what names them. Must never: hold more than a batch.
import JSON
import Operations

public protocol ImportSource {
    /// What there is, for the progress and for the end.
    var counts: [(table: ImportTable, rows: Int)] { get }
    /// What there is and is not taken over, in words.
    var leftOut: [String] { get }
    /// The next rows of a table; empty at its end.
    mutating func next(_ table: ImportTable, limit: Int) throws(OperationsError) -> [JSONValue]
}

/// In the order of import; raw values are members of the request.
public enum ImportTable: String, Sendable, CaseIterable {
    case memories, links, aliases, archived, standards
}

/// The JSON export of v0.6.3: memories and links, without the links' validity.
struct JSONImportSource: ImportSource {
    private let rows: [ImportTable: [JSONValue]]
    private var place: [ImportTable: Int] = [:]
    let leftOut: [String] = []

    init(_ bytes: [UInt8]) throws(OperationsError) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes)
        } catch {
            throw OperationsError("the file is neither a database nor a JSON export: \(error)")
        }
        guard let memories = value["memories"]?.arrayValue else {
            throw OperationsError("the JSON file has no array `memories`: it is not an export")
        }
        rows = [.memories: memories, .links: value["links"]?.arrayValue ?? []]
    }

    var counts: [(table: ImportTable, rows: Int)] {
        ImportTable.allCases.compactMap { table in rows[table].map { (table, $0.count) } }
    }

    mutating func next(_ table: ImportTable, limit: Int) throws(OperationsError) -> [JSONValue] {
        let all = rows[table] ?? []
        let start = place[table] ?? 0
        let end = min(all.count, start + limit)
        place[table] = end
        return Array(all[start..<end])
    }
}
