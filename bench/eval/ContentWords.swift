/// Which words of a text carry meaning, and when two of them count as the same.
///
/// Owns: the stop words and the light stem of the label check. Must never: be used by what is measured; a ranking has
/// rules of its own.

enum ContentWords {
    static let stopWords = Set(
        Words.list(
            """
            a, an, the, and, or, but, if, then, so, as, at, by, for, from, in, into, of, off, on, onto, out, over, to,
            up, with, without, within, about, after, again, against, all, any, before, between, both, down, during,
            each, few, further, here, how, just, more, most, no, nor, not, now, once, only, other, own, same, some,
            such, than, that, there, these, this, those, through, too, under, until, very, what, when, where, which,
            while, who, whom, whose, why, will, would, can, could, should, may, might, must, shall, do, does, did,
            done, doing, have, has, had, having, be, is, am, are, was, were, been, being, i, me, my, mine, we, us,
            our, you, your, he, him, his, she, her, it, its, they, them, their, theirs, one, ones, s, t, yes, also,
            ever, never, always, since, because, get, gets, got, let, still, else, much, many, back, way, tell, say,
            says, said
            """))

    /// Runs of letters and digits, lowercased.
    static func tokens(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    static func words(_ text: String) -> [String] { tokens(text).filter { !stopWords.contains($0) } }

    static func stems(_ text: String) -> Set<String> { Set(words(text).map(stem)) }

    /// Cuts common endings, so that a shared stem is not overlooked; too eager rather than too careful.
    static func stem(_ word: String) -> String {
        var stem = word
        for (ending, replacement) in endings where stem.hasSuffix(ending) && stem.count - ending.count >= 3 {
            stem = String(stem.dropLast(ending.count)) + replacement
            break
        }
        if stem.count > 3, let last = stem.last, stem.dropLast().last == last { stem.removeLast() }
        if stem.count > 3, stem.hasSuffix("e") { stem.removeLast() }
        if stem.count > 3, stem.hasSuffix("y") { stem = String(stem.dropLast()) + "i" }
        return stem
    }

    private static let endings = [
        ("ations", ""), ("ation", ""), ("ments", ""), ("ment", ""), ("ings", ""), ("ing", ""), ("iest", "i"),
        ("ness", ""),
        ("ies", "i"), ("ied", "i"), ("ers", ""), ("est", ""), ("ed", ""), ("er", ""), ("es", ""), ("ly", ""), ("s", ""),
    ]

    static func shared(_ left: String, _ right: String) -> Set<String> { stems(left).intersection(stems(right)) }
}
