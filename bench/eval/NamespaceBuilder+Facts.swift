/// Facts and the questions that ask for them plainly, wordily or with typing errors; and all the talk around them.
///
/// Owns: which fact gets which kind of question. Must never: state the same kind of fact twice for the same person.

extension NamespaceBuilder {
    mutating func plantFacts() {
        let kinds = member.isProject ? Facts.engineering : Facts.everyday
        for kind in draw.several(scaled(member.isProject ? 12 : 22), of: kinds) {
            plantFact(kind)
        }
        if member.isProject {
            // Other services have facts of the same kind: the question names its own.
            for _ in 0..<2 {
                for kind in draw.several(scaled(10), of: kinds) { plantFact(kind) }
            }
        } else {
            for _ in 0..<2 {
                for kind in draw.several(scaled(12), of: kinds) { plantFactOfAnother(kind) }
            }
        }
    }

    private mutating func plantFact(_ kind: FactKind) {
        let named = member.manner.identifier != nil && draw.chance(0.7)
        var (slots, asked) = placeSlots(named: named)
        guard markUsed("fact \(kind.name) \(slots["service"] ?? "")") else { return }
        let voice = member.manner.statement
        let statement = fill(draw.any(of: kind.statements), &slots, voice: voice)
        let heading = title(kind.titles, &slots, voice: voice)
        let fact = draft(dressed(statement), title: heading, tag: draw.chance(0.3) ? kind.name : nil)
        if draw.chance(0.15) {
            // Somebody asked for it before it was known: shares all words and answers nothing.
            let early = draft(question(kind.questions, slots, asked: asked))
            place([early])
        }
        place([fact])
        for name in kind.questions.flatMap(Template.slotNames) + kind.wordy.flatMap(Template.slotNames)
        where name != "place" {
            asked[name] = slots[name] ?? asked[name]
        }
        switch draw.integer(0...7) {
        case 0, 1:
            ask(
                PendingQuestion(
                    kind: .lexical, text: question(kind.questions, asked, asked: asked), evidence: [fact.key]))
        case 2, 3, 4:
            let clause = fill(draw.any(of: kind.wordy), &asked, voice: member.manner.question)
            let text = "\(draw.one(of: Facts.wordyOpenings)) \(clause)?"
            ask(PendingQuestion(kind: .wordy, text: text, evidence: [fact.key]))
        case 5, 6:
            let text = question(kind.questions, asked, asked: asked)
            askMisspelt(PendingQuestion(kind: .typos, text: text, evidence: [fact.key]), fact: fact)
        default: break
        }
    }

    /// - Parameter asked: holds the place as questions name it.
    private mutating func question(_ templates: [String], _ slots: Slots, asked: Slots) -> String {
        var slots = slots
        if let place = asked["place"] { slots["place"] = place }
        return fill(draw.any(of: templates), &slots, voice: member.manner.question)
    }

    /// The same kind of fact about somebody else: what makes it matter whose fact it is.
    private mutating func plantFactOfAnother(_ kind: FactKind) {
        let first = draw.chance(0.5)
        let name = "\(draw.one(of: first ? Words.namesShe : Words.namesHe)) \(draw.one(of: Words.lastNames))"
        let voice = Voice.named(name, their: first ? "her" : "his")
        var slots = Slots()
        let statement = fill(draw.any(of: kind.statements), &slots, voice: voice)
        let heading = title(kind.titles, &slots, voice: voice)
        place([draft(dressed(statement), title: heading)])
    }

    /// Scope is decided by the clean text; then words that the evidence shares are misspelt.
    private mutating func askMisspelt(_ question: PendingQuestion, fact: Draft) {
        ask(question)
        guard var asked = questions.popLast() else { return }
        let known = Set(ContentWords.words("\(fact.title ?? "") \(fact.content)"))
        var pieces = asked.text.split(separator: " ").map(String.init)
        let places = pieces.indices.filter { index in
            let letters = pieces[index].filter(\.isLetter)
            return letters.count >= 5 && known.contains(letters.lowercased())
        }
        let wrong = draw.shuffled(Array(places)).prefix(places.count > 3 ? 2 : 1)
        guard !wrong.isEmpty else { return }
        for index in wrong {
            let end = pieces[index].lastIndex { $0.isLetter } ?? pieces[index].startIndex
            let word = String(pieces[index][...end])
            pieces[index] = Typos.misspelt(word, &draw) + pieces[index][pieces[index].index(after: end)...]
        }
        asked.text = pieces.joined(separator: " ")
        questions.append(asked)
    }

    mutating func plantSmallTalk() {
        for _ in 0..<scaled(member.isProject ? 40 : 52) {
            let sentences = smallTalk(draw.chance(0.12) ? draw.integer(5...9) : draw.integer(1...3))
            var talk = draft(
                sentences.joined(separator: " "), title: draw.chance(0.4) ? draw.one(of: SmallTalk.titles) : nil)
            talk.isAssistant = draw.chance(0.4)
            place([talk])
        }
    }
}
