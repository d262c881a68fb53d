/// Commands at and beyond what apply allows: refused before the first change, and never more memory than bounds say.
import Testing

@testable import StateMachine

@Suite struct ApplyLimitTests {
    private static func store() throws -> TestStore {
        let test = try TestStore()
        _ = try test.store.apply([
            LogCommand(index: 1, term: 1, kind: .configuration(featureLevel: FeatureLevel.max), command: [1])
        ])
        return test
    }

    @Test func `a digest of many effects is the one of their bytes in one piece`() throws {
        var whole = ByteWriter(capacity: 1 << 20)
        whole.blob(StateDigest.initial)
        whole.fixed64(7)
        whole.fixed64(UInt64(bitPattern: 8))
        var digest = try StateDigest()
        for _ in 0..<2 {
            try digest.begin(previous: StateDigest.initial, index: 7, logTimeNanoseconds: 8)
            for number in 0..<200 {
                try digest.registerWritten(
                    key: "k\(number)", version: 1, value: [UInt8](repeating: UInt8(number), count: 2_000))
            }
            let value = try digest.finish()
            if whole.bytes.count < 1_000 {
                for number in 0..<200 {
                    whole.byte(StateDigest.Mark.registerWritten.rawValue)
                    whole.text("k\(number)")
                    whole.fixed64(1)
                    whole.blob([UInt8](repeating: UInt8(number), count: 2_000))
                }
            }
            #expect(value == SHA256Digest.of(whole.bytes))
        }
    }

    @Test func `one command over more text than is gathered leaves the index equal to the rows, in any batches`() throws
    {
        let word = String(repeating: "lantern ", count: 120_000)
        let count = 2 * TextIndexChanges.gatheredBytesMax / word.utf8.count
        let commands =
            (0..<count).map { envelope(.store(storing("m\($0)", content: word, namespace: "big"))) } + [
                envelope(
                    .forget(
                        ForgetCommand(namespace: "big", tier: nil, pattern: "lantern", archives: true, at: time(1))))
            ]
        let once = try Self.store()
        let one = try Self.store()
        #expect(try once.apply(commands).last == .counted(count))
        for command in commands { try one.apply([command]) }
        #expect(once.store.applied().digest == one.store.applied().digest)
        #expect(try once.dump() == one.dump())
        #expect(try once.store.problems() == [] && one.store.problems() == [])
    }

    @Test func `a policy that does not fit beside what the standard holds is refused and changes nothing`() throws {
        let test = try Self.store()
        let agent = String(repeating: "a", count: ApplyLimits.metadataBytesMax - 100)
        try test.apply(
            .store(
                storing(
                    "standing", title: StandardRow.title("n"), content: "mine", namespace: "n",
                    metadata: "{\"agent_id\":\"\(agent)\"}")))
        let before = try test.memory("standing")
        let policy = "{\"write\":\"approve\",\"approver\":{\"agent\":\"\(String(repeating: "b", count: 90))\"}}"
        func set(_ id: String?) throws -> Outcome {
            try test.apply(
                .setStandard(
                    StandardCommand(
                        namespace: "n", memoryID: id, placeholderID: "p", parent: nil, policy: policy, at: time(9))))
        }
        for id in [nil, "standing"] {
            guard case .refused(.metadataTooLarge, _) = try set(id) else {
                Issue.record("a policy was taken that does not fit")
                return
            }
        }
        #expect(try test.memory("standing") == before)
        #expect(try test.read { reader throws(StoreError) in try reader.standard(of: "n") } == nil)
    }

    @Test func `the tagged standard is found in its namespace, live, by the order of lists`() throws {
        let test = try Self.store()
        let tag = StandardRow.tag
        try test.apply(.store(storing("other", namespace: "else", tags: [tag])))
        try test.apply(.store(storing("words", namespace: "n", tags: ["namespace standard"], priority: 9)))
        try test.apply(.store(storing("old", namespace: "n", tags: [tag], priority: 8, expiresAt: time(1))))
        try test.apply(.store(storing("low", namespace: "n", tags: [tag], priority: 3)))
        // In one batch with the command that looks for it.
        let outcomes = try test.apply([
            envelope(.store(storing("high", namespace: "n", tags: ["x", tag], priority: 6))),
            envelope(
                .setStandard(
                    StandardCommand(
                        namespace: "n", memoryID: nil, placeholderID: "p", parent: nil, policy: nil, at: time(5)))),
        ])
        #expect(outcomes.last == .standardSet(id: "high", parent: nil))
    }

