/// Why a text is not JSON, and where.
///
/// Owns: the kinds of failure. Must never: carry the offending document itself into logs.

public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The input ended inside a value, or there was none at all.
        case unexpectedEnd
        /// A byte that cannot stand here.
        case unexpectedByte(UInt8)
        case invalidUTF8
        /// A raw control character inside a string.
        case controlCharacter
        case invalidEscape
        /// Half of a surrogate pair in a `\u` escape.
        case loneSurrogate
        case invalidNumber
        /// Syntactically a number, but too large for a finite double.
        case numberOutOfRange
        case duplicateKey(String)
        case tooDeep(depthMax: Int)
        /// Something other than whitespace after the document.
        case trailingCharacters
    }
    public var kind: Kind
    /// 1-based.
    public var line: Int
    /// 1-based, in bytes.
    public var column: Int

    public init(kind: Kind, line: Int, column: Int) {
        self.kind = kind
        self.line = line
        self.column = column
    }

    /// What is wrong, without the place.
    public var reason: String {
        switch kind {
        case .unexpectedEnd: "unexpected end of input"
        case .unexpectedByte(let byte): "unexpected \(JSONError.visible(byte))"
        case .invalidUTF8: "invalid UTF-8 in a string"
        case .controlCharacter: "raw control character in a string"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "lone surrogate in a \\u escape"
        case .invalidNumber: "invalid number"
        case .numberOutOfRange: "number out of range"
        case .duplicateKey(let key): "duplicate field `\(key)`"
        case .tooDeep(let depthMax): "nested deeper than \(depthMax) levels"
        case .trailingCharacters: "trailing characters"
        }
    }

    public var description: String { "\(reason) at line \(line) column \(column)" }

    private static func visible(_ byte: UInt8) -> String {
        if byte >= 0x21 && byte < 0x7f { return "character '\(Character(UnicodeScalar(byte)))'" }
        return "byte \(byte)"
    }
}
