import Checkers
import Raft

/// One client: a plain state machine that says what it wants next and hears what became of it.
///
/// Owns: its session, its sequence, the one operation it has under way. Must never: use a sequence for two requests, or
/// call a request answered that was not.
struct VirtualClient {
    enum Wish {
        case request(Request)
        case read(key: UInt32, ReadConsistency)
    }
    /// What is under way.
    struct Current {
        var wish: Wish
        /// Its number in the history.
        var operation: Int
        /// Number of the copy that is out now.
        var attempt: UInt32 = 0
        /// Some copy may take effect, or have taken effect, without this client having been told.
        var mayHaveHappened = false
        /// In a row, without an answer; decides how long to wait.
        var failures = 0
    }
    /// A request that was answered, to be sent again out of spite.
    struct Answered {
        var request: Request
        var outcome: Outcome
    }
    private static let answeredMax = 8

    let number: UInt32
    /// The only node it talks to; nil for one that roams.
    var pinned: NodeID?
    let isReader: Bool
    /// How many reads a reader has begun.
    var readCount = 0
    var current: Current?
    private(set) var answered: [Answered] = []
    private var session: UInt64?
    private var sequence: UInt32 = 0
    private var burstLeft = 0
    /// Keys to be read once more at the end.
    var finalKeys: [UInt32]?
    /// Nothing is left to be asked.
    var isFinished = false

    init(number: UInt32, pinned: NodeID?, isReader: Bool) {
        self.number = number
        self.isReader = isReader
        self.pinned = pinned
    }

    // MARK: what next

    mutating func next(_ options: WorkloadOptions, _ keys: inout KeySpace, _ random: inout SplitMix64) -> Wish {
        if isReader { return .read(key: keys.currentKey(&random), consistency(options, &random)) }
        if session == nil { return .request(Request(client: number, sequence: nextSequence(), action: .open)) }
        let key = keys.nextKey(&random)
        var draw = random.next(below: 1_000)
        if draw < options.readsPerThousand { return .read(key: key, consistency(options, &random)) }
        draw -= options.readsPerThousand
        var request = Request(
            client: number, sequence: nextSequence(), session: session ?? 0, action: .write, key: key)
        if draw < options.swapsPerThousand {
            request.action = .compareAndSet
            request.expected = keys.lastValue(of: key)
            request.value = registerValue(options, &keys, &random)
        } else if draw < options.swapsPerThousand + options.appendsPerThousand {
            request.action = .append
            request.value = keys.uniqueValue()
        } else {
            request.value = registerValue(options, &keys, &random)
        }
        return .request(request)
    }

    private mutating func nextSequence() -> UInt32 {
        sequence += 1
        return sequence
    }

    private func registerValue(
        _ options: WorkloadOptions, _ keys: inout KeySpace, _ random: inout SplitMix64
    ) -> UInt32 {
        options.hasFewValues ? 1 + UInt32(random.next(below: 5)) : keys.uniqueValue()
    }

    private func consistency(_ options: WorkloadOptions, _ random: inout SplitMix64) -> ReadConsistency {
        let draw = random.next(below: 1_000)
        if draw < options.staleReadsPerThousand { return .stale }
        return draw < options.staleReadsPerThousand + options.leaseReadsPerThousand ? .lease : .linearizable
    }

    /// How long it thinks before it asks again: bursts with pauses between them.
    mutating func pause(_ options: WorkloadOptions, _ random: inout SplitMix64) -> UInt64 {
        let most = options.thinkNanosecondsMax
        if burstLeft == 0 {
            burstLeft = 1 + random.next(below: 20)
            return random.between(most, most * 30)
        }
        burstLeft -= 1
        return random.between(1, most)
    }

    // MARK: what became of it

    /// A copy was decided, with an outcome that is not `expired`.
    mutating func decided(_ request: Request, _ outcome: Outcome) {
        if request.action == .open {
            session = outcome.index
            return
        }
        if answered.count == Self.answeredMax { answered.removeFirst() }
        answered.append(Answered(request: request, outcome: outcome))
    }

    mutating func lostSession() { session = nil }

    /// An old request to be sent once more, as a new copy.
    mutating func repeated(_ random: inout SplitMix64) -> Answered? {
        guard !answered.isEmpty else { return nil }
        let place = random.next(below: answered.count)
        answered[place].request.attempt += 1
        return answered[place]
    }
}
