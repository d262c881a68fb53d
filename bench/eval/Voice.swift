/// Who a sentence speaks about, and templates that agree with it.
///
/// Owns: pronouns, verb agreement and the filling of `{slots}`. Must never: leave a brace in a finished text.

/// How one person appears in sentences.
struct Voice: Sendable, Equatable {
    enum Number: Sendable {
        case first
        case singular
        case plural
    }
    var subject: String
    var possessive: String
    var object: String
    /// my, her, his, their
    var their: String
    var number: Number

    static let speaker = Voice(subject: "I", possessive: "my", object: "me", their: "my", number: .first)
    static let user = Voice(
        subject: "the user", possessive: "the user's", object: "the user", their: "their", number: .singular)
    /// For questions that must not name anybody.
    static let someone = Voice(
        subject: "they", possessive: "their", object: "them", their: "their", number: .plural)

    static func named(_ name: String, their: String) -> Voice {
        Voice(
            subject: name, possessive: name + "'s", object: name, their: their, number: .singular)
    }

    /// The word for a grammar token; nil when it is none.
    func word(_ token: String) -> String? {
        switch token {
        case "subj": subject
        case "poss": possessive
        case "obj": object
        case "their": their
        case "is": agreeing("am", "is", "are")
        case "has": agreeing("have", "has", "have")
        case "was": agreeing("was", "was", "were")
        case "does": agreeing("do", "does", "do")
        default: verb(token)
        }
    }

    private func agreeing(_ first: String, _ singular: String, _ plural: String) -> String {
        switch number {
        case .first: first
        case .singular: singular
        case .plural: plural
        }
    }

    /// `v:like|likes`
    private func verb(_ token: String) -> String? {
        guard token.hasPrefix("v:") else { return nil }
        let forms = token.dropFirst(2).split(separator: "|").map(String.init)
        guard forms.count == 2 else { return nil }
        return agreeing(forms[0], forms[1], forms[0])
    }
}

/// The values that the slots of one fact were given: the same slot means the same thing in statement and question.
struct Slots: Sendable {
    private var values: [String: String] = [:]

    subscript(name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    /// The value of a slot, drawn when it has none yet; `city2` is a city other than `city`.
    mutating func value(_ name: String, _ draw: inout Draw) -> String {
        if let value = values[name] { return value }
        let base = String(name.reversed().drop { $0.isNumber }.reversed())
        let siblings = (0...9).compactMap { values[$0 == 0 ? base : "\(base)\($0)"] }
        var value = SlotValues.value(base, &draw)
        var attempts = 0
        while siblings.contains(value) && attempts < 20 {
            value = SlotValues.value(base, &draw)
            attempts += 1
        }
        values[name] = value
        return value
    }
}

enum Template {
    /// Replaces every `{token}`; a token with a capital gives a capital.
    static func fill(_ template: String, voice: Voice, slots: inout Slots, draw: inout Draw) -> String {
        var text = ""
        var rest = Substring(template)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let token = String(rest[rest.index(after: open)..<close])
            rest = rest[rest.index(after: close)...]
            let first = token.first?.isUppercase == true
            let plain = first ? token.prefix(1).lowercased() + token.dropFirst() : token
            let word = voice.word(plain) ?? slots.value(plain, &draw)
            text = withArticle(text, before: word)
            text += first ? capitalized(word) : word
        }
        return text + rest
    }

    /// "a" becomes "an" where the word that follows wants it.
    private static func withArticle(_ text: String, before word: String) -> String {
        guard let first = word.lowercased().first, "aeio".contains(first) else { return text }
        let isArticle = text == "a " || text == "A " || text.hasSuffix(" a ") || text.hasSuffix(" A ")
        return isArticle ? text.dropLast() + "n " : text
    }

    static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    /// The slots a template names, without grammar tokens.
    static func slotNames(_ template: String) -> [String] {
        template.split(separator: "{").dropFirst().compactMap { piece in
            guard let close = piece.firstIndex(of: "}") else { return nil }
            let token = String(piece[..<close])
            let plain = token.prefix(1).lowercased() + token.dropFirst()
            return Voice.speaker.word(plain) == nil ? plain : nil
        }
    }
}
