/// Namespaces: how many memories each has, their tree, their standards.
///
/// Owns: the chain along which standards are inherited, and the shape of the tree. Must never: enforce a policy; that is
/// done when a command is applied.

/// A node of the tree of namespaces.
public struct NamespaceNode: Hashable, Sendable {
    public var namespace: String
    public var name: String
    /// Memories of exactly this namespace.
    public var count: Int
    public var subtreeCount: Int
    /// By name.
    public var children: [NamespaceNode]
}

public struct Taxonomy: Hashable, Sendable {
    public var root: NamespaceNode
    public var totalCount: Int
    /// Namespaces were left out.
    public var isTruncated: Bool
}

/// What stands as the standard of a namespace.
public struct NamespaceStandard: Hashable, Sendable {
    public var namespace: String
    public var memoryID: String
    /// nil: it is gone.
    public var memory: Memory?
}

extension StoreReader {
    /// Live memories, largest namespace first.
    public func namespaceCounts(now: String) throws(StoreError) -> [StoreStats.NamespaceCount] {
        try liveCounts(prefix: nil, now: now)
    }

    /// All rows by one narrow index, less the expired ones by another: the rows themselves are not touched.
    private func liveCounts(prefix: String?, now: String) throws(StoreError) -> [StoreStats.NamespaceCount] {
        var counts = try counts(prefix: prefix, expiredAt: nil)
        let expired = Dictionary(
            try self.counts(prefix: prefix, expiredAt: now).map { (Array($0.namespace.utf8), $0.count) },
            uniquingKeysWith: +)
        if !expired.isEmpty {
            for place in counts.indices { counts[place].count -= expired[Array(counts[place].namespace.utf8)] ?? 0 }
        }
        counts.removeAll { $0.count == 0 }
        return counts.sorted {
            $0.count == $1.count
                ? $0.namespace.utf8.lexicographicallyPrecedes($1.namespace.utf8) : $0.count > $1.count
        }
    }

    /// - Parameter expiredAt: only rows whose expiry is not after this; nil: all.
    private func counts(prefix: String?, expiredAt: String?) throws(StoreError) -> [StoreStats.NamespaceCount] {
        var parts = QueryParts()
        if let expiredAt { parts.require("expires_at <= ?", .text(expiredAt)) }
        if let prefix {
            // What is below a path sorts between it with a slash and it with the character after the slash.
            parts.require(
                "(namespace = ? OR (namespace >= ? AND namespace < ?))", .text(prefix), .text(prefix + "/"),
                .text(prefix + "0"))
        }
        let index = expiredAt == nil ? "memories_namespace_order" : "memories_expiry"
        let statement = try database.statement(
            "SELECT namespace, count(*) FROM memories INDEXED BY \(index) \(parts.whereClause) GROUP BY namespace")
        defer { statement.reset() }
        try statement.bind(parts.arguments)
        var found: [StoreStats.NamespaceCount] = []
        while try statement.step() {
            found.append(
                StoreStats.NamespaceCount(namespace: statement.text(0), count: Int(statement.int64(1))))
        }
        return found
    }

    /// - Parameters:
    ///   - prefix: the root; nil: everything.
    ///   - depth: levels below the root that are shown; what is deeper counts at the last one.
    ///   - limit: namespaces walked, largest first.
    public func taxonomy(prefix: String?, depth: Int, limit: Int, now: String) throws(StoreError) -> Taxonomy {
        let counts = try liveCounts(prefix: prefix, now: now)
        let total = counts.reduce(0) { $0 + $1.count }
        var tree = TaxonomyTree(prefix: prefix ?? "")
        var walked = 0
        for group in counts.prefix(limit) {
            tree.add(group.namespace, count: group.count, depth: depth)
            walked += group.count
        }
        return Taxonomy(root: tree.node, totalCount: total, isTruncated: walked < total)
    }

    // MARK: standards

    public func standard(of namespace: String) throws(StoreError) -> NamespaceStandard? {
        guard let id = try standardRow(namespace)?.memoryID else { return nil }
        return NamespaceStandard(namespace: namespace, memoryID: id, memory: try memory(id: id))
    }

