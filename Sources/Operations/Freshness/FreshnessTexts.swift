/// Texts that resemble each other: a small vocabulary by topics, and in each text one word that stands nowhere else.
///
/// Owns: the words. Must never: give two texts the same word of their own; what a recall has to find, and what it must not
/// find any more, is told apart by it.

/// What a memory says.
struct FreshnessText: Hashable, Sendable {
    var title: String
    var content: String
    /// The word of the content that no other text has.
    var mark: String

    /// What a node embeds of a memory, so that its cosine with this is 1.
    var whole: String { title + " " + content }
    var words: [String] { content.split(separator: " ").map(String.init) }
}

/// One client's texts; those of two clients differ by their numbers.
struct FreshnessTexts: Sendable {
    private enum Length {
        static let ofTopic = 7
        static let common = 4
        static let title = 2
    }
    /// Of a hundred contents, so many are one of the last few but for a word.
    private static let copies = 30
    private static let lately = 8

    private let client: Int
    private var count = 0
    private var last: [[String]] = []

    init(client: Int) { self.client = client }

    mutating func next(_ random: inout SeededGenerator) -> FreshnessText {
        let title = self.title(&random)
        let (content, mark) = self.content(&random)
        return FreshnessText(title: title, content: content, mark: mark)
    }

    mutating func title(_ random: inout SeededGenerator) -> String {
        let topic = Self.topics[random.below(Self.topics.count)]
        let words = (0..<Length.title).map { _ in topic[random.below(topic.count)] }
        return (words + [mark()]).joined(separator: " ")
    }

    mutating func content(_ random: inout SeededGenerator) -> (content: String, mark: String) {
        var words = self.words(&random)
        last = Array((last + [words]).suffix(Self.lately))
        let mark = mark()
        words.insert(mark, at: random.below(words.count + 1))
        return (words.joined(separator: " "), mark)
    }

    private func words(_ random: inout SeededGenerator) -> [String] {
        if !last.isEmpty, random.chance(Self.copies) {
            var words = last[random.below(last.count)]
            words[random.below(words.count)] = Self.common[random.below(Self.common.count)]
            return words
        }
        let topic = Self.topics[random.below(Self.topics.count)]
        var words = (0..<Length.ofTopic).map { _ in topic[random.below(topic.count)] }
        words += (0..<Length.common).map { _ in Self.common[random.below(Self.common.count)] }
        words.shuffle(using: &random)
        return words
    }

    /// Letters and digits, so that every tokenizer takes it for one word or its pieces, and no word is a form of it.
    private mutating func mark() -> String {
        count += 1
        return "k\(client)x\(count)"
    }

    private static let topics: [[String]] = [
        [
            "deploy", "release", "canary", "rollback", "pipeline", "staging", "build", "artifact", "branch", "hotfix",
            "schedule", "approval", "tuesday", "freeze", "window", "version",
        ],
        [
            "database", "index", "query", "replica", "snapshot", "migration", "schema", "vacuum", "table", "row",
            "transaction", "lock", "backup", "restore", "checkpoint", "quorum",
        ],
        [
            "customer", "invoice", "refund", "contract", "renewal", "discount", "payment", "account", "billing",
            "support", "ticket", "complaint", "quarter", "revenue", "churn", "onboarding",
        ],
        [
            "garden", "tomato", "harvest", "seedling", "compost", "watering", "orchard", "pruning", "greenhouse",
            "basil", "frost", "mulch", "trellis", "pollen", "beetle", "soil",
        ],
        [
            "flight", "hotel", "passport", "luggage", "museum", "ferry", "border", "ticket", "station", "platform",
            "reservation", "island", "harbour", "guide", "currency", "visa",
        ],
        [
            "recipe", "oven", "butter", "flour", "simmer", "garlic", "onion", "pepper", "saucepan", "dough", "yeast",
            "roast", "marinade", "vinegar", "lemon", "crust",
        ],
    ]
    private static let common: [String] = [
        "agreed", "always", "because", "careful", "changed", "decided", "early", "finally", "friday", "important",
        "later", "meeting", "monday", "morning", "needed", "never", "note", "often", "prefers", "problem", "quickly",
        "review", "second", "slowly", "team", "together", "unless", "usually", "warning", "week", "wrong", "yesterday",
    ]
}

extension SeededGenerator {
    /// 0 ..< count.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    /// True in so many of a hundred draws.
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
}
