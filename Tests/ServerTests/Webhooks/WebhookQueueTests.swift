/// Which delivery is made when: order, turns, places, retries, and what is forgotten.
import StateMachine
import Testing

@testable import Server

@Suite struct WebhookQueueTests {
    private static let second: UInt64 = 1_000_000_000

    private static func outbox(_ parts: [(id: String, count: Int)]) -> [Delivery] {
        var number: Int64 = 0
        return parts.flatMap { part in
            (0..<part.count).map { _ in
                number += 1
                return Delivery.example(number, for: part.id)
            }
        }
    }

    @Test("one at a time for each subscription, in the order of the log, also behind another's backlog")
    func order() {
        var queue = WebhookQueue()
        let subscriptions = [Subscription.example("a"), .example("b")]
        let outbox = Self.outbox([("a", 500), ("b", 2)])
        #expect(queue.look(at: outbox, subscriptions).isEmpty)
        let first = queue.next(nowNanoseconds: 0)
        #expect(first.map(\.delivery.number) == [1, 501])
        #expect(queue.next(nowNanoseconds: 0).isEmpty)
        #expect(queue.ended(first[1], isDelivered: true, nowNanoseconds: 0) == 1)
        // A look in between sees both again: one runs, the other was not settled yet.
        _ = queue.look(at: outbox, subscriptions)
        let second = queue.next(nowNanoseconds: 0)
        #expect(second.map(\.delivery.number) == [502])
        #expect(queue.results(countMax: 9) == [.init(number: 501, isDelivered: true)])
        queue.settled(queue.results(countMax: 9))
        #expect(queue.results(countMax: 9).isEmpty)
    }

