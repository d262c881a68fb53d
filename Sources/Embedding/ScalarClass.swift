/// What BERT's tokeniser does with a character: drop it, end a word at it, make a word of it, or add it to a word.
///
/// Owns: the classes. Must never: depend on the locale. The rules are those of the tokeniser the model was trained with,
/// so that equal text gives equal ids; the tests compare them with it for every character of Unicode.

enum ScalarClass {
    /// Control and format characters, NUL, the replacement character.
    case ignored
    case space
    /// A word of its own.
    case punctuation
    /// A word of its own, too: Chinese characters are not separated by spaces.
    case ideograph
    /// An accent, dropped; unlike what is ignored, it has a place in canonical order.
    case mark
    case letter

    /// The tables of the tokeniser the model is used with everywhere stand at Unicode 8: what came later is a letter. This
    /// also keeps the ids the same when Swift's own tables move on.
    private static let tableVersion = 8

    static func of(_ scalar: Unicode.Scalar) -> ScalarClass {
        let value = scalar.value
        if value < 0x80 { return ascii(UInt8(truncatingIfNeeded: value)) }
        if value == 0xfffd { return .ignored }
        if isIdeograph(value) { return .ideograph }
        let properties = scalar.properties
        guard let age = properties.age, age.major <= tableVersion else { return .letter }
        if let former = reclassified(value) { return former }
        switch properties.generalCategory {
        case .control, .format, .privateUse, .surrogate:
            return .ignored
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .punctuation
        case .spaceSeparator, .lineSeparator, .paragraphSeparator:
            return .space
        case .nonspacingMark:
            return .mark
        default:
            return .letter
        }
    }

    /// What Unicode has put into another class since then, as it was.
    private static func reclassified(_ value: UInt32) -> ScalarClass? {
        switch value {
        case 0x166d, 0x111c9: .punctuation
        case 0x1734, 0x1171e: .mark
        case 0x1885, 0x1886, 0xa9bd: .letter
        default: nil
        }
    }

    private static func ascii(_ byte: UInt8) -> ScalarClass {
        switch byte {
        case 0x09, 0x0a, 0x0d, 0x20: .space
        case 0x00...0x1f, 0x7f: .ignored
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: .letter
        default: .punctuation
        }
    }

    /// The blocks that count as Chinese: not kana, not Hangul. U+2B820 to U+2B91F are missing in the reference, so here too.
    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0xf900...0xfaff, 0x20000...0x2a6df, 0x2a700...0x2b73f,
            0x2b740...0x2b81f, 0x2b920...0x2ceaf, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }
}
