/// Judges whether a question and its labels fit, on the finished texts.
///
/// Owns: one rule per kind of question and the rules for all. Must never: look at a ranking's results.

struct LabelCheck {
    let memories: [Int: EvalMemory]
    /// For every wanted identifier, the namespaces whose memories have it.
    private let holders: [String: Set<String>]

    /// - Parameter identifiers: one or two words each.
    init(memories: [Int: EvalMemory], identifiers: Set<String>) {
        self.memories = memories
        let wanted = Set(identifiers.map { ContentWords.tokens($0).joined(separator: " ") })
        var holders: [String: Set<String>] = [:]
        for memory in memories.values {
            let tokens = ContentWords.tokens(memory.searchableText)
            let pairs = zip(tokens, tokens.dropFirst()).map { "\($0) \($1)" }
            for name in wanted.intersection(tokens + pairs) { holders[name, default: []].insert(memory.namespace) }
        }
        self.holders = holders
    }

    /// Why the question must not be used; nil when it may.
    func problem(_ question: PendingQuestion) -> String? {
        let evidence = question.evidence.compactMap { memories[$0] }
        guard !evidence.isEmpty, evidence.count == question.evidence.count else { return "evidence is missing" }
        if question.text.contains("{") || evidence.contains(where: { $0.searchableText.contains("{") }) {
            return "a slot was left open"
        }
        if let scope = question.namespace, !evidence.allSatisfy({ LabelCheck.isVisible($0.namespace, from: scope) }) {
            return "evidence lies outside the scope"
        }
        if question.namespace == nil, question.token == nil, let identifier = question.identifier {
            let name = ContentWords.tokens(identifier).joined(separator: " ")
            if !(holders[name] ?? []).isSubset(of: question.homes) { return "the name occurs elsewhere" }
        }
        return kindProblem(question, evidence)
    }

    /// A hierarchical scope sees itself and what is above it.
    static func isVisible(_ namespace: String, from scope: String) -> Bool {
        namespace == scope || scope.hasPrefix(namespace + "/")
    }

    private func kindProblem(_ question: PendingQuestion, _ evidence: [EvalMemory]) -> String? {
        let text = question.text
        switch question.kind {
        case .lexical:
            return ContentWords.shared(text, evidence[0].searchableText).count >= 2 ? nil : "shares too few words"
        case .paraphrase:
            return ContentWords.shared(text, evidence[0].searchableText).isEmpty ? nil : "shares a word"
        case .exactTokens: return tokenProblem(question, evidence[0])
        case .nearDuplicate: return rivalProblem(question, evidence[0])
        case .temporal: return orderProblem(question, evidence[0])
        case .multiEvidence: return (2...4).contains(evidence.count) ? nil : "needs two to four memories"
        case .wordy:
            let share = Double(ContentWords.words(text).count) / Double(max(1, ContentWords.tokens(text).count))
            return share < 0.5 ? nil : "has too many content words"
        case .context: return contextProblem(question, evidence[0])
        case .inflected: return nil
        case .typos:
            let unknown = Set(ContentWords.words(text)).subtracting(ContentWords.words(evidence[0].searchableText))
            return unknown.isEmpty ? "has no typing error" : nil
        }
    }

    private func tokenProblem(_ question: PendingQuestion, _ evidence: EvalMemory) -> String? {
        guard let token = question.token, question.text.lowercased().contains(token.lowercased()),
            evidence.content.lowercased().contains(token.lowercased())
        else { return "the token is missing" }
        let holders = memories.values.filter { $0.searchableText.lowercased().contains(token.lowercased()) }
        return holders.count == 1 ? nil : "the token is not unique"
    }

    /// Siblings must share less with the question than the evidence does.
    private func rivalProblem(_ question: PendingQuestion, _ evidence: EvalMemory) -> String? {
        let asked = Set(ContentWords.tokens(question.text))
        let own = asked.intersection(ContentWords.tokens(evidence.content)).count
        let best =
            question.rivals.compactMap { memories[$0] }
            .map { asked.intersection(ContentWords.tokens($0.content)).count }.max() ?? 0
        return own > best ? nil : "a sibling fits as well"
    }

    private func orderProblem(_ question: PendingQuestion, _ evidence: EvalMemory) -> String? {
        let rivals = question.rivals.compactMap { memories[$0] }
        if rivals.contains(where: { $0.content == evidence.content || $0.createdAt == evidence.createdAt }) {
            return "a rival says the same"
        }
        if let event = question.contextKey.flatMap({ memories[$0] }),
            !rivals.allSatisfy({ ($0.createdAt < event.createdAt) != (evidence.createdAt < event.createdAt) })
        {
            return "the event is not between"
        }
        guard question.monthOf != nil else { return nil }
        let month = CalendarTime.monthName(evidence.createdAt)
        return rivals.contains { CalendarTime.monthName($0.createdAt) == month } ? "two rivals in one month" : nil
    }

    private func contextProblem(_ question: PendingQuestion, _ evidence: EvalMemory) -> String? {
        guard let context = question.contextKey.flatMap({ memories[$0] }) else { return "the turn before is missing" }
        if !ContentWords.shared(question.text, evidence.searchableText).isEmpty { return "the answer shares a word" }
        if ContentWords.shared(question.text, context.content).count < 2 { return "the turn before shares too little" }
        let gap = evidence.createdAt - context.createdAt
        return gap > 0 && gap < 300 && evidence.namespace == context.namespace ? nil : "the turns are apart"
    }
}
