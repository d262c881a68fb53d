/// Linearizability of append-only lists, in linear time, from what clients saw alone.
///
/// Elements are unique and a list only grows, so all that was seen of one must be prefixes of one order (the longest
/// read, and the places appends were given). A history is linearizable exactly when that order agrees with real time:
/// an append has its place as level, a read the length it saw. Elle's "incompatible order", phantom, duplicate and
/// aborted read fall out on the way.
///
/// Owns: the check of all lists of a history. Must never: use what a node says of log indexes.
public enum ListChecker {
    public static func check(_ history: History) -> Verdict { check(history.operations) }

    public static func check(_ operations: [Operation]) -> Verdict {
        var verdict = Verdict()
        var keys: [UInt32: [Int]] = [:]
        for (number, operation) in operations.enumerated() {
            let isSeen = operation.action == .append || operation.action == .read && operation.end == .ok
            if isSeen, operation.end != .ok || operation.status == .done || operation.action == .append {
                keys[operation.key, default: []].append(number)
            }
        }
        for key in keys.keys.sorted() { check(key, keys[key] ?? [], operations, &verdict) }
        return verdict
    }

    private static func check(_ key: UInt32, _ numbers: [Int], _ operations: [Operation], _ verdict: inout Verdict) {
        var appends: [UInt32: Int] = [:]
        for number in numbers where operations[number].action == .append {
            let operation = operations[number]
            if let other = appends.updateValue(number, forKey: operation.value) {
                verdict.violated("list \(key): the history appends \(operation.value) twice: \(operations[other])")
            }
        }
        guard let order = versionOrder(key, numbers, operations, &verdict) else { return }
        var items: [RealTimeSweep.Item] = []
        for (place, value) in order.enumerated() {
            // A place nobody saw into belongs to an append without an answer.
            guard let value else { continue }
            guard let number = appends[value], isPossible(operations[number]) else {
                let why = appends[value].map { operations[$0].description } ?? "nobody appended it"
                verdict.violated("list \(key): \(value) stands at place \(place + 1), but \(why)")
                continue
            }
            items.append(RealTimeSweep.Item(level: UInt64(place + 1), isChange: true, operation: number))
        }
        for number in numbers where operations[number].action == .read && operations[number].isOrdered {
            let level = UInt64(operations[number].list.count)
            items.append(RealTimeSweep.Item(level: level, isChange: false, operation: number))
        }
        RealTimeSweep.check(items, of: operations) { item, earlier in
            verdict.violated(
                "list \(key): \(operations[item.operation]) belongs at length \(item.level), yet before it began "
                    + "\(operations[earlier.operation]) had ended at length \(earlier.level)")
        }
        checkGaps(key, order, items, numbers.filter { operations[$0].action == .append }, operations, &verdict)
        checkStaleReads(key, numbers, appends, operations, &verdict)
    }

    /// A place into which nobody saw was taken by an append without an answer, and that one had begun before anything at
    /// or above the place ended. Later places have later deadlines, so the earliest open appends suffice if any do.
    private static func checkGaps(
        _ key: UInt32, _ order: [UInt32?], _ items: [RealTimeSweep.Item], _ appends: [Int],
        _ operations: [Operation], _ verdict: inout Verdict
    ) {
        let gaps = order.indices.filter { order[$0] == nil }
        guard !gaps.isEmpty else { return }
        let seen = Set(order.compactMap { $0 })
        let open = appends.filter { operations[$0].end == .open && !seen.contains(operations[$0].value) }
        var deadlines = [UInt32](repeating: .max, count: order.count + 1)
        for item in items {
            let level = Int(item.level)
            deadlines[level] = min(deadlines[level], operations[item.operation].completedOrder)
        }
        for level in stride(from: order.count - 1, through: 0, by: -1) {
            deadlines[level] = min(deadlines[level], deadlines[level + 1])
        }
        for (number, gap) in gaps.enumerated() {
            if number < open.count, operations[open[number]].invokedOrder < deadlines[gap + 1] { continue }
            verdict.violated(
                "list \(key): nothing can stand at place \(gap + 1): \(gaps.count) places below the last known one, "
                    + "\(order.count), were not seen, and of the appends without an answer \(open.count) are left")
            return
        }
    }

    /// A stale read may be old, but not from the future.
    private static func checkStaleReads(
        _ key: UInt32, _ numbers: [Int], _ appends: [UInt32: Int], _ operations: [Operation], _ verdict: inout Verdict
    ) {
        for number in numbers where operations[number].isStaleRead {
            let read = operations[number]
            for value in read.list {
                guard let append = appends[value], operations[append].invokedOrder > read.completedOrder
                else { continue }
                verdict.violated("list \(key): \(read) saw \(value) before \(operations[append])")
            }
        }
    }

    private static func isPossible(_ append: Operation) -> Bool {
        append.end == .open || append.end == .ok && append.status == .done
    }

    /// The element at each place, nil where nobody saw; nil as a whole when what was seen contradicts itself.
    private static func versionOrder(
        _ key: UInt32, _ numbers: [Int], _ operations: [Operation], _ verdict: inout Verdict
    ) -> [UInt32?]? {
        var longest: Int?
        for number in numbers where operations[number].action == .read {
            if operations[number].list.count > (longest.map { operations[$0].list.count } ?? 0) { longest = number }
        }
        var order: [UInt32?] = longest.map { operations[$0].list } ?? []
        var isConsistent = true
        if let longest, Set(operations[longest].list).count != operations[longest].list.count {
            verdict.violated("list \(key): \(operations[longest]) has an element twice: \(operations[longest].list)")
            isConsistent = false
        }
        for number in numbers where operations[number].action == .read && number != longest {
            let list = operations[number].list
            guard !list.isEmpty, let longest, !operations[longest].list.starts(with: list) else { continue }
            verdict.violated(
                "list \(key): incompatible orders: \(operations[number]) is no prefix of \(operations[longest]): "
                    + "\(list) and \(operations[longest].list)")
            isConsistent = false
        }
        var places: [UInt32: Int] = [:]
        if let longest {
            for (place, value) in operations[longest].list.enumerated() { places[value] = place + 1 }
        }
        for number in numbers {
            let append = operations[number]
            guard append.action == .append, append.end == .ok, append.status == .done else { continue }
            let place = Int(append.result)
            // A place beyond everything else is plausible up to the number of appends there were.
            guard place > 0, place <= numbers.count else {
                verdict.violated("list \(key): \(append) was given an impossible place")
                isConsistent = false
                continue
            }
            if let seen = places[append.value], seen != place {
                verdict.violated("list \(key): \(append), yet it was seen at place \(seen)")
                isConsistent = false
                continue
            }
            while order.count < place { order.append(nil) }
            if let there = order[place - 1], there != append.value {
                verdict.violated("list \(key): \(append), yet \(there) was seen at that place")
                isConsistent = false
            }
            order[place - 1] = append.value
        }
        return isConsistent ? order : nil
    }
}
