/// The index-order check: replays the canonical log through the reference model and compares every answer.
///
/// Linear time, whatever was open: the log says what became of it. It rests on the indexes nodes report, so it stands
/// beside the checks that use no index and never replaces them.
///
/// Owns: replay, acknowledged writes, refused copies, exactly once, real time by index. Must never: excuse an answer
/// because the log says so; both have to fit.
public struct LogChecker {
    /// A copy of a request that a node promised never to apply.
    public struct Refused: Hashable, Sendable {
        public var client: UInt32
        public var sequence: UInt32
        public var attempt: UInt32
        public init(client: UInt32, sequence: UInt32, attempt: UInt32) {
            self.client = client
            self.sequence = sequence
            self.attempt = attempt
        }
    }
    private struct RequestName: Hashable {
        var client: UInt32
        var sequence: UInt32
    }

    private let log: [LoggedRequest]
    private let operations: [Operation]
    private var verdict = Verdict()

    /// - Parameters:
    ///   - log: entries of kind command, ascending by index.
    ///   - lastIndex: the last index of the log, whatever stands there.
    public static func check(
        _ history: History, log: [LoggedRequest], lastIndex: UInt64, limits: RegisterLimits,
        refused: Set<Refused> = []
    ) -> Verdict {
        var checker = LogChecker(log: log, operations: history.operations)
        checker.replay(limits, lastIndex: lastIndex)
        checker.checkAnswers()
        checker.checkCopies(refused)
        checker.checkRealTime()
        return checker.verdict
    }

    private init(log: [LoggedRequest], operations: [Operation]) {
        self.log = log
        self.operations = operations
    }

    // MARK: replay

    private mutating func replay(_ limits: RegisterLimits, lastIndex: UInt64) {
        var model = ReferenceModel(limits: limits)
        let reads = operations.indices.filter { operations[$0].action == .read && operations[$0].end == .ok }
            .sorted { (operations[$0].index, $0) < (operations[$1].index, $1) }
        var next = 0
        for logged in log {
            while next < reads.count, operations[reads[next]].index < logged.index {
                compare(operations[reads[next]], model)
                next += 1
            }
            let outcome = model.apply(logged.request, index: logged.index)
            if outcome != logged.outcome {
                verdict.violated(
                    "replay: \(Self.words(logged.request)) at index \(logged.index) was decided as \(logged.outcome), "
                        + "the log up to there says \(outcome)")
            }
        }
        for number in reads[next...] {
            if operations[number].index > lastIndex {
                verdict.violated("replay: \(operations[number]) saw beyond the log, which ends at \(lastIndex)")
            }
            compare(operations[number], model)
        }
    }

    private mutating func compare(_ read: Operation, _ model: ReferenceModel) {
        switch model.read(read.key) {
        case .retired:
            if read.status != .retired { verdict.violated("replay: \(read), but the key is retired by then") }
        case .value(let value, let list):
            guard read.status != .done || read.result != value || read.list != list else { return }
            verdict.violated("replay: \(read), but the log up to there makes it \(value), list \(list)")
        }
    }

    // MARK: answers

    /// Every acknowledged write stands in the log, with the answer that was given (invariant 16).
    private mutating func checkAnswers() {
        for operation in operations where operation.action != .read && operation.end == .ok {
            guard let logged = entry(at: operation.index) else {
                verdict.violated("acknowledged write lost: \(operation) is not in the log")
                continue
            }
            let isSame =
                logged.request.client == operation.client && logged.request.sequence == operation.sequence
                && logged.request.action == operation.action && logged.request.key == operation.key
                && logged.request.value == operation.value
            if !isSame {
                verdict.violated(
                    "acknowledged write lost: \(operation), but there stands \(Self.words(logged.request))")
            } else if logged.outcome.status != operation.status || logged.outcome.value != operation.result {
                verdict.violated("answer differs from the log: \(operation), decided as \(logged.outcome)")
            }
        }
    }

    private func entry(at index: UInt64) -> LoggedRequest? {
        var (low, high) = (0, log.count)
        while low < high {
            let middle = (low + high) / 2
            if log[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < log.count && log[low].index == index ? log[low] : nil
    }

    // MARK: copies

    /// Each (client, sequence) is decided at most once, a refused copy never, and no copy is in the log twice.
    private mutating func checkCopies(_ refused: Set<Refused>) {
        var decided: [RequestName: UInt64] = [:]
        var copies: [Refused: UInt64] = [:]
        var failed: [RequestName: Int] = [:]
        for (number, operation) in operations.enumerated() where operation.action != .read && operation.end == .fail {
            failed[RequestName(client: operation.client, sequence: operation.sequence)] = number
        }
        for logged in log {
            let request = logged.request
            let name = RequestName(client: request.client, sequence: request.sequence)
            let copy = Refused(client: request.client, sequence: request.sequence, attempt: request.attempt)
            if let first = copies.updateValue(logged.index, forKey: copy) {
                verdict.violated(
                    "one proposal, two entries: \(Self.words(request)) stands at \(first) and at \(logged.index)")
            }
            if !refused.isEmpty, refused.contains(copy) {
                verdict.violated("refused, yet in the log at \(logged.index): \(Self.words(request))")
            }
            guard request.action != .open, logged.outcome.isDecided, logged.outcome.index == logged.index
            else { continue }
            if let first = decided.updateValue(logged.index, forKey: name) {
                verdict.violated("exactly once: \(Self.words(request)) took effect at \(first) and at \(logged.index)")
            }
            if let number = failed[name] {
                verdict.violated("failed, yet decided at \(logged.index): \(operations[number])")
            }
        }
    }

    // MARK: real time

    private mutating func checkRealTime() {
        var items: [RealTimeSweep.Item] = []
        items.reserveCapacity(operations.count)
        for (number, operation) in operations.enumerated() where operation.isOrdered {
            items.append(
                RealTimeSweep.Item(level: operation.index, isChange: operation.action != .read, operation: number))
        }
        RealTimeSweep.check(items, of: operations) { item, earlier in
            verdict.violated(
                "real time: \(operations[item.operation]), yet before it began "
                    + "\(operations[earlier.operation]) had ended")
        }
    }

    private static func words(_ request: Request) -> String {
        "client \(request.client) #\(request.sequence) attempt \(request.attempt) session \(request.session) "
            + "\(request.action) key \(request.key) value \(request.value) expected \(request.expected)"
    }
}
