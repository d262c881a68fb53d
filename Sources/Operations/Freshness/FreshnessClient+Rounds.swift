/// The rounds of a freshness client: one write through one node, and at once what a recall through another has to say of it.
///
/// Owns: what is drawn how often, and what each acknowledgement means. Must never: take a memory for deleted or changed
/// before a node said so.
import Client
import JSON

extension FreshnessClient {
    private enum Kind: CaseIterable {
        case store, storeAndGoOn, update, delete, forget, archive, restore, promote, move, askAgain

        /// In a hundred rounds.
        var share: Int {
            switch self {
            case .store: 32
            case .storeAndGoOn: 10
            case .update: 18
            case .delete: 15
            case .forget, .archive, .promote, .move: 4
            case .restore: 3
            case .askAgain: 6
            }
        }
    }

    private mutating func draw() -> Kind {
        var left = random.below(Kind.allCases.reduce(0) { $0 + $1.share })
        for kind in Kind.allCases {
            left -= kind.share
            if left < 0 { return kind }
        }
        return .store
    }

    mutating func playRound() async {
        let kind = draw()
        if kind == .restore, !archived.isEmpty { return await restore() }
        if kind == .storeAndGoOn { return await storeAndGoOn() }
        guard kind != .store, kind != .restore, let memory = anyMemory() else { return await store() }
        let writing = random.below(wire.nodes)
        switch kind {
        case .update: await update(memory, through: writing)
        case .delete, .forget, .archive: await remove(memory, kind, through: writing)
        case .promote: await promote(memory, through: writing)
        case .move: await move(memory, through: writing)
        case .askAgain, .store, .storeAndGoOn, .restore:
            await ask(question(about: memory), through: writing, wanted: memory, after: nil)
        }
    }

    // MARK: writes

    /// - Returns: nil when nobody said what became of it.
    private func write(_ request: APIRequest, through place: Int) async -> (done: Done, status: Int, body: JSONValue)? {
        let reply = await wire.send(request, to: place)
        guard case .answered(let status, let body, _) = reply.answer else {
            ledger.unknown(reply.text)
            return nil
        }
        return (Done(request: request, place: place, reply: reply), status, body)
    }

    /// A write that no node may refuse was answered like this.
    private mutating func refused(_ done: Done, _ id: String) {
        // What the cluster denies to have is lost, whatever else it says.
        let kind = done.reply.text.hasPrefix("404") ? FreshnessFault.Kind.miss : .wrong
        ledger.fault(
            kind, "\(kind.rawValue) of \(id): a write to it was refused\n\(tale(done.request, done.place, done.reply))")
        drop(id)
    }

    private mutating func store() async {
        let (writing, asked) = twoNodes()
        guard let (memory, done) = await newMemory(through: writing) else { return }
        await ask(question(about: memory), through: asked, wanted: memory, after: done)
    }

    /// The next write to it goes through a node that may not have heard of the first.
    private mutating func storeAndGoOn() async {
        let (first, second) = twoNodes()
        guard let (memory, _) = await newMemory(through: first) else { return }
        switch random.below(8) {
        case 0: await remove(memory, .delete, through: second)
        case 1: await remove(memory, .archive, through: second)
        case 2: await move(memory, through: second)
        default: await update(memory, through: second)
        }
    }

    private mutating func newMemory(through place: Int) async -> (FreshnessMemory, Done)? {
        var memory = FreshnessMemory(
            id: "", namespace: Self.namespaces[random.below(Self.namespaces.count)],
            tier: Self.tiers[random.below(Self.tiers.count)], tags: someTags(), text: texts.next(&random))
        guard let (done, status, body) = await write(FreshnessWrite.store(memory), through: place) else { return nil }
        guard status == 201, let id = body["id"]?.stringValue else {
            refused(done, "")
            return nil
        }
        memory.id = id
        ledger.wrote(.stores, microseconds: done.reply.microseconds)
        keep(memory)
        return (memory, done)
    }

    private mutating func someTags() -> [String] {
        var tags = Self.tags
        tags.shuffle(using: &random)
        return Array(tags.prefix(1 + random.below(2)))
    }