    @Test("a failed delivery is tried again after one second and after four, before those behind it, and then given up")
    func retries() {
        var queue = WebhookQueue()
        _ = queue.look(at: Self.outbox([("a", 2)]), [.example("a")])
        var attempts: [Int?] = []
        for now in [0, 1, 5] as [UInt64] {
            let due = queue.next(nowNanoseconds: now * Self.second)
            #expect(due.map(\.delivery.number) == [1])
            for each in due {
                attempts.append(queue.ended(each, isDelivered: false, nowNanoseconds: now * Self.second))
            }
            if now < 5 { #expect(queue.next(nowNanoseconds: now * Self.second + Self.second / 2).isEmpty) }
        }
        #expect(attempts == [1, 2, 3])
        #expect(queue.results(countMax: 9) == [.init(number: 1, isDelivered: false)])
        #expect(queue.next(nowNanoseconds: 5 * Self.second).map(\.delivery.number) == [2])
    }

    @Test("places are bounded, and subscribers that fail leave some to the others")
    func places() {
        var queue = WebhookQueue()
        let dead = (0..<40).map { "dead\($0)" }
        var outbox = Self.outbox(dead.map { ($0, 3) })
        let subscriptions = (dead + ["live"]).map { Subscription.example($0) }
        _ = queue.look(at: outbox, subscriptions)
        let first = queue.next(nowNanoseconds: 0)
        #expect(first.count == WebhookQueue.runningMax && queue.runningCount == WebhookQueue.runningMax)
        for each in first { _ = queue.ended(each, isDelivered: false, nowNanoseconds: 0) }
        // The eight that have not had their turn yet come first.
        let second = queue.next(nowNanoseconds: 9 * Self.second)
        #expect(second.prefix(8).allSatisfy { !first.map(\.subscription.id).contains($0.subscription.id) })
        for each in second { _ = queue.ended(each, isDelivered: false, nowNanoseconds: 9 * Self.second) }
        #expect(queue.next(nowNanoseconds: 20 * Self.second).count == WebhookQueue.failingRunningMax)
        outbox.append(.example(1_000, for: "live"))
        _ = queue.look(at: outbox, subscriptions)
        #expect(queue.next(nowNanoseconds: 20 * Self.second).map(\.subscription.id) == ["live"])
    }

    @Test("subscriptions take turns")
    func turns() {
        var queue = WebhookQueue()
        let names = (0..<50).map { "s\($0)" }
        let subscriptions = names.map { Subscription.example($0) }
        _ = queue.look(at: Self.outbox(names.map { ($0, 9) }), subscriptions)
        var served: [String: Int] = [:]
        for _ in 0..<25 {
            for each in queue.next(nowNanoseconds: 0) {
                served[each.subscription.id, default: 0] += 1
                _ = queue.ended(each, isDelivered: true, nowNanoseconds: 0)
            }
            if served.count == 50 { break }
        }
        #expect(served.count == 50 && served.values.allSatisfy { $0 <= 2 }, "\(served)")
    }

    @Test(
        "nothing is kept about deliveries that have left the outbox, nor begun beyond the bound of what is not settled")
    func forgotten() {
        var queue = WebhookQueue()
        _ = queue.look(at: Self.outbox([("a", 1), ("b", 1)]), [.example("a"), .example("b")])
        let due = queue.next(nowNanoseconds: 0)
        _ = queue.ended(due[0], isDelivered: false, nowNanoseconds: 0)
        _ = queue.ended(due[1], isDelivered: true, nowNanoseconds: 0)
        #expect(queue.keptCount == 2)
        _ = queue.look(at: [], [])
        #expect(queue.keptCount == 0 && queue.runningCount == 0)

        _ = queue.look(at: Self.outbox([("a", WebhookQueue.unsettledMax + 9)]), [.example("a")])
        var begun = 0
        while let each = queue.next(nowNanoseconds: 0).first {
            begun += 1
            _ = queue.ended(each, isDelivered: true, nowNanoseconds: 0)
        }
        #expect(begun == WebhookQueue.unsettledMax && queue.keptCount == begun)
    }

    @Test("what a new leadership does not know is dropped; what still runs keeps its place and has no consequence")
    func leadership() {
        var queue = WebhookQueue()
        let outbox = Self.outbox([("a", 2), ("b", 1), ("c", 1)])
        let subscriptions = ["a", "b", "c"].map { Subscription.example($0) }
        _ = queue.look(at: outbox, subscriptions)
        let due = queue.next(nowNanoseconds: 0)
        _ = queue.ended(due[1], isDelivered: true, nowNanoseconds: 0)
        _ = queue.ended(due[2], isDelivered: false, nowNanoseconds: 0)
        queue.leadershipEnded()
        #expect(queue.keptCount == 0 && queue.next(nowNanoseconds: 0).isEmpty)
        _ = queue.look(at: outbox, subscriptions)
        #expect(queue.next(nowNanoseconds: 0).map(\.subscription.id) == ["b", "c"])
        #expect(queue.ended(due[0], isDelivered: true, nowNanoseconds: 0) == nil)
        #expect(queue.results(countMax: 9).isEmpty)
        #expect(queue.next(nowNanoseconds: 0).map(\.delivery.number) == [1])
    }

    @Test("before the outbox is full, those with most in it lose their newest; others lose nothing")
    func surplus() {
        var queue = WebhookQueue(waitingMax: 100)
        let subscriptions = ["dead", "busy", "live", "new"].map { Subscription.example($0) }
        let outbox = Self.outbox([("dead", 200), ("busy", 60), ("live", 20), ("new", 1)])
        let given = queue.look(at: outbox, subscriptions)
        // 21 for the two that need little, the rest in halves.
        #expect(given == ["dead": 200 - 39, "busy": 60 - 39])
        let results = queue.results(countMax: 1_000)
        #expect(results.count == 182 && results.allSatisfy { !$0.isDelivered })
        #expect(results.first?.number == 40 && results.last?.number == 260)
        #expect(queue.look(at: outbox, subscriptions).isEmpty, "only once")
        #expect(Set(queue.next(nowNanoseconds: 0).map(\.delivery.number)) == [1, 201, 261, 281])
    }

    @Test("a delivery that nobody wants any more is given up without being sent")
    func orphans() {
        var queue = WebhookQueue()
        _ = queue.look(at: [.example(3, for: "gone")], [])
        #expect(queue.next(nowNanoseconds: 0).isEmpty)
        #expect(queue.results(countMax: 9) == [.init(number: 3, isDelivered: false)])
    }
}
