import StateMachine

/// Which deliveries are due, and what became of those that were made.
///
/// Owns: the order. For each subscription it is that of the log, one delivery at a time: the next is not begun before the
/// one before it has arrived or was given up. Subscriptions take turns. Must never: hand out a delivery that has ended,
/// whether or not the log was told yet, let subscribers that fail take every place, or do anything itself: time comes in
/// as input.
struct WebhookQueue {
    static let attemptsMax = 3
    /// Under way at once, and of those to subscribers whose last attempt failed.
    static let runningMax = 32
    static let failingRunningMax = 24
    /// Ended, and not settled: beyond this nothing is begun.
    static let unsettledMax = 4_096

    struct Due: Sendable {
        var delivery: Delivery
        var subscription: Subscription
        fileprivate var leadership: UInt64
    }

    private struct Waiting {
        var subscription: Subscription
        /// Oldest first; the first may be under way.
        var deliveries: ArraySlice<Delivery>
    }

    private struct Attempts {
        var count = 0
        var nextNanoseconds: UInt64 = 0
    }

    private let waitingMax: Int
    /// By the subscription's id.
    private var waiting: [String: Waiting] = [:]
    private var running: [String: Int64] = [:]
    private var failing: Set<String> = []
    private var lastTurns: [String: UInt64] = [:]
    private var turn: UInt64 = 0
    /// By the delivery's number.
    private var attempts: [Int64: Attempts] = [:]
    private var unsettled: [Int64: Bool] = [:]
    /// What was begun earlier ends without consequence.
    private var leadership: UInt64 = 0

    /// - Parameter waitingMax: when more wait, those with most of them lose their newest, before the outbox is full and
    ///   takes nobody's.
    init(waitingMax: Int = StoreReader.limitMax / 5 * 4) { self.waitingMax = waitingMax }

    var runningCount: Int { running.count }
    /// Numbers that something is kept about.
    var keptCount: Int { Set(attempts.keys).union(unsettled.keys).count }

    /// Another node leads: what it does is not known here.
    mutating func leadershipEnded() {
        let running = running
        let before = leadership
        self = WebhookQueue(waitingMax: waitingMax)
        self.running = running
        leadership = before + 1
    }

    /// - Parameter outbox: all of it, by number.
    /// - Returns: subscriptions whose newest deliveries were given up, and how many.
    mutating func look(at outbox: [Delivery], _ subscriptions: [Subscription]) -> [String: Int] {
        if !attempts.isEmpty || !unsettled.isEmpty {
            let numbers = Set(outbox.map(\.number))
            attempts = attempts.filter { numbers.contains($0.key) }
            unsettled = unsettled.filter { numbers.contains($0.key) }
        }
        let byID = Dictionary(subscriptions.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        waiting = [:]
        for delivery in outbox where unsettled[delivery.number] == nil {
            if let subscription = byID[delivery.subscriptionID] {
                waiting[subscription.id, default: Waiting(subscription: subscription, deliveries: [])]
                    .deliveries.append(delivery)
            } else {
                // Nobody wants it any more.
                unsettled[delivery.number] = false
            }
        }
        failing = failing.filter { byID[$0] != nil }
        lastTurns = lastTurns.filter { byID[$0.key] != nil }
        return giveUpSurplus()
    }

    /// Everybody keeps the same share, and who needs less leaves the rest to the others.
    private mutating func giveUpSurplus() -> [String: Int] {
        let counts = waiting.values.map(\.deliveries.count).sorted()
        guard counts.reduce(0, +) > waitingMax else { return [:] }
        var room = waitingMax
        var share = 1
        for (place, count) in counts.enumerated() {
            share = max(1, room / (counts.count - place))
            if count > share { break }
            room -= count
        }
        var given: [String: Int] = [:]
        for (id, each) in waiting where each.deliveries.count > share {
            let surplus = min(each.deliveries.count - share, Self.unsettledMax - unsettled.count)
            guard surplus > 0 else { break }
            for delivery in each.deliveries.suffix(surplus) { unsettled[delivery.number] = false }
            waiting[id]?.deliveries.removeLast(surplus)
            given[id] = surplus
        }
        return given
    }

    /// What to begin now; it counts as under way until `ended` is told.
    mutating func next(nowNanoseconds now: UInt64) -> [Due] {
        guard running.count < Self.runningMax, unsettled.count + running.count < Self.unsettledMax else { return [] }
        let candidates = waiting.compactMap { id, each -> Due? in
            guard running[id] == nil, let first = each.deliveries.first else { return nil }
            guard attempts[first.number]?.nextNanoseconds ?? 0 <= now else { return nil }
            return Due(delivery: first, subscription: each.subscription, leadership: leadership)
        }
        // Whoever has waited longest for its turn.
        let ordered = candidates.sorted { left, right in
            let (leftTurn, rightTurn) = (lastTurns[left.subscription.id] ?? 0, lastTurns[right.subscription.id] ?? 0)
            return (leftTurn, left.delivery.number) < (rightTurn, right.delivery.number)
        }
        var failingCount = running.keys.count { failing.contains($0) }
        var due: [Due] = []
        for each in ordered {
            guard running.count < Self.runningMax, unsettled.count + running.count < Self.unsettledMax else { break }
            let id = each.subscription.id
            if failing.contains(id) {
                guard failingCount < Self.failingRunningMax else { continue }
                failingCount += 1
            }
            turn += 1
            lastTurns[id] = turn
            running[id] = each.delivery.number
            due.append(each)
        }
        return due
    }

    /// - Returns: how many attempts it has taken; nil when it is no concern of this leadership.
    mutating func ended(_ due: Due, isDelivered: Bool, nowNanoseconds now: UInt64) -> Int? {
        let (id, number) = (due.subscription.id, due.delivery.number)
        if running[id] == number { running[id] = nil }
        guard due.leadership == leadership else { return nil }
        var state = attempts[number] ?? Attempts()
        state.count += 1
        if isDelivered { failing.remove(id) } else { failing.insert(id) }
        if isDelivered || state.count >= Self.attemptsMax {
            unsettled[number] = isDelivered
            attempts[number] = nil
            if waiting[id]?.deliveries.first?.number == number { waiting[id]?.deliveries.removeFirst() }
        } else {
            // One second, then four.
            let seconds: UInt64 = 1 << UInt64(2 * (state.count - 1))
            state.nextNanoseconds = now + seconds * 1_000_000_000
            attempts[number] = state
        }
        return state.count
    }

    /// What the log is to be told next, oldest first.
    func results(countMax: Int) -> [SettleCommand.Result] {
        unsettled.keys.sorted().prefix(countMax).map { .init(number: $0, isDelivered: unsettled[$0] ?? false) }
    }

    /// The log was told.
    mutating func settled(_ results: [SettleCommand.Result]) {
        for result in results { unsettled[result.number] = nil }
    }
}
