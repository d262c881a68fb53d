/// Rows that somebody is to look at, each once, first noticed first.
///
/// Owns: the queue, and its bound. Must never: take time that grows with its length, or memory for rows that do not wait any
/// more: it is used under a lock, and on most nodes nobody ever takes from it.
struct NoticedRows {
    /// Rows beyond it are not noticed, but it is noticed that there were some.
    static let countMax = 1 << 20
    private static let stepsMax = 10_000

    private var waiting: Set<Int64> = []
    /// In order of notice, with rows that do not wait any more.
    private var queue: [Int64] = []
    private var head = 0
    /// Whether rows were left out since this was last set to false.
    var hasOverflowed = false

    var count: Int { waiting.count }

    mutating func add(_ row: Int64) {
        guard waiting.count < NoticedRows.countMax else {
            hasOverflowed = true
            return
        }
        guard waiting.insert(row).inserted else { return }
        queue.append(row)
        if queue.count - head > 2 * waiting.count + 1_000 { dropDead() }
    }

    mutating func remove(_ row: Int64) {
        guard waiting.remove(row) != nil, waiting.isEmpty else { return }
        (queue, head) = ([], 0)
    }

    /// As long a walk as there were additions since the last one.
    private mutating func dropDead() {
        var seen = Set<Int64>(minimumCapacity: waiting.count)
        queue = queue[head...].filter { waiting.contains($0) && seen.insert($0).inserted }
        head = 0
    }

    mutating func take(_ limit: Int) -> [Int64] {
        var rows: [Int64] = []
        var steps = 0
        while rows.count < limit, head < queue.count, steps < NoticedRows.stepsMax {
            steps += 1
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
