/// Makes the labelled set: a cast, what its members say over months, and questions with known answers.
///
/// Owns: how much of everything there is. Must never: depend on anything but seed, split, sizes and the end date.

struct SetGenerator {
    struct Sizes: Sendable {
        var memoriesMin = 8000
        var questionsPerKind = 80
    }

    /// What was made, and what the label check threw away and why.
    struct Product {
        var set: LabelledSet
        var dropped: [String: Int]
        var candidates: [QuestionKind: Int]
    }

    let seed: UInt64
    let split: WordSplit
    let sizes: Sizes
    let endDay: Int

    func product() -> Product {
        var draw = Draw(seed: seed, split: split)
        let builders = tell(&draw)
        let timetable = Timetable(endDay: endDay)
        let entries = builders.flatMap { timetable.entries(of: $0, &draw) }
        let memories = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.memory) })
        let check = LabelCheck(
            memories: memories, identifiers: Set(builders.compactMap(\.member.manner.identifier)))
        var dropped: [String: Int] = [:]
        var sound: [PendingQuestion] = []
        for var question in builders.flatMap(\.questions) {
            if let key = question.monthOf, let memory = memories[key] {
                let month = CalendarTime.monthName(memory.createdAt)
                question.text = question.text.replacing("{monthOf}", with: month)
            }
            if let problem = check.problem(question) {
                dropped["\(question.kind.rawValue): \(problem)", default: 0] += 1
            } else {
                sound.append(question)
            }
        }
        sound = withoutDoubles(sound, &dropped)
        var candidates: [QuestionKind: Int] = [:]
        for question in sound { candidates[question.kind, default: 0] += 1 }
        let chosen = QuestionKind.allCases.flatMap { kind in
            draw.shuffled(sound.filter { $0.kind == kind }).prefix(sizes.questionsPerKind)
        }
        let ordered = entries.sorted { ($0.memory.createdAt, $0.key) < ($1.memory.createdAt, $1.key) }
        let set = LabelledSet(
            memories: ordered.map(\.memory), questions: chosen.compactMap { finished($0, memories) })
        return Product(set: set, dropped: dropped, candidates: candidates)
    }

    /// People and projects, three to one, until there is enough.
    private func tell(_ draw: inout Draw) -> [NamespaceBuilder] {
        var cast = Cast()
        var builders: [NamespaceBuilder] = []
        var projects = draw.shuffled(split.part(of: Words.projects))
        var key = 0
        var people = 0
        var placed = 0
        while placed < sizes.memoriesMin {
            let member: CastMember
            if builders.count % 4 == 3, let name = projects.popLast() {
                member = cast.project(name, &draw)
            } else {
                member = cast.person(number: people, &draw)
                people += 1
            }
            // A sequence of its own: what one member says does not shift what the next one says.
            let own = Draw(seed: draw.random.next(), split: split)
            var builder = NamespaceBuilder(member: member, draw: own, firstKey: key)
            builder.plantFacts()
            builder.plantDialogues()
            builder.plantClusters()
            builder.plantTokens()
            builder.plantCollections()
            builder.plantTimelines()
            // After all that could answer their questions too, before what answers nothing.
            builder.plantParaphrases()
            builder.plantInflections()
            builder.plantSmallTalk()
            key = builder.endKey
            placed += builder.groups.map(\.drafts.count).reduce(0, +)
            builders.append(builder)
        }
        return builders
    }

    /// A text asked twice in one scope would have two answers; neither stays.
    private func withoutDoubles(
        _ questions: [PendingQuestion], _ dropped: inout [String: Int]
    ) -> [PendingQuestion] {
        var counts: [String: Int] = [:]
        for question in questions { counts["\(question.namespace ?? "") \(question.text)", default: 0] += 1 }
        return questions.filter { question in
            guard counts["\(question.namespace ?? "") \(question.text)"] == 1 else {
                dropped["\(question.kind.rawValue): asked twice", default: 0] += 1
                return false
            }
            return true
        }
    }

    private func finished(_ question: PendingQuestion, _ memories: [Int: EvalMemory]) -> EvalQuestion? {
        let ids = question.evidence.compactMap { memories[$0]?.id }
        guard ids.count == question.evidence.count else { return nil }
        return EvalQuestion(kind: question.kind, text: question.text, namespace: question.namespace, evidence: ids)
    }
}
