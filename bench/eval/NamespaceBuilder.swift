/// Collects what one person or project says, and the questions about it.
///
/// Owns: drafts, their grouping into turns that belong together, and the scope of questions. Must never: give a draft a
/// time or an id; that is done when all drafts are known.

/// A memory before it has a time and an id.
struct Draft: Sendable {
    var key: Int
    /// nil: it is called after its turn.
    var title: String?
    var content: String
    var tag: String?
    /// Whether the assistant says it, where speakers are shown.
    var isAssistant = false
}

/// Drafts that follow each other directly.
struct DraftGroup: Sendable {
    /// When, from 0 to 1 of the whole period.
    var position: Double
    /// Index into the cast member's namespaces.
    var namespace: Int
    var drafts: [Draft]
}

/// A question whose evidence has no ids yet.
struct PendingQuestion: Sendable {
    var kind: QuestionKind
    /// May hold `{monthOf}`.
    var text: String
    var namespace: String?
    var evidence: [Int]
    /// Memories that look like evidence and are none; the label check compares them.
    var rivals: [Int] = []
    /// The draft whose month replaces `{monthOf}`.
    var monthOf: Int?
    /// The turn before the evidence, or the event that decides which memory is evidence.
    var contextKey: Int?
    /// A text that must stand in question and evidence alike.
    var token: String?
    /// What makes the question fit for the whole store; its owner's alone.
    var identifier: String?
    var homes: [String] = []
}

struct NamespaceBuilder {
    let member: CastMember
    var draw: Draw
    var groups: [DraftGroup] = []
    var questions: [PendingQuestion] = []
    private var nextKey: Int
    private var contents: [Int: String] = [:]
    private var namespaceOf: [Int: Int] = [:]
    private var used: Set<String> = []
    /// Of everything said so far.
    private var saidStems: Set<String> = []

    /// - Parameter firstKey: keys are unique over the whole set.
    init(member: CastMember, draw: Draw, firstKey: Int) {
        self.member = member
        self.draw = draw
        nextKey = firstKey
    }

    var endKey: Int { nextKey }

    /// `base` memories of a kind, more or fewer by the member's size.
    mutating func scaled(_ base: Double) -> Int {
        let exact = base * member.size
        return Int(exact) + (draw.chance(exact - Double(Int(exact))) ? 1 : 0)
    }

    /// - Returns: false when something of this name is there already.
    mutating func markUsed(_ name: String) -> Bool { used.insert(name).inserted }

    func isUsed(_ name: String) -> Bool { used.contains(name) }

    /// Whether the subject has come up: what was said about it could answer a question too.
    func hasComeUp(_ words: String) -> Bool { !saidStems.isDisjoint(with: ContentWords.stems(words)) }

    // MARK: Drafts

    mutating func draft(_ content: String, title: String? = nil, tag: String? = nil) -> Draft {
        let draft = Draft(key: nextKey, title: title, content: Template.capitalized(content), tag: tag)
        nextKey += 1
        return draft
    }

    /// Puts drafts into the story, one after the other, at a random time unless one is given.
    mutating func place(_ drafts: [Draft], at position: Double? = nil, namespace: Int? = nil) {
        let index = namespace ?? draw.integer(0...(member.namespaces.count - 1))
        for draft in drafts {
            contents[draft.key] = draft.content
            saidStems.formUnion(ContentWords.stems(draft.content))
            namespaceOf[draft.key] = index
        }
        groups.append(DraftGroup(position: position ?? draw.fraction(), namespace: index, drafts: drafts))
    }

    /// A statement with what people say around it: alone, with a remark or two, or deep in a long memory.
    mutating func dressed(_ statement: String) -> String {
        let sentence = Template.capitalized(statement)
        if draw.chance(0.07) {
            var sentences = draw.several(draw.integer(1...3), of: Facts.asides) + smallTalk(draw.integer(3...6))
            sentences = draw.shuffled(sentences)
            sentences.insert(sentence, at: draw.integer(0...sentences.count))
            return sentences.joined(separator: " ")
        }
        switch draw.integer(0...9) {
        case 0, 1, 2: return sentence
        case 3: return "\(draw.one(of: Facts.notePrefixes)) \(sentence)"
        case 4: return "\(draw.one(of: Facts.asides)) \(sentence)"
        case 5, 6: return "\(sentence) \(draw.several(2, of: Facts.asides).joined(separator: " "))"
        default: return "\(sentence) \(draw.one(of: Facts.asides))"
        }
    }

    /// Sentences nobody asks about.
    mutating func smallTalk(_ count: Int) -> [String] {
        let templates = member.isProject ? SmallTalk.technical : SmallTalk.personal
        return draw.several(count, of: templates).map { template in
            var slots = Slots()
            return fill(template, &slots, voice: member.manner.statement)
        }
    }

    /// A heading: of the subject, neutral, or none.
    mutating func title(_ templates: [String], _ slots: inout Slots, voice: Voice) -> String? {
        switch draw.integer(0...9) {
        case 0, 1, 2, 3, 4:
            return Template.capitalized(
                Template.fill(draw.any(of: templates), voice: voice, slots: &slots, draw: &draw))
        case 5, 6: return draw.one(of: SmallTalk.titles)
        default: return nil
        }
    }

    mutating func fill(_ template: String, _ slots: inout Slots, voice: Voice) -> String {
        Template.fill(template, voice: voice, slots: &slots, draw: &draw)
    }

    // MARK: Services and questions

    /// Slots that begin with a place: a service of the project, with the project's name or without.
    /// - Returns: whether the name is there.
    mutating func placeSlots(named: Bool) -> (statement: Slots, question: Slots) {
        var statement = Slots()
        var question = Slots()
        guard member.isProject else { return (statement, question) }
        let service = draw.any(of: member.services)
        statement["service"] = service
        question["service"] = service
        let forms = [
            "the \(member.name) \(service)", "\(member.name)'s \(service)", "the \(service) of \(member.name)",
        ]
        statement["place"] = named ? draw.any(of: forms) : "the \(service)"
        question["place"] = named ? draw.any(of: forms) : "the \(service)"
        return (statement, question)
    }

    /// Adds a question with the widest scope that still has one answer.
    mutating func ask(_ question: PendingQuestion, global: Double = 0.65) {
        var question = question
        let identifiers = [question.token, member.manner.identifier].compactMap { $0 }
        let isUnique = identifiers.contains { identifier in
            question.text.range(ofText: identifier) != nil
                && question.evidence.allSatisfy { contents[$0]?.range(ofText: identifier) != nil }
        }
        question.identifier = question.token ?? member.manner.identifier
        if !isUnique || !draw.chance(global) {
            let home = question.evidence.first.flatMap { namespaceOf[$0] } ?? 0
            // What a project as a whole knows is found from the parts of it.
            let canDescend = home == 0 && member.namespaces.count > 1
            let index = canDescend && draw.chance(0.5) ? draw.integer(1...(member.namespaces.count - 1)) : home
            question.namespace = member.namespaces[index]
        }
        question.homes = member.namespaces
        question.text = Template.capitalized(question.text)
        questions.append(question)
    }
}