    private mutating func update(_ old: FreshnessMemory, through writing: Int) async {
        let (request, new) = change(of: old)
        guard let (done, status, body) = await write(request, through: writing) else { return drop(old.id) }
        guard status == 200 || status == 201, body["id"]?.stringValue == old.id else { return refused(done, old.id) }
        ledger.wrote(.updates, microseconds: done.reply.microseconds)
        if new.text.content != old.text.content { ledger.bury(old.text.content) }
        keep(new)
        await ask(question(about: new), through: other(than: writing), wanted: new, after: done)
        let before = question(after: old.text, of: new)
        await ask(before, through: other(than: writing), wanted: nil, after: done)
    }

    /// The ways to change what a memory says: alone or with its title or tags, its title alone, and a store over it.
    private mutating func change(of old: FreshnessMemory) -> (APIRequest, FreshnessMemory) {
        var new = old
        let way = random.below(5)
        if way == 1 || way == 2 { new.text.title = texts.title(&random) }
        if way != 1 { (new.text.content, new.text.mark) = texts.content(&random) }
        if way == 3 { new.tags = someTags() }
        return (way == 4 ? FreshnessWrite.store(new) : FreshnessWrite.update(old, to: new), new)
    }

    private mutating func remove(_ memory: FreshnessMemory, _ kind: Kind, through writing: Int) async {
        let request =
            switch kind {
            case .forget: FreshnessWrite.forget(memory)
            case .archive: FreshnessWrite.archive(memory)
            default: FreshnessWrite.delete(memory)
            }
        guard let (done, status, body) = await write(request, through: writing) else { return drop(memory.id) }
        let isDone =
            switch kind {
            case .forget: body["deleted"]?.integerValue == 1
            case .archive: body["archived"] == [.string(memory.id)]
            default: body["deleted"]?.boolValue == true
            }
        guard status == 200, isDone else { return refused(done, memory.id) }
        ledger.wrote(.deletes, microseconds: done.reply.microseconds)
        bury(memory)
        if kind != .delete { archived.append(memory) }
        await ask(question(after: memory.text, of: memory), through: other(than: writing), wanted: nil, after: done)
    }

    private mutating func restore() async {
        let (writing, asked) = twoNodes()
        var memory = archived.remove(at: random.below(archived.count))
        // From the moment it is asked for it may be seen again.
        ledger.exhume(memory.text.content)
        drop(memory.id)
        guard let (done, status, _) = await write(FreshnessWrite.restore(memory), through: writing) else { return }
        guard status == 200 else { return refused(done, memory.id) }
        ledger.wrote(.others, microseconds: done.reply.microseconds)
        memory.tier = "long"
        keep(memory)
        await ask(question(about: memory), through: asked, wanted: memory, after: done)
    }

    private mutating func promote(_ memory: FreshnessMemory, through writing: Int) async {
        let request = FreshnessWrite.promote(id: memory.id)
        guard let (done, status, _) = await write(request, through: writing) else { return drop(memory.id) }
        guard status == 200 else { return refused(done, memory.id) }
        ledger.wrote(.others, microseconds: done.reply.microseconds)
        var promoted = memory
        promoted.tier = "long"
        keep(promoted)
        var question = question(about: promoted)
        question.tier = promoted.tier
        await ask(question, through: other(than: writing), wanted: promoted, after: done)
        guard memory.tier != promoted.tier else { return }
        question.tier = memory.tier
        await ask(question, through: other(than: writing), wanted: nil, after: done)
    }

    private mutating func move(_ memory: FreshnessMemory, through writing: Int) async {
        let places = Self.namespaces.filter { $0 != memory.namespace }
        var moved = memory
        moved.namespace = places[random.below(places.count)]
        let request = FreshnessWrite.update(memory, to: moved)
        guard let (done, status, _) = await write(request, through: writing) else { return drop(memory.id) }
        guard status == 200 else { return refused(done, memory.id) }
        ledger.wrote(.others, microseconds: done.reply.microseconds)
        keep(moved)
        var question = question(about: moved)
        question.namespace = moved.namespace
        question.reachesSubtree = false
        await ask(question, through: other(than: writing), wanted: moved, after: done)
        question.namespace = memory.namespace
        await ask(question, through: other(than: writing), wanted: nil, after: done)
    }
}
