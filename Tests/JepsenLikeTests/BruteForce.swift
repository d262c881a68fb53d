/// Linearizability by its definition: tries every order that real time allows. Slow, short, and unlike the checkers it
/// judges in everything but the question.

import Checkers

struct BruteForce {
    /// What one key holds.
    struct Object: Hashable {
        var value: UInt32 = 0
        var list: [UInt32] = []
    }

    let operations: [Operation]

    /// Failed operations and stale reads must not be among `operations`.
    static func isLinearizable(_ operations: [Operation]) -> Bool {
        BruteForce(operations: operations).extend(Object(), left: Array(operations.indices))
    }

    /// Whether some order of `left`, from `object` on, explains everything that ended.
    private func extend(_ object: Object, left: [Int]) -> Bool {
        if left.allSatisfy({ operations[$0].end == .open }) { return true }
        for number in left {
            let operation = operations[number]
            // Something that ended before this one began has to come first.
            if left.contains(where: { operations[$0].completedOrder < operation.invokedOrder }) { continue }
            for next in outcomes(operation, object) where extend(next, left: left.filter { $0 != number }) {
                return true
            }
        }
        return false
    }

    /// What `operation` may leave behind if its answer was right; nothing if it cannot have been.
    private func outcomes(_ operation: Operation, _ object: Object) -> [Object] {
        var changed = object
        switch operation.action {
        case .open: return [object]
        case .write:
            changed.value = operation.value
            return [changed]
        case .compareAndSet:
            let matches = object.value == operation.expected
            changed.value = matches ? operation.value : object.value
            if operation.end == .open { return [changed] }
            if operation.status == .mismatch { return !matches && object.value == operation.result ? [object] : [] }
            return matches ? [changed] : []
        case .append:
            changed.list.append(operation.value)
            if operation.end == .open { return [changed] }
            return Int(operation.result) == changed.list.count ? [changed] : []
        case .read:
            if operation.end == .open { return [object] }
            return object.value == operation.result && object.list == operation.list ? [object] : []
        }
    }
}
