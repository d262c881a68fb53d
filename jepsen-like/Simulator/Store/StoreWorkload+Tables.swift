import JSON
import Raft
import StateMachine

/// Commands of feature level 2, over the same few ids and titles: links between them, policies that come and go, actions
/// that wait, an archive that fills and empties.
///
/// Owns: their mix, in which every type and most refusals occur. Must never: depend on what the store holds.
extension StoreWorkload {
    private static let namespaces = ["global", "team", "team/a", "team/a/b", "team-b"]
    private static let callers = ["ada", "bob", "cyd"]
    private static let relations = ["related_to", "supersedes", "contradicts", "derived_from"]

    mutating func tableCommand() -> Command {
        switch random.next(below: 26) {
        case 0..<5: return .governed(governed())
        case 5..<7:
            return .decide(
                DecideCommand(
                    pendingID: pendingID(), isApproval: random.next(below: 5) > 0, caller: random.pick(Self.callers),
                    freshID: id(), at: time()))
        case 7..<10: return .link(LinkCommand(key: linkKey(), at: time()))
        case 10: return .unlink(UnlinkCommand(sourceID: id(), targetID: id()))
        case 11: return .invalidate(InvalidateCommand(key: linkKey(), validUntil: time()))
        case 12: return .registerEntity(entity())
        case 13: return .setStandard(standard())
        case 14: return .clearStandard(ClearStandardCommand(namespace: namespace()))
        case 15:
            return .registerAgent(
                AgentCommand(
                    agentID: random.pick(Self.callers), agentType: "ai:test", capabilities: ["read"],
                    id: "agent-\(random.next(below: 4))", at: time()))
        case 16: return .archive(ArchiveCommand(ids: [id(), id()], reason: "test", at: time()))
        case 17: return .restore(RestoreCommand(id: id(), at: time()))
        case 18:
            let before = random.next(below: 2) == 0 ? nil : time(plusSeconds: -60)
            return random.next(below: 3) == 0
                ? .purge(PurgeCommand(archivedBefore: before))
                : .collect(CollectCommand(at: time(), archives: random.next(below: 2) == 0, countMax: 5))
        case 19: return .forget(forget())
        case 20: return .consolidate(consolidation())
        case 21: return .importRows(imports())
        case 22: return subscription()
        case 23, 24: return .setVectors(lateVectors())
        default:
            let results = (0..<3).map { place in
                SettleCommand.Result(
                    number: Int64(random.next(below: 1_000)) << 12 | Int64(place), isDelivered: place == 0)
            }
            return .settle(SettleCommand(results: results, at: time()))
        }
    }

    /// Of what the command writes; now and then of another text, or of another model.
    mutating func vectors(for command: Command) -> TextVectors? {
        var stores: [StoreCommand] = []
        switch command {
        case .store(let command): stores = [command]
        case .storeBatch(let commands): stores = commands
        case .governed(let command):
            if case .store(let store) = command.action { stores = [store] }
        default: break
        }
        guard !stores.isEmpty else { return nil }
        let entries = stores.map { store in
            let content = random.next(below: 8) == 0 ? "another text" : store.content
            return TextVectors.Entry(text: TextDigest(title: store.title, content: content), vector: vector())
        }
        for store in stores.suffix(1) { written.append((store.id, store.title, store.content)) }
        if written.count > 30 { written.removeFirst() }
        return TextVectors(model: random.next(below: 10) == 0 ? "other" : Self.model.tag, entries: entries)
    }

    /// For texts that were proposed lately; some rows hold others by now, some are gone.
    private mutating func lateVectors() -> SetVectorsCommand {
        let items = (0..<min(3, written.count)).map { _ in
            let text = written[random.next(below: written.count)]
            return SetVectorsCommand.Item(
                id: text.id,
                entry: TextVectors.Entry(text: TextDigest(title: text.title, content: text.content), vector: vector()))
        }
        return SetVectorsCommand(model: Self.model.tag, items: items)
    }

    private mutating func vector() -> [UInt8] {
        VectorBytes.bytes((0..<Self.model.dimension).map { _ in Float(random.next(below: 2_001)) / 1_000 - 1 })
    }

