/// What all clients of one run did and saw, in the order in which it happened.
///
/// Owns: the order stamps of invocations and completions. Must never: turn an unknown end into a known one.
public struct History: Sendable {
    public private(set) var operations: [Operation] = []
    private var order: UInt32 = 0

    public init() {}

    /// Returns the operation's number, by which it is completed.
    public mutating func invoke(_ operation: Operation, atNanoseconds now: UInt64) -> Int {
        var operation = operation
        operation.invokedOrder = order
        operation.invokedAtNanoseconds = now
        order += 1
        operations.append(operation)
        return operations.count - 1
    }

    public mutating func succeed(
        _ number: Int, atNanoseconds now: UInt64, status: Outcome.Status = .done, index: UInt64 = 0, result: UInt32 = 0,
        list: [UInt32] = [], ageNanoseconds: UInt64 = 0
    ) {
        complete(number, .ok, now)
        operations[number].status = status
        operations[number].index = index
        operations[number].result = result
        operations[number].list = list
        operations[number].ageNanoseconds = ageNanoseconds
    }

    /// It certainly did not and will not happen.
    public mutating func fail(_ number: Int, atNanoseconds now: UInt64) {
        complete(number, .fail, now)
    }

    // An operation whose end nobody knows is simply never completed.

    private mutating func complete(_ number: Int, _ end: Operation.End, _ now: UInt64) {
        precondition(operations[number].end == .open, "an operation ends once")
        operations[number].end = end
        operations[number].completedOrder = order
        operations[number].completedAtNanoseconds = now
        order += 1
    }

    // MARK: for readers outside

    /// One JSON object per line for each invocation (`invoke`) and each end (`ok`, `fail`; what stays open ends with
    /// `info`), in order; process, time in nanoseconds, function, key, value, index.
    public func jsonLines() -> [String] {
        var lines = [String](repeating: "", count: Int(order))
        var last: [String] = []
        for operation in operations {
            let common = "\"p\":\(operation.client),\"f\":\"\(operation.action)\",\"key\":\(operation.key)"
            let asked = "\"v\":\(operation.value),\"expected\":\(operation.expected),\"node\":\(operation.node)"
            let at = "\"t\":\(operation.invokedAtNanoseconds)"
            lines[Int(operation.invokedOrder)] =
                "{\"i\":\(operation.invokedOrder),\"type\":\"invoke\",\(at),\(common),\(asked)}"
            guard operation.end != .open else {
                last.append("{\"type\":\"info\",\(common),\(asked)}")
                continue
            }
            let end = "{\"i\":\(operation.completedOrder),\"type\":\"\(operation.end)\","
            let seen = "\"status\":\"\(operation.status)\",\"idx\":\(operation.index),\"v\":\(operation.result)"
            lines[Int(operation.completedOrder)] =
                end + "\"t\":\(operation.completedAtNanoseconds),\(common),\(seen),\"list\":\(operation.list)}"
        }
        return lines + last
    }
}
