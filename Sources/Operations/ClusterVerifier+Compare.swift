/// The comparisons themselves, without any I/O.
///
/// Owns: what counts as lost, changed or doubled.
import Client

extension ClusterVerifier {
    /// One acknowledged memory against what a node has under its id.
    static func compare(
        _ memory: AcknowledgedMemory, _ found: MemoryWithLinks?, endpoint: Endpoint
    ) -> [VerificationReport.Violation] {
        guard let found, found.memory.id == memory.id else {
            return [.missing(endpoint: endpoint, id: memory.id, title: memory.title)]
        }
        var violations: [VerificationReport.Violation] = []
        let fields = [
            ("namespace", memory.namespace, found.memory.namespace), ("title", memory.title, found.memory.title),
            ("content", memory.content, found.memory.content),
        ]
        // Byte for byte: Swift's == would call different encodings of one character equal.
        for (field, expected, actual) in fields where !expected.utf8.elementsEqual(actual.utf8) {
            violations.append(.different(endpoint: endpoint, id: memory.id, title: memory.title, field: field))
        }
        if let acknowledged = memory.entityTag, let tag = found.entityTag, tag != acknowledged {
            violations.append(
                .rewritten(
                    endpoint: endpoint, id: memory.id, title: memory.title, acknowledged: acknowledged, found: tag))
        }
        return violations
    }

    /// All rows of one namespace on one node against what was written to it.
    static func compare(
        rows: [MemoryRecord], acknowledged: [AcknowledgedMemory], maybe: Set<String>, endpoint: Endpoint
    ) -> [VerificationReport.Violation] {
        var violations: [VerificationReport.Violation] = []
        let idsByTitle = Dictionary(acknowledged.map { ($0.title, $0.id) }, uniquingKeysWith: { first, _ in first })
        var counts: [String: Int] = [:]
        for row in rows {
            counts[row.title, default: 0] += 1
            let isKnown = idsByTitle[row.title] == row.id || (idsByTitle[row.title] == nil && maybe.contains(row.title))
            if !isKnown { violations.append(.unexpected(endpoint: endpoint, id: row.id, title: row.title)) }
        }
        for (title, count) in counts.sorted(by: { $0.key < $1.key }) where count > 1 {
            violations.append(.doubled(endpoint: endpoint, title: title, rows: count))
        }
        // Absent from the listing but present under its id would be a broken index: a loss all the same.
        for memory in acknowledged where counts[memory.title] == nil {
            violations.append(.missing(endpoint: endpoint, id: memory.id, title: memory.title))
        }
        return violations
    }

    /// Ids that were acknowledged for more than one title.
    static func sharedIDs(_ acknowledged: [AcknowledgedMemory]) -> [VerificationReport.Violation] {
        Dictionary(grouping: acknowledged, by: \.id)
            .map { id, memories in (id, Set(memories.map(\.title))) }
            .filter { $0.1.count > 1 }
            .sorted { $0.0 < $1.0 }
            .map { .sharedID(id: $0.0, titles: $0.1.sorted()) }
    }
}
