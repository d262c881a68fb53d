/// Deliveries: what is sent and signed, when it is tried again, who waits for whom, and what the log is told.
import StateMachine
import Testing

@testable import Server

@Suite struct WebhookTests {
    private static let hook = "https://example.com/hook"
    private static let other = "https://example.org/hook"

    @Test("the signature is that of the published vector, over timestamp, dot and body")
    func signature() {
        let body =
            #"{"event":"memory_store","memory_id":"m-1","namespace":"ops","agent_id":null,"#
            + #""delivered_at":"2026-01-02T03:04:05+00:00"}"#
        let signature = WebhookMessage.signature(
            key: SHA256Digest.of(Array("correct horse".utf8)), timestamp: "1767323045", body: Array(body.utf8))
        #expect(signature == "c3093200a3e849e32e102bb9ffa8fe1b10a8a51a810ad20ffca2ea823973d95f")
    }

    @Test("a store is told to who asked for it, once, in the order of keys of the contract, and counted")
    func delivered() async throws {
        try await Dispatching.run { whole in
            try await whole.subscribe(Self.hook, more: #","secret":"s","namespace_filter":"ops""#)
            _ = await whole.contract.send(
                "POST", "/api/v1/subscriptions", json: #"{"namespace":"ops","agent_id":"bob"}"#)
            let id = try await whole.contract.create(
                #"{"title":"t","content":"c","namespace":"ops"}"#, headers: [("X-Agent-Id", "ada")])
            try await whole.store("elsewhere")
            try await whole.bell.until("settled") { await whole.counts(Self.hook) == [1, 0] }
            try await whole.looks()
            #expect(whole.receiver.count == 1)
            let got = try #require(whole.receiver.got(Self.hook).first)
            #expect(
                got.body
                    == #"{"event":"memory_store","memory_id":"\#(id)","namespace":"ops","agent_id":"ada","#
                    + #""delivered_at":"\#(TestClock.startText)"}"#)
            #expect(got.headers["x-ai-memory-timestamp"] == "1767323045")
            #expect(got.headers["user-agent"] == "ai-memory/0.6.0.0")
            #expect(got.headers["x-ai-memory-signature"]?.utf8.count == 7 + 64)
        }
    }

    @Test("what fails is tried three times, with pauses, and then given up and counted; other subscribers do not wait")
    func retried() async throws {
        try await Dispatching.run { whole in
            try await whole.subscribe(Self.hook)
            try await whole.subscribe(Self.other, more: #","namespace_filter":"ops""#)
            whole.receiver.fail(Self.hook, "answered 500")
            try await whole.store("t")
            try await whole.bell.until("the first attempt") { whole.receiver.count == 1 }
            try await whole.looks(5)
            #expect(whole.receiver.count == 1, "not before its time")
            try await whole.store("u", namespace: "ops")
            try await whole.bell.until("the other") { await whole.counts(Self.other) == [1, 0] }
            #expect(whole.receiver.got(Self.hook).count == 1, "in order: u waits for t")
            whole.clock.advance(seconds: 2)
            try await whole.bell.until("the second attempt") { whole.receiver.got(Self.hook).count == 2 }
            try await whole.bell.until("given up") {
                if whole.receiver.got(Self.hook).count < 3 { whole.clock.advance(seconds: 5) }
                return await whole.counts(Self.hook) == [1, 1]
            }
            whole.receiver.fail(Self.hook, nil)
            try await whole.bell.until("u, too") {
                whole.clock.advance(seconds: 5)
                return await whole.counts(Self.hook) == [2, 1]
            }
            let numbers = whole.receiver.got(Self.hook).map(\.number)
            #expect(Set(numbers.prefix(3)).count == 1 && Set(numbers).count == 2)
        }
    }

    @Test("a subscriber that never answers takes one place, and its backlog hides nobody's deliveries")
    func deadSubscriber() async throws {
        try await Dispatching.run(
            prepare: { whole in
                try await whole.subscribe(Self.hook, more: #","namespace_filter":"dead""#)
                whole.receiver.silence(Self.hook)
                for number in 0..<200 { try await whole.store("d\(number)", namespace: "dead") }
            },
            { whole in
                try await whole.bell.until("the dead one is tried") { whole.receiver.count == 1 }
                try await whole.subscribe(Self.other, more: #","namespace_filter":"live""#)
                for number in 0..<100 { try await whole.store("l\(number)", namespace: "live") }
                try await whole.bell.until("the live one has everything") {
                    await whole.counts(Self.other) == [100, 0]
                }
                let numbers = whole.receiver.got(Self.other).map(\.number)
                #expect(numbers.count == 100 && numbers == numbers.sorted(), "once each, in order")
                #expect(whole.receiver.got(Self.hook).count == 1 && whole.receiver.runningMostOfOne == 1)
            })
    }

    @Test("places are filled as they become free, up to the bound, one for each subscriber")
    func places() async throws {
        let urls = (0..<40).map { "https://example.com/\($0)" }
        try await Dispatching.run(
            prepare: { whole in
                for url in urls { try await whole.subscribe(url) }
                for url in urls.dropLast(20) { whole.receiver.silence(url) }
                for number in 0..<3 { try await whole.store("t\(number)") }
            },
            { whole in
                for url in urls.suffix(20) {
                    try await whole.bell.until("all of \(url)") { await whole.counts(url) == [3, 0] }
                }
                #expect(whole.receiver.runningMost <= WebhookQueue.runningMax && whole.receiver.runningMostOfOne == 1)
                #expect(urls.dropLast(20).allSatisfy { whole.receiver.got($0).count == 1 })
            })
    }

    @Test("what was sent and cannot be settled is not sent again: only the settle is tried again")
    func unsettled() async throws {
        try await Dispatching.run(
            prepare: { whole in
                try await whole.subscribe(Self.hook)
                try await whole.store("t")
                try await whole.store("u")
                whole.contract.service.failSubmits(.overloaded(reason: "disk full"))
            },
            { whole in
                try await whole.bell.until("both are sent") { whole.receiver.count >= 2 }
                let before = whole.service.failures
                try await whole.bell.until("refused again and again") { whole.service.failures > before + 5 }
                whole.contract.service.failSubmits(nil)
                try await whole.bell.until("settled") { await whole.counts(Self.hook) == [2, 0] }
                try await whole.looks()
                #expect(whole.receiver.count == 2)
            })
    }

    @Test("a leader that lost its office and has it again sends what was never settled again, under the same number")
    func leadership() async throws {
        try await Dispatching.run(
            prepare: { whole in
                try await whole.subscribe(Self.hook)
                try await whole.store("t")
                whole.contract.service.failSubmits(.unavailable(reason: "no leader"))
            },
            { whole in
                try await whole.bell.until("not settled") { whole.service.failures > 1 }
                try await whole.loseLeadership()
                try await whole.bell.until("sent again") { whole.receiver.count == 2 }
                #expect(Set(whole.receiver.got(Self.hook).map(\.number)).count == 1)
                whole.contract.service.failSubmits(nil)
                try await whole.bell.until("settled") { await whole.counts(Self.hook) == [1, 0] }
            })
    }

    @Test("removing a subscription takes what was queued for it along")
    func removed() async throws {
        try await Dispatching.run(
            prepare: { whole in
                let made = await whole.contract.send("POST", "/api/v1/subscriptions", json: #"{"url":"\#(Self.hook)"}"#)
                try await whole.store("t")
                let id = try #require(made.json["id"]?.stringValue)
                _ = await whole.contract.send("DELETE", "/api/v1/subscriptions?id=\(id)")
            },
            { whole in
                try await whole.looks(3)
                #expect(whole.receiver.count == 0)
            })
    }

    @Test("background tasks are waited for, but not for ever")
    func backgroundTasks() async throws {
        let (events, event) = AsyncStream.makeStream(of: Void.self)
        // Ends by its event only, not by cancellation.
        let task = Task.detached {
            await withUnsafeContinuation { (done: UnsafeContinuation<Void, Never>) in
                Task.detached {
                    for await _ in events { break }
                    done.resume()
                }
            }
        }
        task.cancel()
        #expect(await !BackgroundTasks.ended([task], within: .milliseconds(20)))
        event.yield()
        #expect(await BackgroundTasks.ended([task, Task {}], within: .seconds(20)))
        #expect(await BackgroundTasks.ended([], within: .seconds(20)))
    }
}
