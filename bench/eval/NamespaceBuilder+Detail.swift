/// Questions where a detail decides: which sibling, which token, which time, which of several memories.
///
/// Owns: planting those. Must never: make two siblings agree in the detail that is asked for.

extension NamespaceBuilder {
    mutating func plantClusters() {
        let table = member.isProject ? Clusters.technical : Clusters.personal
        for cluster in draw.several(scaled(2), of: table) { plant(cluster) }
    }

    private mutating func plant(_ cluster: Cluster) {
        let (shared, asked) = placeSlots(named: member.manner.identifier != nil)
        // What does not vary is drawn once.
        var fixed = shared
        for name in Template.slotNames(cluster.statement) where !cluster.varying.contains(name) {
            _ = fixed.value(name, &draw)
        }
        let index = draw.integer(0...(member.namespaces.count - 1))
        var seen: Set<String> = []
        var siblings: [(draft: Draft, slots: Slots)] = []
        for _ in 0..<draw.integer(7...13) {
            var slots = fixed
            for name in cluster.varying { _ = slots.value(name, &draw) }
            guard let detail = cluster.varying.first.flatMap({ slots[$0] }), seen.insert(detail).inserted else {
                continue
            }
            siblings.append((sibling(cluster, &slots, voice: member.manner.statement, namespace: index), slots))
        }
        for sibling in siblings.prefix(2) {
            var slots = sibling.slots
            let double = self.double(of: slots, in: cluster, namespace: index)
            if let place = asked["place"] { slots["place"] = place }
            let text = fill(draw.any(of: cluster.questions), &slots, voice: member.manner.question)
            let rivals = siblings.map(\.draft.key).filter { $0 != sibling.draft.key } + [double]
            ask(PendingQuestion(kind: .nearDuplicate, text: text, evidence: [sibling.draft.key], rivals: rivals))
        }
    }

    private mutating func sibling(_ cluster: Cluster, _ slots: inout Slots, voice: Voice, namespace: Int) -> Draft {
        let text = fill(cluster.statement, &slots, voice: voice)
        let heading = title(cluster.titles, &slots, voice: voice)
        let sibling = draft(draw.chance(0.5) ? dressed(text) : text, title: heading)
        place([sibling], namespace: namespace)
        return sibling
    }

    /// The same details, but about another person or another service, with another answer.
    private mutating func double(of original: Slots, in cluster: Cluster, namespace: Int) -> Int {
        var slots = original
        for name in cluster.varying.dropFirst() { slots[name] = nil }
        var voice = member.manner.statement
        if member.isProject {
            let others = member.services.filter { $0 != original["service"] }
            slots["place"] = "the \(member.name) \(draw.any(of: others))"
        } else {
            voice = .named(SlotValues.fullName(&draw), their: "their")
        }
        return sibling(cluster, &slots, voice: voice, namespace: namespace).key
    }

    mutating func plantTokens() {
        for entry in draw.several(scaled(3), of: Clusters.tokens) {
            var slots = placeSlots(named: false).statement
            let token = slots.value(entry.slot, &draw)
            let statement = draw.integer(0...(entry.statements.count - 1))
            let memory = tokenMemory(entry, statement, &slots)
            var rivals: [Int] = []
            for _ in 0..<draw.integer(1...3) {
                var other = placeSlots(named: false).statement
                let similar =
                    entry.slot == "person"
                    ? namesake(of: token) : Typos.confusable(token, &draw)
                guard similar != token else { continue }
                other[entry.slot] = similar
                rivals.append(tokenMemory(entry, draw.integer(0...(entry.statements.count - 1)), &other))
            }
            let question = fill(entry.questions[min(statement, entry.questions.count - 1)], &slots, voice: .someone)
            ask(
                PendingQuestion(
                    kind: .exactTokens, text: question, evidence: [memory], rivals: rivals, token: token), global: 0.9)
        }
    }

    private mutating func tokenMemory(_ entry: ExactToken, _ statement: Int, _ slots: inout Slots) -> Int {
        let text = fill(entry.statements[statement], &slots, voice: member.manner.statement)
        let heading = title(entry.titles, &slots, voice: member.manner.statement)
        let memory = draft(dressed(text), title: heading)
        place([memory])
        return memory.key
    }

    /// Shares the first or the last name.
    private mutating func namesake(of name: String) -> String {
        let parts = name.split(separator: " ").map(String.init)
        return draw.chance(0.5)
            ? "\(parts[0]) \(draw.one(of: Words.lastNames))"
            : "\(draw.one(of: Words.namesShe)) \(parts.last ?? parts[0])"
    }

