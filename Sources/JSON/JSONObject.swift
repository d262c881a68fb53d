/// The members of a JSON object, kept in the order the canonical encoding wants.
///
/// Owns: the order (bytewise by UTF-8 key) and the uniqueness of keys. Must never: compare keys by Unicode equivalence,
/// which would make two different byte strings one key.

public struct JSONObject: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public var key: String
        public var value: JSONValue
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Sorted bytewise by key, without duplicates.
    public private(set) var members: [Member]

    public init() { members = [] }

    /// Sorts the members and keeps the last of several with equal keys.
    public init(_ unsorted: [(String, JSONValue)]) {
        members = []
        members.reserveCapacity(unsorted.count)
        for (key, value) in unsorted { self[key] = value }
    }

    /// Takes over members from the parser.
    /// - Returns: nil and the repeated key when two members have the same key.
    static func checked(_ unsorted: [Member]) -> (object: JSONObject?, duplicateKey: String?) {
        var members = unsorted
        var sorted = true
        for index in members.indices.dropFirst()
        where !JSONObject.precedes(members[index - 1].key, members[index].key) {
            sorted = false
            break
        }
        if !sorted {
            members.sort { JSONObject.precedes($0.key, $1.key) }
            for index in members.indices.dropFirst()
            where !JSONObject.precedes(members[index - 1].key, members[index].key) {
                return (nil, members[index].key)
            }
        }
        var object = JSONObject()
        object.members = members
        return (object, nil)
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }

    /// Setting nil removes the member; JSON null is `.some(.null)`.
    public subscript(key: String) -> JSONValue? {
        get {
            let (index, found) = position(of: key)
            return found ? members[index].value : nil
        }
        set {
            let (index, found) = position(of: key)
            switch (found, newValue) {
            case (true, .some(let value)): members[index].value = value
            case (true, .none): members.remove(at: index)
            case (false, .some(let value)): members.insert(Member(key: key, value: value), at: index)
            case (false, .none): break
            }
        }
    }

    /// Binary search: where the key is, or where it belongs.
    private func position(of key: String) -> (index: Int, found: Bool) {
        var low = 0
        var high = members.count
        while low < high {
            let middle = low + (high - low) / 2
            if JSONObject.precedes(members[middle].key, key) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let found = low < members.count && members[low].key.utf8.elementsEqual(key.utf8)
        return (low, found)
    }

    /// Bytewise order. Swift's own `<` on strings folds canonical equivalents together.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
