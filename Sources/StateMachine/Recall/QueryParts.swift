/// Conditions of a query with their arguments in step.
///
/// Owns: composing SQL from fixed parts. Must never: put a caller's text into SQL.

struct QueryParts {
    enum Argument {
        case text(String)
        case integer(Int64)
        case double(Double)
    }

    private(set) var conditions: [String] = []
    private(set) var arguments: [Argument] = []

    /// - Parameter condition: one `?` for each argument, in order.
    mutating func require(_ condition: String, _ arguments: Argument...) {
        conditions.append(condition)
        self.arguments.append(contentsOf: arguments)
    }

    mutating func append(_ others: QueryParts) {
        conditions.append(contentsOf: others.conditions)
        arguments.append(contentsOf: others.arguments)
    }

    var whereClause: String { conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ") }

    mutating func requireLive(now: String) {
        require("(memories.expires_at IS NULL OR memories.expires_at > ?)", .text(now))
    }

    mutating func requireFields(
        namespace: String?, tier: Tier?, minPriority: Int?, since: String?, until: String?, tag: String?,
        agentID: String?
    ) {
        if let namespace { require("memories.namespace = ?", .text(namespace)) }
        if let tier { require("memories.tier = ?", .integer(Int64(tier.rawValue))) }
        if let minPriority { require("memories.priority >= ?", .integer(Int64(minPriority))) }
        if let since { require("memories.created_at >= ?", .text(since)) }
        if let until { require("memories.created_at <= ?", .text(until)) }
        if let tag {
            require("EXISTS (SELECT 1 FROM json_each(memories.tags) WHERE json_each.value = ?)", .text(tag))
        }
        if let agentID { require("memories.agent_id = ?", .text(agentID)) }
    }

    /// Visibility from a namespace position (semantics §4.3). Below a level means a prefix, which matches ignoring
    /// ASCII case; the level itself matches exactly.
    mutating func requireVisible(from position: String) {
        let levels = NamespacePath.ancestors(position)
        var alternatives = ["memories.scope = 'collective'"]
        var texts: [Argument] = []
        if let own = levels.first {
            alternatives.append("(memories.scope = 'private' AND memories.namespace = ?)")
            texts.append(.text(own))
        }
        for (scope, level) in zip(["team", "unit", "org"], levels.dropFirst()) {
            alternatives.append(
                """
                (memories.scope = '\(scope)' AND (memories.namespace = ? OR memories.namespace LIKE ? ESCAPE '\\'))
                """)
            texts.append(.text(level))
            texts.append(.text(QueryParts.likeEscaped(level) + "/%"))
        }
        conditions.append("(" + alternatives.joined(separator: " OR ") + ")")
        arguments.append(contentsOf: texts)
    }

    private static func likeEscaped(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "%" || scalar == "_" || scalar == "\\" { out.append("\\") }
            out.append(scalar)
        }
        return String(out)
    }
}

extension Statement {
    /// Binds arguments from `position` on.
    func bind(_ arguments: [QueryParts.Argument], from position: Int32 = 1) throws(StoreError) {
        var next = position
        for argument in arguments {
            switch argument {
            case .text(let value): try bind(next, value)
            case .integer(let value): try bind(next, value)
            case .double(let value): try bind(next, value)
            }
            next += 1
        }
    }
}
