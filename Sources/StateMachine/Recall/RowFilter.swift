/// The conditions of a recall, as far as the directory knows them: cheap enough to be asked about every candidate.
///
/// Owns: which rows may pass. Must never: keep back a row that the same conditions in SQL let pass.
struct RowFilter {
    /// By number of the namespace: bits of the scopes that pass. nil: all.
    private var scopesByNamespace: [UInt8]?
    private var tier: UInt8?
    private var since: UInt64 = 0
    private var until: UInt64 = .max
    private var now: UInt64 = 0
    private var tagBits: UInt64 = 0
    private static let everyScope: UInt8 = .max

    /// Whether anything but expiry is asked for.
    private(set) var isSelective = false

    init(_ query: RecallQuery, now: String, directory: RowDirectory) {
        self.now = SortableTime.pack(now) ?? 0
        tier = query.tier?.rawValue
        if let text = query.since, let packed = SortableTime.packBound(text) { since = packed }
        if let text = query.until, let packed = SortableTime.packBound(text) { until = packed }
        for tag in query.tags { tagBits |= RowDirectory.tagBit(tag) }
        isSelective = tier != nil || since > 0 || until < .max || tagBits != 0
        restrictNamespaces(query, directory)
        if let position = query.asAgent { restrictScopes(position, directory) }
    }

    func passes(_ row: RowDirectory.Packed) -> Bool {
        guard row.expires >= now, row.tagBits & tagBits == tagBits else { return false }
        if row.created != RowDirectory.unknown, row.created < since || row.created > until { return false }
        if let tier, tier != row.tier { return false }
        guard let scopesByNamespace else { return true }
        let place = Int(row.namespace) - 1
        return place < scopesByNamespace.count && scopesByNamespace[place] & (1 << row.scope) != 0
    }

    /// Numbers of the namespaces of which any row may pass; nil: all.
    var namespaces: [UInt32]? {
        scopesByNamespace.map { scopes in scopes.indices.filter { scopes[$0] != 0 }.map { UInt32($0 + 1) } }
    }

    /// How many rows they hold; nil: all of the directory.
    func namespaceRows(_ directory: RowDirectory) -> Int? {
        namespaces.map { $0.reduce(0) { $0 + directory.namespaces[Int($1) - 1].rows } }
    }

    private mutating func restrictNamespaces(_ query: RecallQuery, _ directory: RowDirectory) {
        guard let namespace = query.namespace else { return }
        isSelective = true
        var scopes = [UInt8](repeating: 0, count: directory.namespaces.count)
        func allow(_ name: String) {
            if let number = directory.number(ofNamespace: name) { scopes[Int(number) - 1] = Self.everyScope }
        }
        switch query.reach {
        case .ancestors where NamespacePath.isHierarchical(namespace):
            for level in NamespacePath.ancestors(namespace) { allow(level) }
        case .ancestors, .exact:
            allow(namespace)
        case .subtree:
            allow(namespace)
            let prefix = Array((namespace + "/").utf8)
            for (place, facts) in directory.namespaces.enumerated() where facts.name.utf8.starts(with: prefix) {
                scopes[place] = Self.everyScope
            }
        }
        scopesByNamespace = scopes
    }

    /// Visibility (semantics §4.3), without regard to case below a level, as SQL's LIKE has it.
    private mutating func restrictScopes(_ position: String, _ directory: RowDirectory) {
        isSelective = true
        let levels = NamespacePath.ancestors(position)
        var scopes = scopesByNamespace ?? [UInt8](repeating: Self.everyScope, count: directory.namespaces.count)
        let collective: UInt8 = 1 << RowScope.number("collective")
        for (place, facts) in directory.namespaces.enumerated() where scopes[place] != 0 {
            var visible: UInt8 = collective
            if let own = levels.first, facts.name.hasSameBytes(as: own) { visible |= 1 << RowScope.number("private") }
            for (scope, level) in zip(["team", "unit", "org"], levels.dropFirst())
            where facts.name.hasSameBytes(as: level) || Self.isBelow(facts.name, level) {
                visible |= 1 << RowScope.number(scope)
            }
            scopes[place] &= visible
        }
        scopesByNamespace = scopes
    }

    private static func isBelow(_ name: String, _ level: String) -> Bool {
        func folded(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }
        let name = Array(name.utf8)
        let level = Array(level.utf8)
        guard name.count > level.count, name[level.count] == UInt8(ascii: "/") else { return false }
        return zip(name, level).allSatisfy { folded($0) == folded($1) }
    }
}
