/// The words of a question that its answer may hold, each with its other forms.
///
/// Owns: English question and filler words, and the rules of inflection. The index holds words as they were written,
/// which is what `search` needs; recall asks for all regular forms of a word instead. Must never: leave a question
/// without words: when all of them are fillers, all of them are asked for.
struct RecallTerms {
    /// Forms of one word, the one that was asked for first.
    struct Term: Hashable {
        var forms: [String]
    }
    let terms: [Term]

    /// Words of one question; further ones are ignored.
    static let termsMax = 64
    /// Shorter words have no forms.
    private static let inflectedLengthMin = 3

    init(_ context: String) {
        var seen: Set<String> = []
        var words: [String] = []
        for phrase in FullTextQuery.phrases(context) where words.count < RecallTerms.termsMax {
            let word = RecallTerms.trimmed(phrase.lowercased())
            if !word.isEmpty, seen.insert(word).inserted { words.append(word) }
        }
        let telling = words.filter { !RecallTerms.fillers.contains($0) }
        terms = (telling.isEmpty ? words : telling).map { Term(forms: RecallTerms.forms(of: $0)) }
    }

    /// Without the punctuation around it, and without a genitive.
    private static func trimmed(_ phrase: String) -> String {
        var scalars = Array(phrase.unicodeScalars)
        while let last = scalars.last, !isOfWord(last) { scalars.removeLast() }
        while let first = scalars.first, !isOfWord(first) { scalars.removeFirst() }
        if scalars.count > 2, scalars.last == "s",
            scalars[scalars.count - 2] == "'" || scalars[scalars.count - 2] == "’"
        {
            scalars.removeLast(2)
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    // MARK: inflection

    /// The regular forms of an English word. A form that is no word costs a look into the index and finds nothing.
    static func forms(of word: String) -> [String] {
        let bytes = Array(word.utf8)
        guard bytes.count >= inflectedLengthMin, bytes.allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }) else { return [word] }
        var forms = [word]
        for base in bases(of: word) {
            for form in [base] + inflections(of: base) where !forms.contains(form) { forms.append(form) }
        }
        return forms
    }

    /// What the word may be a form of.
    private static func bases(of word: String) -> [String] {
        var found = [word]
        func add(_ base: String) {
            if base.utf8.count >= inflectedLengthMin, !found.contains(base) { found.append(base) }
        }
        func stem(_ suffix: String, _ endings: [String]) {
            guard word.hasSuffix(suffix), word.utf8.count >= suffix.utf8.count + 2 else { return }
            let stem = String(word.dropLast(suffix.count))
            for ending in endings { add(stem + ending) }
            if let short = undoubled(stem) { add(short) }
        }
        if word.hasSuffix("ies") {
            stem("ies", ["y", "ie"])
        } else if word.hasSuffix("es") {
            stem("es", ["", "e"])
        } else if word.hasSuffix("s"), !word.hasSuffix("ss"), !word.hasSuffix("us"), !word.hasSuffix("is") {
            stem("s", [""])
        }
        if word.hasSuffix("ied") {
            stem("ied", ["y"])
        } else {
            stem("ed", ["", "e"])
        }
        stem("ing", ["", "e"])
        return found
    }

    private static func inflections(of base: String) -> [String] {
        var forms = [base + "s", base + "ed", base + "ing"]
        if base.hasSuffix("e") {
            let stem = String(base.dropLast())
            forms = [base + "s", base + "d", stem + "ing"]
        } else if base.hasSuffix("y"), let before = base.dropLast().last, !"aeiou".contains(before) {
            let stem = String(base.dropLast())
            forms = [stem + "ies", stem + "ied", base + "ing"]
        } else if ["s", "x", "z", "ch", "sh"].contains(where: { base.hasSuffix($0) }) {
            forms = [base + "es", base + "ed", base + "ing"]
        } else if let doubled = doubled(base) {
            forms += [doubled + "ed", doubled + "ing"]
        }
        return forms
    }

    /// `stopp` gives `stop`.
    private static func undoubled(_ stem: String) -> String? {
        let bytes = Array(stem.utf8)
        guard bytes.count >= 4, let last = bytes.last, bytes[bytes.count - 2] == last else { return nil }
        return String(stem.dropLast())
    }

    /// `stop` gives `stopp`: a consonant after one vowel after a consonant.
    private static func doubled(_ base: String) -> String? {
        let bytes = Array(base.utf8)
        let vowels = Array("aeiou".utf8)
        guard bytes.count >= 3, bytes.count <= 6, let last = bytes.last, !vowels.contains(last),
            !Array("wxy".utf8).contains(last), vowels.contains(bytes[bytes.count - 2]),
            !vowels.contains(bytes[bytes.count - 3])
        else { return nil }
        return base + String(decoding: [last], as: UTF8.self)
    }

    /// Words that stand in questions and say nothing of their answers.
    private static let fillers: Set<String> = [
        "a", "about", "after", "again", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been",
        "before", "being", "but", "by", "can", "could", "did", "do", "does", "doing", "for", "from", "get", "give",
        "had", "has", "have", "he", "her", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its",
        "just", "kind", "know", "many", "may", "me", "might", "mine", "much", "must", "my", "no", "not", "of", "on",
        "or", "our", "ours", "please", "remember", "shall", "she", "should", "so", "some", "tell", "than", "that",
        "the", "their", "theirs", "them", "then", "there", "these", "they", "thing", "things", "this", "those", "to",
        "us", "was", "we", "were", "what", "what's", "when", "where", "which", "while", "who", "who's", "whom", "whose",
        "why", "will", "with", "would", "you", "your", "yours",
    ]
}