    private mutating func governed() -> GovernedCommand {
        let action: GovernedCommand.Action
        switch random.next(below: 4) {
        case 0: action = .delete(DeleteCommand(id: id(), expectedVersion: version()))
        case 1:
            let isVertical = random.next(below: 2) == 0
            action = .promote(
                PromoteCommand(
                    id: id(), at: time(), toNamespace: isVertical ? "team" : nil, cloneID: isVertical ? id() : ""))
        default:
            var command = store()
            command.namespace = namespace()
            action = .store(command)
        }
        return GovernedCommand(
            action: action, caller: random.pick(Self.callers), pendingID: "pending-\(sequence)", at: time())
    }

    private mutating func standard() -> StandardCommand {
        let levels = ["any", "registered", "owner", "approve"]
        let approvers: [JSONValue] = ["human", ["agent": "ada"], ["consensus": 2]]
        let policy: JSONValue = [
            "approver": random.pick(approvers), "delete": .string(random.pick(levels)),
            "promote": .string(random.pick(levels)), "write": .string(random.pick(levels)),
        ]
        return StandardCommand(
            namespace: namespace(), memoryID: random.next(below: 2) == 0 ? id() : nil,
            placeholderID: "standard-\(sequence)", parent: random.next(below: 3) == 0 ? namespace() : nil,
            policy: random.next(below: 3) > 0 ? policy.text : nil, at: time())
    }

    private mutating func entity() -> EntityCommand {
        EntityCommand(
            id: id(), name: title(), namespace: namespace(), aliases: ["a\(random.next(below: 5))", "b"],
            metadata: #"{"kind":"entity"}"#, at: time())
    }

    private mutating func forget() -> ForgetCommand {
        let isByNamespace = random.next(below: 2) == 0
        return ForgetCommand(
            namespace: isByNamespace ? namespace() : nil, tier: random.next(below: 3) == 0 ? .short : nil,
            pattern: isByNamespace ? nil : word() + "7", archives: random.next(below: 2) == 0, at: time())
    }

    private mutating func consolidation() -> ConsolidateCommand {
        let first = random.next(below: idCount)
        let second = (first + 1 + random.next(below: idCount - 1)) % idCount
        return ConsolidateCommand(
            ids: ["memory-\(first)", "memory-\(second)"], id: "merged-\(sequence)", title: title() + " merged",
            summary: text(), namespace: namespace(), tier: .long, source: "consolidation",
            agentID: random.pick(Self.callers), at: time())
    }

    private mutating func imports() -> ImportCommand {
        let command = store()
        let memory = Memory(
            id: command.id, tier: command.tier, namespace: command.namespace, title: command.title,
            content: command.content, tags: command.tags, priority: command.priority, confidence: command.confidence,
            source: "import", accessCount: random.next(below: 20), createdAt: time(plusSeconds: -3_600),
            updatedAt: command.at, lastAccessedAt: nil, expiresAt: command.expiresAt, metadata: command.metadata,
            version: 0)
        return ImportCommand(
            memories: [ImportedMemory(memory)], links: [ImportedLink(key: linkKey(), validUntil: time())], at: time())
    }

    private mutating func subscription() -> Command {
        let id = "hook-\(random.next(below: 3))"
        if random.next(below: 3) == 0 { return .unsubscribe(UnsubscribeCommand(id: id)) }
        return .subscribe(
            SubscribeCommand(
                id: id, url: "https://example.com/hook", events: "*", secretHash: [UInt8](repeating: 7, count: 32),
                namespaceFilter: random.next(below: 2) == 0 ? "team" : nil, agentFilter: nil,
                caller: random.pick(Self.callers), agentRowID: "agent-row-\(sequence)", at: time()))
    }

    private mutating func linkKey() -> LinkKey {
        LinkKey(sourceID: id(), targetID: id(), relation: random.pick(Self.relations))
    }
    private mutating func namespace() -> String { random.pick(Self.namespaces) }
    /// Of an action that may have been queued lately.
    private mutating func pendingID() -> String {
        "pending-\(max(1, Int(sequence) - random.next(below: 60)))"
    }
}
