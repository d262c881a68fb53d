/// Rows that somebody is to look at, each once, first noticed first.
///
/// Owns: the queue, and its bound. Must never: take time that grows with its length: it is used under a lock.
struct NoticedRows {
    /// Rows beyond it are not noticed; whoever looks at all of them finds them.
    static let countMax = 1 << 20

    private var waiting: Set<Int64> = []
    /// In order of notice, with rows that do not wait any more.
    private var queue: [Int64] = []
    private var head = 0

    var count: Int { waiting.count }

    mutating func add(_ row: Int64) {
        guard waiting.count < NoticedRows.countMax, waiting.insert(row).inserted else { return }
        queue.append(row)
    }

    mutating func remove(_ row: Int64) { waiting.remove(row) }

    mutating func take(_ limit: Int) -> [Int64] {
        var rows: [Int64] = []
        while rows.count < limit, head < queue.count {
            let row = queue[head]
            head += 1
            // Twice in the queue if it was removed and noticed again; it waits but once.
            if waiting.remove(row) != nil { rows.append(row) }
        }
        // Half of it is behind: moving the rest costs as much as taking that half did.
        if head > 1_000, head * 2 > queue.count {
            queue.removeFirst(head)
            head = 0
        }
        if waiting.isEmpty { (queue, head) = ([], 0) }
        return rows
    }
}