    @Test func `a union of more tags than a command may carry is refused, and the sources stay`() throws {
        let test = try Self.store()
        for part in 0..<3 {
            let tags = (0..<400).map { "t\(part)-\($0)" }
            try test.apply(.store(storing("m\(part)", tags: tags)))
        }
        func consolidate(_ ids: [String]) throws -> Outcome {
            try test.apply(
                .consolidate(
                    ConsolidateCommand(
                        ids: ids, id: "new", title: "sum", summary: "s", namespace: "global", tier: .long,
                        source: "api", agentID: "ada", at: time(1))))
        }
        #expect(
            try consolidate(["m0", "m1", "m2"]) == .refused(.tooManyTags, detail: "\(ApplyLimits.tagsMax)"))
        #expect(try test.memory("m1") != nil)
        guard case .stored = try consolidate(["m0", "m1"]) else {
            Issue.record("800 tags were refused")
            return
        }
    }

    @Test func `an entity has a bounded number of aliases, however often it is registered`() throws {
        let test = try Self.store()
        func register(_ aliases: [String]) throws -> Outcome {
            try test.apply(
                .registerEntity(
                    EntityCommand(
                        id: "e", name: "entity", namespace: "n", aliases: aliases, metadata: #"{"kind":"entity"}"#,
                        at: time(1))))
        }
        for part in 0..<2 { _ = try register((0..<1_000).map { "\(part) \($0)" }) }
        #expect(try register(["one more"]) == .refused(.tooManyAliases, detail: "\(ApplyLimits.aliasesMax)"))
        guard case .entity(_, false, let aliases) = try register(["0 1", "1 1"]) else {
            Issue.record("known aliases were refused")
            return
        }
        #expect(aliases.count == ApplyLimits.aliasesMax)
        let more = ImportCommand(
            aliases: [ImportedAlias(entityID: "e", alias: "imported", createdAt: time(2))], at: time(2))
        guard case .imported(_, _, let errors, _) = try test.apply(.importRows(more)) else {
            Issue.record("an import gave no report")
            return
        }
        #expect(errors == ["alias imported of e: it has \(ApplyLimits.aliasesMax) already"])
    }

    @Test func `an import's rows follow a memory that was merged, and what leads nowhere is named`() throws {
        let test = try Self.store()
        try test.apply(.store(storing("here", title: "same", namespace: "n")))
        func memory(_ id: String, _ title: String) -> ImportedMemory {
            ImportedMemory(storing(id, title: title, namespace: "n").memory(version: 0))
        }
        func link(_ source: String, _ target: String) -> ImportedLink {
            ImportedLink(key: LinkKey(sourceID: source, targetID: target, relation: "related_to"))
        }
        let command = ImportCommand(
            memories: [memory("a", "same"), memory("b", "new")],
            links: [link("a", "b"), link("b", "nowhere"), link("a", "here")],
            aliases: [ImportedAlias(entityID: "a", alias: "nick", createdAt: time(1))],
            standards: [ImportedStandard(namespace: "n", memoryID: "a", parent: nil, updatedAt: time(1))], at: time(1))
        #expect(
            try test.apply(.importRows(command))
                == .imported(
                    count: 2, links: 1, errors: ["link b -> nowhere: there is no memory nowhere"],
                    merged: [MergedID(id: "a", into: "here")]))
        let links = try test.read { reader throws(StoreError) in try reader.links(of: "here") }
        #expect(links.map(\.targetID) == ["b"])
        #expect(try test.read { reader throws(StoreError) in try reader.standard(of: "n")?.memoryID } == "here")
        #expect(
            try test.read { reader throws(StoreError) in try reader.entity(alias: "nick", namespace: nil)?.id }
                == "here")
    }

    @Test func `a purge with a limit takes so many and no more, and an id under which an action waits is taken`() throws
    {
        let test = try Self.store()
        for number in 0..<5 { try test.apply(.store(storing("m\(number)"))) }
        try test.apply(.archive(ArchiveCommand(ids: (0..<5).map { "m\($0)" }, reason: "r", at: time(1))))
        func purge(_ count: Int?) throws -> Outcome {
            try test.apply(.purge(PurgeCommand(archivedBefore: time(2), countMax: count)))
        }
        #expect(try [purge(2), purge(2), purge(nil)] == [.counted(2), .counted(2), .counted(1)])

        try test.apply(
            .setStandard(
                StandardCommand(
                    namespace: "n", memoryID: nil, placeholderID: "s", parent: nil, policy: #"{"write":"approve"}"#,
                    at: time(1))))
        func ask(_ id: String) throws -> Outcome {
            try test.apply(
                .governed(
                    GovernedCommand(
                        action: .store(storing(id, namespace: "n")), caller: "ada", pendingID: "p", at: time(2))))
        }
        #expect(try [ask("x"), ask("y")] == [.queued(pendingID: "p", memoryID: nil), .idTaken(id: "p")])
    }
}
