/// Where a page of a list ended, for the request of the next one: opaque to clients, and free of offsets, which skip or
/// repeat rows when others write in between.
///
/// Owns: its text: the keys of the last row as a JSON array, in hexadecimal. Must never: trust one: it comes back from
/// outside.
import JSON
import StateMachine

struct PageCursor: Hashable {
    var keys: [JSONValue]

    /// nil when the parameter is absent; `.some(nil)` for the first page, which an empty text asks for.
    static func read(_ parameters: QueryParameters) throws(APIFailure) -> PageCursor?? {
        guard let text = try parameters.text("cursor") else { return nil }
        if text.isEmpty { return .some(nil) }
        if try parameters.text("offset") != nil { throw .bad("cursor and offset cannot be combined") }
        guard let bytes = decoded(text) else { throw .bad("cursor is not one that this server gave out") }
        do {
            guard let keys = try JSONValue.parse(bytes).arrayValue, keys.count <= 4 else { throw APIFailure.bad("") }
            return .some(PageCursor(keys: keys))
        } catch {
            throw .bad("cursor is not one that this server gave out")
        }
    }

    var text: String { JSONValue.array(keys).encoded().map { Self.hexadecimal($0) }.joined() }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    private static func decoded(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0, digits.count <= 2_048 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = ASCII.hexadecimalDigit(digits[place]), let low = ASCII.hexadecimalDigit(digits[place + 1])
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    // MARK: the lists

    init(keys: [JSONValue]) { self.keys = keys }

    init(after memory: Memory) {
        keys = [.integer(Int64(memory.priority)), .string(memory.updatedAt), .string(memory.id)]
    }
    init(after row: ArchivedMemory) { keys = [.string(row.archivedAt), .string(row.memory.id)] }
    init(after action: PendingAction) { keys = [.integer(action.number)] }

    func memoryPosition() throws(APIFailure) -> ListPosition {
        guard keys.count == 3, let priority = keys[0].integerValue, let updatedAt = keys[1].stringValue,
            let id = keys[2].stringValue
        else { throw .bad("cursor is of another list") }
        return ListPosition(priority: priority, updatedAt: updatedAt, id: id)
    }
    func archivePosition() throws(APIFailure) -> (archivedAt: String, id: String) {
        guard keys.count == 2, let at = keys[0].stringValue, let id = keys[1].stringValue else {
            throw .bad("cursor is of another list")
        }
        return (at, id)
    }
    func pendingPosition() throws(APIFailure) -> Int64 {
        guard keys.count == 1, let number = keys[0].integerValue else { throw .bad("cursor is of another list") }
        return Int64(number)
    }
}
