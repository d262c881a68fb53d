/// Whether what recall keeps in memory is what the database says.
///
/// Owns: the comparison, for tests and drills. Must never: be on the way of a request.

extension RecallView {
    /// In words, the first few; nothing when both hold the same.
    func differences(from other: RecallView) -> [String] {
        var found: [String] = []
        if directory.count != other.directory.count {
            found.append("recall knows \(directory.count) rows, there are \(other.directory.count)")
        }
        let last = max(directory.rowLast, other.directory.rowLast)
        for row in 0...max(0, last) where found.count < 5 {
            if described(row) != other.described(row) {
                found.append("recall has row \(row) as \(described(row)), it is \(other.described(row))")
            }
        }
        return found
    }

    private func described(_ row: Int64) -> String {
        guard let packed = directory.packed(row) else { return "missing" }
        let namespace = directory.namespaces[Int(packed.namespace) - 1].name
        let vector = vectors?.vector(row).map { "\($0)" } ?? "none"
        return "\(namespace) \(packed.tier) \(packed.scope) \(packed.created) \(packed.expires) \(packed.tagBits) "
            + "\(packed.version) \(packed.previous) \(packed.next) vector \(vector)"
    }
}
