/// Slips of the keyboard and of the ear.
///
/// Owns: how a word is misspelt. Must never: change a word of fewer than four letters or return the word unchanged.

enum Typos {
    private static let keyboard = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]
    /// Ways a word is written by ear.
    private static let sounds = [
        ("ph", "f"), ("ck", "k"), ("ie", "ei"), ("ei", "ie"), ("ss", "s"), ("tt", "t"), ("ll", "l"), ("nn", "n"),
        ("mm", "m"),
        ("ou", "u"), ("ea", "ee"), ("ght", "t"), ("tion", "shun"), ("ce", "se"), ("y", "i"), ("ance", "ence"),
        ("qu", "kw"),
        ("z", "s"), ("v", "w"), ("oo", "u"),
    ]

    static func misspelt(_ word: String, _ draw: inout Draw) -> String {
        guard word.count >= 4 else { return word }
        for _ in 0..<12 {
            let changed = draw.chance(0.25) ? byEar(word, &draw) : slip(Array(word), &draw)
            if changed != word { return changed }
        }
        return word + String(word.suffix(1))
    }

    private static func byEar(_ word: String, _ draw: inout Draw) -> String {
        let (from, to) = draw.any(of: sounds)
        guard let range = word.range(ofText: from), range.lowerBound != word.startIndex else { return word }
        return word.replacingCharacters(of: range, with: to)
    }

    private static func slip(_ letters: [Character], _ draw: inout Draw) -> String {
        var letters = letters
        // The first letter is rarely wrong.
        let place = draw.integer(1...(letters.count - 2))
        switch draw.integer(0...3) {
        case 0: letters.swapAt(place, place + 1)
        case 1: letters.remove(at: place)
        case 2: letters.insert(letters[place], at: place)
        default: letters[place] = neighbour(of: letters[place], &draw)
        }
        return String(letters)
    }

    private static func neighbour(of letter: Character, _ draw: inout Draw) -> Character {
        for row in keyboard.map(Array.init) {
            guard let place = row.firstIndex(of: letter) else { continue }
            let choices = [place - 1, place + 1].filter { row.indices.contains($0) }
            return row[draw.any(of: choices)]
        }
        return letter
    }

    /// A token that is easily taken for this one: one digit or letter is another, or two are swapped.
    static func confusable(_ token: String, _ draw: inout Draw) -> String {
        var letters = Array(token)
        let digits = letters.indices.filter { letters[$0].isNumber }
        guard !digits.isEmpty else { return misspelt(token, &draw) }
        for _ in 0..<12 {
            let place = draw.any(of: digits)
            if draw.chance(0.4), let other = digits.first(where: { $0 > place && letters[$0] != letters[place] }) {
                letters.swapAt(place, other)
            } else {
                letters[place] = draw.any(of: Array("123456789"))
            }
            if String(letters) != token { break }
        }
        return String(letters)
    }
}

extension String {
    /// The first place of another text, compared by characters.
    func range(ofText text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }

    func replacingCharacters(of range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
