/// Questions that say it in other words: synonyms, other forms of a word, and the turn after.
///
/// Owns: planting those. Must never: keep a pair whose words overlap where they must not.

extension NamespaceBuilder {
    mutating func plantParaphrases() {
        let technical: [SynonymCategory] = [.software, .failure, .person, .place, .occasion]
        let everyday = SynonymCategory.allCases.filter { $0 != .software && $0 != .failure }
        for _ in 0..<scaled(12) {
            let category = draw.any(of: member.isProject ? technical : everyday)
            let pair = draw.one(of: Synonyms.table(category))
            // Both expressions count as used, so that no second memory answers the question.
            guard !hasComeUp(pair.plain), markUsed("synonym \(pair.other)") else { continue }
            plant(pair, frame: draw.any(of: ParaphraseFrames.table(category)))
        }
    }

    private mutating func plant(_ pair: Synonym, frame: ParaphraseFrame) {
        var slots = placeSlots(named: false).statement
        slots["w"] = pair.plain
        slots["o"] = pair.other
        let voice = member.manner.statement
        let statement = dressed(fill(frame.statement, &slots, voice: voice))
        let question = fill(frame.question, &slots, voice: member.manner.anonymous)
        let heading = draw.chance(0.5) ? draw.one(of: SmallTalk.titles) : nil
        let memory = draft(statement, title: heading)
        place([memory])
        guard ContentWords.shared(question, "\(heading ?? "") \(statement)").isEmpty else { return }
        ask(PendingQuestion(kind: .paraphrase, text: question, evidence: [memory.key]), global: 0)
    }

    mutating func plantInflections() {
        guard !member.isProject else { return }
        for _ in 0..<scaled(5) {
            let verb = draw.one(of: Inflections.verbs)
            var slots = Slots()
            slots["base"] = verb.base
            slots["past"] = verb.past
            slots["continuous"] = verb.continuous
            slots["tail"] = verb.tail
            plantInflection(draw.any(of: Inflections.frames), slots, lemma: verb.base)
        }
        if draw.chance(0.8) {
            let word = draw.one(of: Inflections.plurals)
            var slots = Slots()
            slots["plural"] = word.plural
            slots["singular"] = word.singular
            plantInflection(draw.any(of: Inflections.pluralFrames), slots, lemma: word.singular)
        }
        if draw.chance(0.7) {
            let word = draw.one(of: Inflections.nominals)
            var slots = Slots()
            slots["past"] = word.past
            slots["noun"] = word.noun
            slots["tail"] = word.tail
            plantInflection(draw.any(of: Inflections.nominalFrames), slots, lemma: word.noun)
        }
    }

    private mutating func plantInflection(_ frame: InflectionFrame, _ given: Slots, lemma: String) {
        let known = ["base", "past", "continuous", "plural", "singular", "noun"].compactMap { given[$0] }
        guard !hasComeUp(known.joined(separator: " ")), markUsed("inflection \(lemma)") else { return }
        var slots = given
        let statement = dressed(fill(frame.statement, &slots, voice: member.manner.statement))
        let heading = draw.chance(0.5) ? draw.one(of: SmallTalk.titles) : nil
        let memory = draft(statement, title: heading)
        place([memory])
        let text = fill(frame.question, &slots, voice: member.manner.question)
        let forms = ["base", "past", "continuous", "singular", "noun"].compactMap { given[$0] }
        let asked = Set(ContentWords.tokens(text)).intersection(forms)
        // "cut" and its like have one form for everything: nothing is inflected then.
        guard !asked.isEmpty, asked.isDisjoint(with: ContentWords.tokens(statement)) else { return }
        ask(PendingQuestion(kind: .inflected, text: text, evidence: [memory.key]), global: 0.3)
    }

    mutating func plantDialogues() {
        let table = member.isProject ? Dialogues.technical : Dialogues.personal
        for dialogue in draw.several(scaled(4), of: table) {
            var slots = placeSlots(named: false).statement
            if let rival = dialogue.rival, isUsed("fact \(rival) \(slots["service"] ?? "")") { continue }
            // A service is asked about once, so that the question has one answer.
            guard markUsed("dialogue \(dialogue.asking) \(slots["service"] ?? "")") else { continue }
            let voice = member.manner.statement
            let asking = draft(fill(dialogue.asking, &slots, voice: voice))
            var answer = draft(fill(dialogue.answer, &slots, voice: voice))
            answer.isAssistant = true
            let question = fill(dialogue.question, &slots, voice: voice)
            let after = draft(draw.one(of: Facts.asides))
            switch draw.integer(0...9) {
            case 0, 1: place([asking, draft(draw.one(of: Facts.hesitations)), answer])
            case 2, 3, 4, 5: place([asking, answer, after])
            default: place([asking, answer])
            }
            guard ContentWords.shared(question, answer.content).isEmpty else { continue }
            ask(
                PendingQuestion(
                    kind: .context, text: question, evidence: [answer.key], contextKey: asking.key), global: 0)
        }
    }
}
