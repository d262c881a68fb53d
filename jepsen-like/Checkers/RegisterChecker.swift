/// Linearizability of all registers of a history, each by itself (locality: Herlihy and Wing 1990).
///
/// Owns: the translation of operations into steps of one register, and the words of a counter-example.
/// Must never: look at indexes or anything else a node says about order.
public enum RegisterChecker {
    public struct Options: Sendable {
        /// Value of a register that was never written.
        public var initialValue: UInt32 = 0
        /// Steps of the search per key, after which the key is undecided.
        public var stepsMax = 20_000_000
        public init() {}
    }

    public static func check(_ history: History, options: Options = Options()) -> Verdict {
        check(history.operations, options: options)
    }

    /// - Parameter operations: ascending by invocation. Failed ones, stale reads and reads without an answer are no
    ///   part of the question.
    public static func check(_ operations: [Operation], options: Options = Options()) -> Verdict {
        var verdict = Verdict()
        var keys: [UInt32: [Int]] = [:]
        for number in operations.indices where step(operations[number], number) != nil {
            keys[operations[number].key, default: []].append(number)
        }
        // Only so that the same history gives the same words.
        for key in keys.keys.sorted() {
            check(key: key, keys[key] ?? [], of: operations, options, &verdict)
        }
        return verdict
    }

    private static func step(_ operation: Operation, _ number: Int) -> RegisterStep? {
        guard operation.end != .fail else { return nil }
        let isOpen = operation.end == .open
        if !isOpen, operation.status != .done, operation.status != .mismatch { return nil }
        func make(_ kind: RegisterStep.Kind, _ value: UInt32, expected: UInt32 = 0) -> RegisterStep {
            RegisterStep(kind: kind, value: value, expected: expected, operation: number)
        }
        switch operation.action {
        case .open, .append: return nil
        case .write: return make(isOpen ? .openWrite : .write, operation.value)
        case .compareAndSet:
            if isOpen { return make(.openSwap, operation.value, expected: operation.expected) }
            if operation.status == .mismatch { return make(.mismatch, operation.result) }
            return make(.swap, operation.value, expected: operation.expected)
        case .read: return isOpen || operation.isStaleRead ? nil : make(.read, operation.result)
        }
    }

    private static func check(
        key: UInt32, _ numbers: [Int], of operations: [Operation], _ options: Options, _ verdict: inout Verdict
    ) {
        var steps: [RegisterStep] = []
        steps.reserveCapacity(numbers.count)
        // Order stamp, then step, then whether it is the return: one word each, so that sorting is cheap.
        var stamps: [(order: UInt32, step: UInt32)] = []
        stamps.reserveCapacity(numbers.count * 2)
        for number in numbers {
            guard let step = step(operations[number], number) else { continue }
            let place = UInt32(steps.count) << 1
            stamps.append((operations[number].invokedOrder, place))
            if !step.isOpen { stamps.append((operations[number].completedOrder, place | 1)) }
            steps.append(step)
            // A refused comparison that found what it asked for contradicts itself.
            let operation = operations[number]
            if operation.status == .mismatch, operation.result == operation.expected {
                verdict.violated("linearizability of key \(key): \(operation) contradicts itself")
            }
        }
        stamps.sort { $0.order < $1.order }
        var search = RegisterSearch(initialValue: options.initialValue, stepsMax: options.stepsMax)
        let events = stamps.map { (step: Int($0.step >> 1), isReturn: $0.step & 1 == 1) }
        switch search.run(steps, events: events) {
        case .linearizable: break
        case .tooHard: verdict.doubt("linearizability of key \(key): \(steps.count) operations are too many to search")
        case .stuck(let step, let values, let pending):
            verdict.violated(explain(key, step, values, pending, numbers, operations))
        }
    }

    private static func explain(
        _ key: UInt32, _ step: RegisterStep, _ values: [UInt32], _ pending: [RegisterStep], _ numbers: [Int],
        _ operations: [Operation]
    ) -> String {
        let culprit = operations[step.operation]
        let candidates = values.map(String.init).joined(separator: " or ")
        var text = "linearizability of key \(key): \(culprit) has no place; the register can only be \(candidates)"
        let before = numbers.map { operations[$0] }.filter { $0.completedOrder < culprit.completedOrder }
            .sorted { $0.completedOrder < $1.completedOrder }.suffix(6)
        for operation in before { text += "\n    before it: \(operation)" }
        for step in pending.prefix(6) { text += "\n    beside it: \(operations[step.operation])" }
        return text
    }
}
