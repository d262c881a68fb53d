/// One client of a freshness drill: memories of its own, what they have to be, and the questions about them.
///
/// Owns: its memories; no other client writes to them, so that what a recall has to find is exactly known. Must never: ask
/// about a memory again whose last write ended unknown.
import Client
import JSON

struct FreshnessClient: Sendable {
    static let namespaces = ["fresh", "fresh/left", "fresh/left/deep", "fresh/right", "crisp"]
    static let tiers = ["short", "mid", "long"]
    static let tags = ["red", "green", "blue", "amber"]

    let number: Int
    let wire: FreshnessWire
    let ledger: FreshnessLedger
    let embeds: Bool
    var random: SeededGenerator
    var texts: FreshnessTexts
    /// Alive for certain, in an order that only what was drawn decides.
    private(set) var ids: [String] = []
    private(set) var own: [String: FreshnessMemory] = [:]
    /// Not alive for certain.
    private(set) var gone: Set<String> = []
    var archived: [FreshnessMemory] = []
    private(set) var round = 0

    init(number: Int, wire: FreshnessWire, ledger: FreshnessLedger, embeds: Bool, seed: UInt64) {
        self.number = number
        self.wire = wire
        self.ledger = ledger
        self.embeds = embeds
        random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(number))
        texts = FreshnessTexts(client: number)
    }

    mutating func run(rounds: Int) async {
        while round < rounds, !Task.isCancelled {
            round += 1
            await playRound()
            ledger.endRound()
        }
    }

    // MARK: its memories

    /// A write, and who took it: what a question that goes wrong is told with.
    struct Done: Sendable {
        var request: APIRequest
        var place: Int
        var reply: FreshnessWire.Reply
    }

    mutating func keep(_ memory: FreshnessMemory) {
        if own[memory.id] == nil { ids.append(memory.id) }
        own[memory.id] = memory
        gone.remove(memory.id)
    }

    /// From now on nothing is known of it.
    mutating func drop(_ id: String) {
        if let place = ids.firstIndex(of: id) { ids.remove(at: place) }
        own[id] = nil
        gone.remove(id)
    }

    /// It is deleted, by acknowledgement.
    mutating func bury(_ memory: FreshnessMemory) {
        drop(memory.id)
        gone.insert(memory.id)
        ledger.bury(memory.text.content)
    }

    mutating func anyMemory() -> FreshnessMemory? {
        guard !ids.isEmpty else { return nil }
        return own[ids[random.below(ids.count)]]
    }

    /// Two different nodes.
    mutating func twoNodes() -> (writing: Int, asked: Int) {
        let writing = random.below(wire.nodes)
        return (writing, other(than: writing))
    }

    mutating func other(than place: Int) -> Int { (place + 1 + random.below(wire.nodes - 1)) % wire.nodes }

    // MARK: questions

    /// A question that this memory is the best answer to.
    mutating func question(about memory: FreshnessMemory) -> FreshnessQuestion {
        var question = FreshnessQuestion(context: memory.text.content, ranking: .standard)
        if embeds, random.chance(50) {
            question.context = memory.text.whole
            question.ranking = .vector
        } else if random.chance(40) {
            var words = memory.text.words.filter { $0 != memory.text.mark }
            words.shuffle(using: &random)
            question.context = (words.prefix(words.count / 2) + [memory.text.mark]).joined(separator: " ")
        } else if random.chance(20) {
            question.context = memory.text.mark
            question.ranking = .keyword
        }
        filter(&question, memory)
        return question
    }

    /// A question whose best answer was this text.
    mutating func question(after text: FreshnessText, of memory: FreshnessMemory) -> FreshnessQuestion {
        var question = FreshnessQuestion(context: text.content, ranking: .standard)
        if embeds, random.chance(50) {
            question.context = text.whole
            question.ranking = .vector
        }
        if random.chance(50) { filter(&question, memory) }
        return question
    }

    /// Filters that the memory passes, in half of the questions none.
    private mutating func filter(_ question: inout FreshnessQuestion, _ memory: FreshnessMemory) {
        guard random.chance(50) else { return }
        if random.chance(50) {
            question.namespace = memory.namespace
            let top = memory.namespace.prefix { $0 != "/" }
            if random.chance(50) {
                question.namespace = String(top)
                question.reachesSubtree = true
            }
        }
        if random.chance(40) { question.tag = memory.tags[random.below(memory.tags.count)] }
        if random.chance(40) { question.tier = memory.tier }
    }

    /// - Parameters:
    ///   - wanted: what has to be in the answer.
    ///   - done: the write before it.
    mutating func ask(
        _ question: FreshnessQuestion, through place: Int, wanted: FreshnessMemory?, after done: Done?
    ) async {
        let burials = ledger.burials
        let request = question.request(wire.consistency)
        let reply = await wire.send(request, to: place)
        let told = tale(request, place, reply, after: done)
        guard case .answered(let status, let body, _) = reply.answer else { return ledger.unknown(told) }
        ledger.recalled(byMeaning: question.ranking == .vector, microseconds: reply.microseconds)
        guard status == 200, let rows = body["memories"]?.arrayValue else {
            return ledger.fault(.wrong, "\(FreshnessFault.Kind.wrong.rawValue): a recall was refused\n\(told)")
        }
        let ledger = ledger
        let judge = FreshnessJudge(
            question: question, wanted: wanted, own: own, gone: gone,
            isBuried: { ledger.isBuried($0, before: burials) })
        let hits = rows.compactMap(MemoryRecord.init)
        let faults = judge.faults(in: hits)
        guard !faults.isEmpty else { return }
        let later = await sightings(faults, request, asked: place, wrote: done?.place)
        for fault in faults {
            ledger.fault(fault.kind, "\(fault.kind.rawValue) of \(fault.id): \(fault.reason)\n\(told)\(later)")
            // One fault of a memory says it all; what it is from now on is open.
            if let hit = hits.first(where: { $0.id == fault.id }) { ledger.exhume(hit.content) }
            drop(fault.id)
        }
    }

    /// Whether the memories in question are found when the same is asked again: tells a delay from a loss.
    private func sightings(
        _ faults: [FreshnessFault], _ request: APIRequest, asked: Int, wrote: Int?
    ) async -> String {
        var lines = ""
        for place in [asked, wrote ?? asked, asked] {
            let reply = await wire.send(request, to: place)
            guard case .answered(_, let body, _) = reply.answer else { continue }
            let ids = Set((body["memories"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue })
            let seen = faults.map { "\($0.id) \(ids.contains($0.id) ? "found" : "not found")" }
            lines += "\n  again through \(wire.client.endpoints[place]): \(seen.joined(separator: ", "))"
        }
        return lines
    }

    private static let answerCharactersMax = 4_000

    /// What was asked and answered, for people.
    func tale(_ request: APIRequest, _ place: Int, _ reply: FreshnessWire.Reply, after done: Done? = nil) -> String {
        var text = "  client \(number), round \(round)"
        if let done {
            text += "\n  through \(wire.client.endpoints[done.place]): \(done.request.summary)"
            text += "\n    answer: \(done.reply.text)"
        }
        text += "\n  through \(wire.client.endpoints[place]): \(request.summary)"
        return text + "\n    answer: \(reply.text.prefix(Self.answerCharactersMax))"
    }
}
