/// What recall filters by, of every row, in memory: a filter must act while the indexes are searched, and asking SQLite
/// about each candidate would cost more than the search.
///
/// Owns: the facts, packed, by row number, and who is next to whom in a namespace. It may let a row pass that SQL would
/// not (times are cut to seconds, tags to one bit each); every row that leaves is checked by SQL. Must never: keep back
/// a row that SQL would let pass.
struct RowDirectory {
    struct Packed: RowValue {
        static let vacant = Packed()
        var isVacant: Bool { namespace == 0 }

        /// 0: there is no such row.
        var namespace: UInt32 = 0
        var tier: UInt8 = 0
        var scope: UInt8 = 0
        /// `SortableTime`; `unknown` for texts without one, and for rows that never expire.
        var created: UInt64 = RowDirectory.unknown
        var expires: UInt64 = RowDirectory.unknown
        /// One bit for each tag.
        var tagBits: UInt64 = 0
        var version: UInt64 = 0
        /// Neighbours in the namespace in the order of rows; 0: none.
        var previous: Int64 = 0
        var next: Int64 = 0
    }
    static let unknown = UInt64.max
    private var rows = RowChunks<Packed>()
    private var numbers: [[UInt8]: UInt32] = [:]
    /// By number less one.
    private(set) var namespaces: [NamespaceFacts] = []
    var count: Int { rows.count }

    struct NamespaceFacts {
        var name: String
        var rows = 0
        /// The row of the highest number.
        var last: Int64 = 0
    }

    /// - Returns: nil when there is no such row.
    func packed(_ row: Int64) -> Packed? { rows[row] }

    /// No row has a higher number.
    var rowLast: Int64 { rows.rowLast }

    /// In ascending order.
    func eachRow(_ body: (Int64, Packed) -> Void) { rows.each(body) }

    /// From the last to the first.
    func eachRow(ofNamespace number: UInt32, _ body: (Int64, Packed) -> Void) {
        var row = namespaces[Int(number) - 1].last
        while row != 0, let packed = packed(row) {
            body(row, packed)
            row = packed.previous
        }
    }

    func number(ofNamespace name: String) -> UInt32? { numbers[Array(name.utf8)] }

    // MARK: changes

    mutating func write(_ row: Int64, _ facts: RowFacts) {
        guard row >= 0 else { return }
        let old = packed(row)
        var packed = Packed()
        packed.namespace = number(for: facts.namespace)
        packed.tier = facts.tier.rawValue
        packed.scope = RowScope.number(facts.scope)
        packed.created = SortableTime.pack(facts.createdAt) ?? RowDirectory.unknown
        packed.expires = facts.expiresAt.flatMap(SortableTime.pack) ?? RowDirectory.unknown
        packed.tagBits = facts.tags.reduce(0) { $0 | RowDirectory.tagBit($1) }
        packed.version = facts.version
        if let old, old.namespace == packed.namespace {
            packed.previous = old.previous
            packed.next = old.next
            set(row, packed)
            return
        }
        if old != nil { unlink(row) }
        set(row, packed)
        link(row)
    }

    mutating func touch(_ row: Int64, tier: Tier, expiresAt: String?, version: UInt64) {
        guard var packed = packed(row) else { return }
        packed.tier = tier.rawValue
        packed.expires = expiresAt.flatMap(SortableTime.pack) ?? RowDirectory.unknown
        packed.version = version
        set(row, packed)
    }

    mutating func remove(_ row: Int64) {
        guard packed(row) != nil else { return }
        unlink(row)
        set(row, Packed())
    }

    static func tagBit(_ tag: String) -> UInt64 {
        // FNV-1a: the same on every node and in every process, though nothing depends on it.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in tag.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return 1 << (hash >> 58)
    }

    private mutating func number(for name: String) -> UInt32 {
        let key = Array(name.utf8)
        if let known = numbers[key] { return known }
        namespaces.append(NamespaceFacts(name: name))
        let number = UInt32(namespaces.count)
        numbers[key] = number
        return number
    }

    private mutating func set(_ row: Int64, _ packed: Packed) { rows.set(row, packed) }

    // MARK: neighbours

    /// Rows mostly come in ascending order; one that changed its namespace looks for its place from the end.
    private mutating func link(_ row: Int64) {
        guard var packed = packed(row) else { return }
        let place = Int(packed.namespace) - 1
        var after: Int64 = 0
        var before = namespaces[place].last
        var steps = 0
        while before > row, steps < RowDirectory.linkStepsMax, let other = self.packed(before) {
            after = before
            before = other.previous
            steps += 1
        }
        packed.previous = before
        packed.next = after
        set(row, packed)
        if before != 0 { change(before) { $0.next = row } }
        if after != 0 { change(after) { $0.previous = row } }
        namespaces[place].rows += 1
        if after == 0 { namespaces[place].last = row }
    }

    /// Beyond it a moved row stands where the search ended: a neighbour is a hint, not a fact.
    private static let linkStepsMax = 1_000

    private mutating func unlink(_ row: Int64) {
        guard let packed = packed(row) else { return }
        let place = Int(packed.namespace) - 1
        if packed.previous != 0 { change(packed.previous) { $0.next = packed.next } }
        if packed.next != 0 { change(packed.next) { $0.previous = packed.previous } }
        namespaces[place].rows -= 1
        if namespaces[place].last == row { namespaces[place].last = packed.previous }
    }

    private mutating func change(_ row: Int64, _ body: (inout Packed) -> Void) {
        guard var packed = packed(row) else { return }
        body(&packed)
        set(row, packed)
    }
}

/// The scopes of memories as bits of a mask.
enum RowScope {
    static let names = ["private", "team", "unit", "org", "collective"]
    /// Any other text; visible only where no position is asked for.
    static let other = UInt8(names.count)

    static func number(_ scope: String) -> UInt8 {
        names.firstIndex { $0.hasSameBytes(as: scope) }.map { UInt8($0) } ?? other
    }
}