    private func standardRow(_ namespace: String) throws(StoreError) -> (memoryID: String, parent: String?)? {
        guard hasTables else { return nil }
        let statement = try database.statement(
            "SELECT standard_id, parent_namespace FROM standards WHERE namespace = ?1")
        defer { statement.reset() }
        try statement.bind(1, namespace)
        return try statement.step() ? (statement.text(0), statement.optionalText(1)) : nil
    }

    /// From the most general to the namespace itself: `*`, what the root segment was told to stand under, the path.
    public func standardChain(of namespace: String) throws(StoreError) -> [String] {
        let everything = "*"
        if namespace.hasSameBytes(as: everything) { return [everything] }
        let path = Array(NamespacePath.ancestors(namespace).reversed())
        var above: [String] = []
        var next = path.first
        for _ in 0..<StoreReader.parentStepsMax {
            guard let current = next, let parent = try standardRow(current)?.parent else { break }
            let isKnown = (path + above).contains { $0.hasSameBytes(as: parent) }
            if isKnown || parent.hasSameBytes(as: everything) { break }
            above.insert(parent, at: 0)
            next = parent
        }
        var chain = [everything]
        for level in above + path where !chain.contains(where: { $0.hasSameBytes(as: level) }) { chain.append(level) }
        return chain
    }
    private static var parentStepsMax: Int { 8 }

    /// The standards along the chain, one entry for each level that has one.
    public func standards(along chain: [String]) throws(StoreError) -> [NamespaceStandard] {
        var found: [NamespaceStandard] = []
        for level in chain { if let standard = try standard(of: level) { found.append(standard) } }
        return found
    }

    /// Namespaces whose standard has a policy.
    public func policyCount() throws(StoreError) -> Int {
        guard hasTables else { return 0 }
        return Int(
            try database.integer(
                """
                SELECT count(*) FROM standards JOIN memories
                ON memories.id COLLATE NOCASE = standards.standard_id AND memories.id = standards.standard_id
                WHERE json_extract(memories.metadata, '$.governance') IS NOT NULL
                """))
    }
}

/// Gathers namespaces into a tree.
private struct TaxonomyTree {
    private let namespace: String
    private let name: String
    private var count = 0
    private var subtreeCount = 0
    private var children: [TaxonomyTree] = []
    /// By the bytes of the name.
    private var places: [[UInt8]: Int] = [:]

    init(prefix: String) {
        let segments = prefix.utf8.split(separator: UInt8(ascii: "/"))
        self.init(namespace: prefix, name: segments.last.map { String(decoding: Array($0), as: UTF8.self) } ?? "")
    }
    private init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// - Parameter depth: levels below this one that are shown.
    mutating func add(_ path: String, count: Int, depth: Int) {
        let below = namespace.isEmpty ? Array(path.utf8) : Array(path.utf8.dropFirst(namespace.utf8.count))
        let segments = below.split(separator: UInt8(ascii: "/")).map { Array($0) }
        if depth == 0 {
            subtreeCount += count
            self.count += count
        } else {
            add(segments[...], count: count, levelsLeft: depth)
        }
    }

    /// What is cut off counts in the subtree of the deepest level that is shown, and nowhere by itself.
    private mutating func add(_ segments: ArraySlice<[UInt8]>, count: Int, levelsLeft: Int) {
        subtreeCount += count
        guard let first = segments.first else {
            self.count += count
            return
        }
        guard levelsLeft > 0 else { return }
        let place: Int
        if let known = places[first] {
            place = known
        } else {
            let name = String(decoding: first, as: UTF8.self)
            place = children.count
            places[first] = place
            children.append(TaxonomyTree(namespace: namespace.isEmpty ? name : namespace + "/" + name, name: name))
        }
        children[place].add(segments.dropFirst(), count: count, levelsLeft: levelsLeft - 1)
    }

    var node: NamespaceNode {
        NamespaceNode(
            namespace: namespace, name: name, count: count, subtreeCount: subtreeCount,
            children: children.map(\.node).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
    }
}
