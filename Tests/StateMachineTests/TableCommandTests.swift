/// The tables of feature level 2: when they come, what the API cannot ask for yet, and that commands are all or nothing.
import Testing

@testable import StateMachine

@Suite struct TableCommandTests {
    /// A store whose first entry raised the feature level.
    private static func store(level: UInt16 = FeatureLevel.max) throws -> TestStore {
        let test = try TestStore()
        _ = try test.store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: level), command: [1])
        ])
        return test
    }

    @Test func `the tables come with the entry that raises the level, once, and stay through a restart`() throws {
        let test = try Self.store(level: 1)
        try test.apply(.store(storing("a")))
        #expect(!test.store.hasTables())
        #expect(try test.read { reader throws(StoreError) in try reader.links(of: "a") } == [])
        let raise = LogCommand(index: 3, term: 1, kind: .configuration(featureLevel: 2), command: [2])
        let again = LogCommand(index: 4, term: 1, kind: .configuration(featureLevel: 2), command: [3])
        _ = try test.store.apply([raise, again])
        #expect(test.store.hasTables())
        #expect(
            try test.apply(
                .link(LinkCommand(key: LinkKey(sourceID: "a", targetID: "x", relation: "related_to"), at: time(0))))
                == .refused(.memoryMissing, detail: "x"))
        try test.reopen()
        #expect(test.store.hasTables())
        #expect(try test.memory("a")?.id == "a")
    }

    @Test func `a command of a level that the cluster has not reached stops the node with words`() throws {
        let test = try Self.store(level: 1)
        let error = #expect(throws: StoreError.self) {
            try test.apply(.clearStandard(ClearStandardCommand(namespace: "n")))
        }
        #expect(error?.description.contains("feature level 2, which the cluster has not reached") == true)
    }

    @Test func `equal logs with the level raised at other places differ in their digests`() throws {
        let first = try Self.store(level: 1)
        let second = try Self.store(level: 2)
        #expect(first.store.applied().digest != second.store.applied().digest)
    }

    @Test func `promotion into an ancestor clones, merges with what is there, and links back`() throws {
        let test = try Self.store()
        try test.apply(.store(storing("deep", title: "t", content: "new", namespace: "a/b/c")))
        try test.apply(.store(storing("top", title: "t", content: "old", namespace: "a")))
        func promote(to namespace: String) throws -> Outcome {
            try test.apply(
                .governed(
                    GovernedCommand(
                        action: .promote(
                            PromoteCommand(
                                id: "deep", at: time(5), toNamespace: namespace, cloneID: "clone-\(namespace)")),
                        caller: "ada", pendingID: "p", at: time(5))))
        }
        #expect(try promote(to: "a/b/c") == .refused(.notAnAncestor, detail: "a/b/c"))
        #expect(try promote(to: "b") == .refused(.notAnAncestor, detail: "a/b/c"))
        #expect(try promote(to: "a/b") == .promoted(id: "clone-a/b"))
        #expect(try promote(to: "a") == .promoted(id: "top"))
        #expect(try test.memory("top")?.content == "new")
        let links = try test.read { reader throws(StoreError) in try reader.links(of: "deep") }
        #expect(links.map(\.sourceID).sorted() == ["clone-a/b", "top"])
        #expect(links.allSatisfy { $0.targetID == "deep" && $0.relation == "derived_from" })
    }

    @Test func `an approved action that cannot be carried out changes nothing and stays pending`() throws {
        let test = try Self.store()
        try test.apply(.store(storing("rules", namespace: "a/b")))
        try test.apply(
            .setStandard(
                StandardCommand(
                    namespace: "a/b", memoryID: "rules", placeholderID: "x", parent: nil,
                    policy: #"{"promote":"approve","write":"any"}"#, at: time(1))))
        try test.apply(.store(storing("m", namespace: "a/b")))
        let promote = PromoteCommand(id: "m", at: time(2), toNamespace: "elsewhere", cloneID: "c")
        #expect(
            try test.apply(
                .governed(GovernedCommand(action: .promote(promote), caller: "ada", pendingID: "p1", at: time(2))))
                == .queued(pendingID: "p1", memoryID: "m"))
        let decide = DecideCommand(pendingID: "p1", isApproval: true, caller: "bob", freshID: "f", at: time(3))
        guard case .refused(.notExecuted, _) = try test.apply(.decide(decide)) else {
            Issue.record("an impossible action was carried out")
            return
        }
        let shown = try test.read { reader throws(StoreError) in try reader.pendingActions(status: "pending", limit: 9)
        }
        #expect(shown.map(\.id) == ["p1"] && shown.first?.decidedBy == nil)
    }

    @Test func `a store without a caller, as an earlier build proposes it, meets the policy all the same`() throws {
        let test = try Self.store()
        try test.apply(
            .setStandard(
                StandardCommand(
                    namespace: "n", memoryID: nil, placeholderID: "s", parent: nil,
                    policy: #"{"write":"owner"}"#, at: time(1))))
        let foreign = storing("a", namespace: "n", metadata: #"{"agent_id":"ada"}"#)
        #expect(
            try test.apply(.store(foreign))
                == .denied(reason: "governance: caller 'ada' is not the owner ('system')"))
        let own = storing("b", namespace: "n", metadata: #"{"agent_id":"system"}"#)
        guard case .stored = try test.apply(.store(own)) else {
            Issue.record("the owner was refused")
            return
        }
    }

    @Test func `racing approvals: the first carries it out, the second finds it decided`() throws {
        let test = try Self.store()
        try test.apply(
            .setStandard(
                StandardCommand(
                    namespace: "n", memoryID: nil, placeholderID: "s", parent: nil,
                    policy: #"{"write":"approve"}"#, at: time(1))))
        try test.apply(
            .governed(
                GovernedCommand(
                    action: .store(storing("a", namespace: "n")), caller: "ada", pendingID: "p", at: time(2))))
        let decisions = ["x", "y"].map {
            envelope(.decide(DecideCommand(pendingID: "p", isApproval: true, caller: "bob", freshID: $0, at: time(3))))
        }
        #expect(
            try test.apply(decisions)
                == [.decided(memoryID: "x", by: "bob"), .refused(.alreadyDecided, detail: "approved")])
        #expect(try test.memory("y") == nil)
    }

    @Test func `the outbox gets one delivery for each subscription that wants the event, and is settled by number`()
        throws
    {
        let test = try Self.store()
        for (id, namespace, events) in [
            ("s1", "n", "*"), ("s2", "other", "*"), ("s3", nil, "memory_store"), ("s4", nil, "x"),
        ] {
            try test.apply(
                .subscribe(
                    SubscribeCommand(
                        id: id, url: "https://example.com/", events: events, secretHash: [], namespaceFilter: namespace,
                        agentFilter: nil, caller: "ada", agentRowID: "r-\(id)", at: time(0))))
        }
        try test.apply(
            .governed(
                GovernedCommand(
                    action: .store(storing("a", namespace: "n")), caller: "bob", pendingID: "p", at: time(1))))
        let waiting = try test.read { reader throws(StoreError) in try reader.deliveries(limit: 10) }
        #expect(waiting.map(\.subscriptionID) == ["s1", "s3"])
        #expect(waiting.allSatisfy { $0.event == "memory_store" && $0.memoryID == "a" && $0.agentID == "bob" })
        // What an approval carries out is told like any other store.
        try test.apply(
            .setStandard(
                StandardCommand(
                    namespace: "n", memoryID: nil, placeholderID: "rules", parent: nil,
                    policy: #"{"write":"approve","approver":{"consensus":1}}"#, at: time(1))))
        try test.apply(
            .governed(
                GovernedCommand(
                    action: .store(storing("late", namespace: "n")), caller: "eve", pendingID: "p2", at: time(1))))
        #expect(try test.read { reader throws(StoreError) in try reader.deliveries(limit: 10).count } == 2)
        try test.apply(
            .registerAgent(AgentCommand(agentID: "judge", agentType: "human", capabilities: [], id: "j", at: time(1))))
        try test.apply(
            .decide(DecideCommand(pendingID: "p2", isApproval: true, caller: "judge", freshID: "made", at: time(1))))
        let told = try test.read { reader throws(StoreError) in try reader.deliveries(limit: 10).suffix(2) }
        #expect(told.allSatisfy { $0.memoryID == "made" && $0.agentID == "eve" })
        let more = told.map { SettleCommand.Result(number: $0.number, isDelivered: true) }
        #expect(try test.apply(.settle(SettleCommand(results: more, at: time(2)))) == .counted(2))
        let results = waiting.enumerated().map { SettleCommand.Result(number: $1.number, isDelivered: $0 == 0) }
        #expect(try test.apply(.settle(SettleCommand(results: results + results, at: time(2)))) == .counted(2))
        let rows = try test.read { reader throws(StoreError) in try reader.subscriptions(owner: nil) }
        let counts = rows.sorted { $0.id < $1.id }.map { [$0.dispatchCount, $0.failureCount] }
        #expect(counts == [[2, 0], [0, 0], [2, 1], [0, 0]])
    }
}
