/// Links, timelines and walks over the graph.
///
/// Owns: the queries of the knowledge graph. Must never: let a walk cost more than its bounds, whatever the graph.

public struct Link: Hashable, Sendable {
    public var sourceID: String
    public var targetID: String
    public var relation: String
    public var createdAt: String
}

/// A link with its span of validity and what it leads to.
public struct GraphStep: Hashable, Sendable {
    public var targetID: String
    public var relation: String
    public var createdAt: String
    public var validFrom: String?
    public var validUntil: String?
    public var observedBy: String?
    public var title: String
    public var targetNamespace: String
    /// Ids from the source to the target; one step long in a timeline.
    public var path: [String]
    public var depth: Int { path.count - 1 }
}

public struct GraphQuery: Hashable, Sendable {
    public var sourceID: String
    /// 1 to `StoreReader.graphDepthMax`.
    public var depthMax: Int
    /// Only links that were valid at this time.
    public var validAt: String?
    /// Only links observed by one of these.
    public var allowedAgents: [String]?
    public var limit: Int
    public init(
        sourceID: String, depthMax: Int, validAt: String? = nil, allowedAgents: [String]? = nil, limit: Int = 200
    ) {
        self.sourceID = sourceID
        self.depthMax = depthMax
        self.validAt = validAt
        self.allowedAgents = allowedAgents
        self.limit = limit
    }
}

extension StoreReader {
    public static let graphDepthMax = 5
    /// Steps of one walk at most; a graph whose paths multiply beyond it is cut there.
    public static let graphStepsMax = 50_000

    /// Links of one memory that are given out at most; an import can bring any number.
    public static let linksMax = 10_000

    /// Both directions, oldest first.
    public func links(of id: String) throws(StoreError) -> [Link] {
        guard hasTables else { return [] }
        let statement = try database.statement(
            """
            SELECT * FROM (SELECT source_id, target_id, relation, created_at FROM links WHERE source_id = ?1
                LIMIT \(StoreReader.linksMax))
            UNION SELECT * FROM (SELECT source_id, target_id, relation, created_at FROM links WHERE target_id = ?1
                LIMIT \(StoreReader.linksMax))
            ORDER BY 4, 1, 2, 3 LIMIT \(StoreReader.linksMax)
            """)
        defer { statement.reset() }
        try statement.bind(1, id)
        var found: [Link] = []
        while try statement.step() { found.append(Link(statement)) }
        return found
    }

    /// Links from a memory by the beginning of their validity; those that ended are among them.
    public func timeline(
        of sourceID: String, since: String?, until: String?, limit: Int
    ) throws(StoreError) -> [GraphStep] {
        guard hasTables else { return [] }
        var parts = QueryParts()
        parts.require("links.source_id = ?", .text(sourceID))
        parts.require("links.valid_from IS NOT NULL")
        if let since { parts.require("links.valid_from >= ?", .text(since)) }
        if let until { parts.require("links.valid_from <= ?", .text(until)) }
        let statement = try database.statement(
            """
            SELECT \(GraphStep.columns) FROM links JOIN memories ON \(GraphStep.target) \(parts.whereClause)
            ORDER BY links.valid_from, links.created_at, links.target_id, links.relation LIMIT ?
            """)
        defer { statement.reset() }
        try statement.bind(parts.arguments + [.integer(StoreReader.limit(limit))])
        var found: [GraphStep] = []
        while try statement.step() { found.append(GraphStep(statement, from: [sourceID])) }
        return found
    }

    /// Walks outwards level by level. Every row of a level comes before those of the next, so the walk ends with the
    /// level that fills the answer.
    public func walk(_ query: GraphQuery) throws(StoreError) -> [GraphStep] {
        guard hasTables, query.limit > 0 else { return [] }
        var known: [String: [GraphStep]] = [:]
        var frontier = [[query.sourceID]]
        var found: [GraphStep] = []
        var stepsLeft = StoreReader.graphStepsMax
        for _ in 0..<min(max(0, query.depthMax), StoreReader.graphDepthMax) {
            var level: [GraphStep] = []
            for path in frontier where stepsLeft > 0 {
                guard let node = path.last else { continue }
                let steps: [GraphStep]
                if let before = known[node] {
                    steps = before
                } else {
                    steps = try outgoing(node, query)
                    known[node] = steps
                }
                for var step in steps.prefix(stepsLeft)
                where !path.contains(where: { $0.hasSameBytes(as: step.targetID) }) {
                    step.path = path + [step.targetID]
                    level.append(step)
                    stepsLeft -= 1
                }
            }
            level.sort { GraphStep.isBefore($0, $1) }
            found.append(contentsOf: level)
            if found.count >= query.limit || level.isEmpty { break }
            frontier = level.map(\.path)
        }
        return Array(found.prefix(query.limit))
    }

    private func outgoing(_ id: String, _ query: GraphQuery) throws(StoreError) -> [GraphStep] {
        var parts = QueryParts()
        parts.require("links.source_id = ?", .text(id))
        if let validAt = query.validAt {
            parts.require("links.valid_from <= ?", .text(validAt))
            parts.require("(links.valid_until IS NULL OR links.valid_until > ?)", .text(validAt))
        }
        let statement = try database.statement(
            """
            SELECT \(GraphStep.columns) FROM links JOIN memories ON \(GraphStep.target) \(parts.whereClause)
            ORDER BY links.target_id, links.relation LIMIT \(StoreReader.graphStepsMax)
            """)
        defer { statement.reset() }
        try statement.bind(parts.arguments)
        var found: [GraphStep] = []
        while try statement.step() {
            let step = GraphStep(statement, from: [id])
            if let allowed = query.allowedAgents {
                guard let observer = step.observedBy, allowed.contains(where: { $0.hasSameBytes(as: observer) }) else {
                    continue
                }
            }
            found.append(step)
        }
        return found
    }
}

extension Link {
    init(_ statement: Statement) {
        sourceID = statement.text(0)
        targetID = statement.text(1)
        relation = statement.text(2)
        createdAt = statement.text(3)
    }
}

extension GraphStep {
    static let columns = """
        links.target_id, links.relation, links.created_at, links.valid_from, links.valid_until, links.observed_by, \
        memories.title, memories.namespace
        """
    static let target = "memories.id COLLATE NOCASE = links.target_id AND memories.id = links.target_id"

    init(_ statement: Statement, from path: [String]) {
        targetID = statement.text(0)
        relation = statement.text(1)
        createdAt = statement.text(2)
        validFrom = statement.optionalText(3)
        validUntil = statement.optionalText(4)
        observedBy = statement.optionalText(5)
        title = statement.text(6)
        targetNamespace = statement.text(7)
        self.path = path + [targetID]
    }

    /// Depth, then time; the path last, so that the order is always the same.
    static func isBefore(_ left: GraphStep, _ right: GraphStep) -> Bool {
        if left.depth != right.depth { return left.depth < right.depth }
        let times = (left.validFrom ?? left.createdAt, right.validFrom ?? right.createdAt)
        if !times.0.hasSameBytes(as: times.1) { return times.0.utf8.lexicographicallyPrecedes(times.1.utf8) }
        if !left.createdAt.hasSameBytes(as: right.createdAt) {
            return left.createdAt.utf8.lexicographicallyPrecedes(right.createdAt.utf8)
        }
        let keys = (
            left.path.joined(separator: "\0") + left.relation, right.path.joined(separator: "\0") + right.relation
        )
        return keys.0.utf8.lexicographicallyPrecedes(keys.1.utf8)
    }
}
