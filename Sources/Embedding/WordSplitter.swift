/// Cuts a text into the words that WordPiece looks up: cleaned, without accents, in lower case, punctuation apart.
///
/// Owns: the word at hand. Must never: remember more of a word than it takes to know that it is too long; look at the
/// text as a whole (see `CanonicalDecomposition`).

/// Takes the words, one after another.
protocol WordSink {
    mutating func accept(_ word: [Unicode.Scalar])
}

struct WordSplitter {
    private var word: [Unicode.Scalar] = []
    /// The combining class of every character in `word`; those from `reorderableFrom` on are marks that a later mark of a
    /// lower class moves in front of, as canonical order wants it.
    private var classes: [UInt8] = []
    private var reorderableFrom = 0

    init() {
        word.reserveCapacity(WordPiece.wordLengthMax + 1)
        classes.reserveCapacity(WordPiece.wordLengthMax + 1)
    }

    /// Reads one character. Every word that is complete by now goes to `sink`.
    mutating func take(_ scalar: Unicode.Scalar, into sink: inout some WordSink) {
        switch ScalarClass.of(scalar) {
        case .ignored:
            break
        case .space:
            finish(into: &sink)
        case .ideograph:
            finish(into: &sink)
            fold(scalar, into: &sink)
            finish(into: &sink)
        case .punctuation where scalar.isASCII:
            finish(into: &sink)
            append(scalar, combiningClass: 0)
            finish(into: &sink)
        case .letter where scalar.isASCII:
            append(WordSplitter.lowercased(scalar), combiningClass: 0)
        case .punctuation, .letter, .mark:
            fold(scalar, into: &sink)
        }
    }

    /// Ends the word at hand, if there is one.
    mutating func finish(into sink: inout some WordSink) {
        guard !word.isEmpty else { return }
        sink.accept(word)
        word.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
        reorderableFrom = 0
    }

    /// The class is that of the parts: U+2260 is an equals sign, which is punctuation, with a stroke through it.
    private mutating func fold(_ scalar: Unicode.Scalar, into sink: inout some WordSink) {
        CanonicalDecomposition.shared.forEachPart(of: scalar) { part in
            let properties = part.properties
            let combiningClass = properties.canonicalCombiningClass.rawValue
            switch ScalarClass.of(part) {
            case .mark:
                // Dropped, but nothing moves past one of class 0.
                if combiningClass == 0 { reorderableFrom = word.count }
            case .punctuation:
                finish(into: &sink)
                append(part, combiningClass: 0)
                finish(into: &sink)
            case .ignored, .space, .ideograph, .letter:
                guard properties.changesWhenLowercased else { return append(part, combiningClass: combiningClass) }
                for lower in properties.lowercaseMapping.unicodeScalars {
                    append(lower, combiningClass: combiningClass)
                }
            }
        }
    }

    private mutating func append(_ scalar: Unicode.Scalar, combiningClass: UInt8) {
        guard word.count <= WordPiece.wordLengthMax else { return }
        guard combiningClass > 0 else {
            word.append(scalar)
            classes.append(0)
            reorderableFrom = word.count
            return
        }
        var place = word.count
        while place > reorderableFrom && classes[place - 1] > combiningClass { place -= 1 }
        word.insert(scalar, at: place)
        classes.insert(combiningClass, at: place)
    }

    private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard (0x41...0x5a).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) | 0x20)
    }
}