    mutating func plantCollections() {
        let table = member.isProject ? Collections.technical : Collections.personal
        for collection in draw.several(scaled(2), of: table) {
            var (slots, asked) = placeSlots(named: member.manner.identifier != nil)
            let index = draw.integer(0...(member.namespaces.count - 1))
            var keys: [Int] = []
            for template in draw.shuffled(collection.members).prefix(draw.integer(2...4)) {
                let text = fill(template, &slots, voice: member.manner.statement)
                let heading = title(collection.titles, &slots, voice: member.manner.statement)
                let memory = draft(dressed(text), title: heading)
                place([memory], namespace: index)
                keys.append(memory.key)
            }
            plantDecoys(for: collection, slots, namespace: index)
            if let place = asked["place"] { slots["place"] = place }
            asked = slots
            let question = fill(draw.any(of: collection.questions), &asked, voice: member.manner.question)
            ask(PendingQuestion(kind: .multiEvidence, text: question, evidence: keys))
        }
    }

    /// Memories about the person, company or tool that the evidence shares, which answer nothing.
    private mutating func plantDecoys(for collection: Collection, _ slots: Slots, namespace: Int) {
        let names = ["person", "company", "noun", "instrument", "relative", "tool", "database"]
        let shared = names.compactMap { slots[$0] }
        guard !shared.isEmpty else { return }
        for template in draw.several(draw.integer(2...5), of: Collections.decoys) {
            var slots = Slots()
            slots["it"] = draw.any(of: shared)
            place([draft(dressed(fill(template, &slots, voice: member.manner.statement)))], namespace: namespace)
        }
    }

    mutating func plantTimelines() {
        guard !member.isProject else { return }
        for topic in draw.several(scaled(4), of: Timelines.topics) {
            if let rival = topic.rival, isUsed("fact \(rival) ") { continue }
            switch draw.integer(0...3) {
            case 0, 1: plantAroundEvent(topic)
            case 2: plantSuccession(topic)
            default: plantMonths(topic)
            }
        }
    }

    private mutating func say(_ topic: ChangingTopic, at position: Double, _ slots: Slots) -> Int {
        var slots = slots
        slots[topic.answer] = nil
        let text = fill(draw.any(of: topic.statements), &slots, voice: member.manner.statement)
        let memory = draft(
            dressed(text), title: draw.chance(0.4) ? draw.any(of: topic.titles) : nil)
        place([memory], at: position)
        return memory.key
    }

    /// What a topic's statements share.
    private mutating func commonSlots(_ topic: ChangingTopic) -> Slots {
        var slots = Slots()
        for template in topic.statements {
            for name in Template.slotNames(template) where name != topic.answer { _ = slots.value(name, &draw) }
        }
        return slots
    }

    private mutating func plantAroundEvent(_ topic: ChangingTopic) {
        let point = draw.any(of: Timelines.turningPoints)
        guard markUsed("turning point \(point.statement)") else { return }
        let common = commonSlots(topic)
        let early = say(topic, at: 0.05 + 0.3 * draw.fraction(), common)
        let late = say(topic, at: 0.65 + 0.3 * draw.fraction(), common)
        var slots = Slots()
        let event = draft(dressed(fill(point.statement, &slots, voice: member.manner.statement)))
        place([event], at: 0.4 + 0.2 * draw.fraction())
        let asksAfter = draw.chance(0.65)
        let clause = fill(asksAfter ? point.after : point.before, &slots, voice: member.manner.question)
        var plain = Slots()
        let text = "\(fill(topic.question, &plain, voice: member.manner.question)) \(clause)?"
        ask(
            PendingQuestion(
                kind: .temporal, text: text, evidence: [asksAfter ? late : early], rivals: [asksAfter ? early : late],
                contextKey: event.key))
    }

    private mutating func plantSuccession(_ topic: ChangingTopic) {
        let common = commonSlots(topic)
        let keys = [0.05, 0.4, 0.75].map { say(topic, at: $0 + 0.2 * draw.fraction(), common) }
        let wantsLast = draw.chance(0.65)
        let clause = draw.any(of: wantsLast ? Timelines.nowClauses : Timelines.firstClauses)
        var plain = Slots()
        let text = "\(fill(topic.question, &plain, voice: member.manner.question)) \(clause)?"
        let evidence = wantsLast ? keys[2] : keys[0]
        ask(PendingQuestion(kind: .temporal, text: text, evidence: [evidence], rivals: keys.filter { $0 != evidence }))
    }

    private mutating func plantMonths(_ topic: ChangingTopic) {
        let common = commonSlots(topic)
        let keys = [0.02, 0.27, 0.52, 0.77].map { say(topic, at: $0 + 0.1 * draw.fraction(), common) }
        let evidence = draw.any(of: keys)
        var plain = Slots()
        let text = "\(fill(topic.question, &plain, voice: member.manner.question)) in {monthOf}?"
        ask(
            PendingQuestion(
                kind: .temporal, text: text, evidence: [evidence], rivals: keys.filter { $0 != evidence },
                monthOf: evidence))
    }
}
