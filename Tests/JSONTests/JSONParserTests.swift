/// What the parser accepts and refuses, and where it says the fault is.
import JSON
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    @Test("keeps integers, wide integers and fractions apart")
    func numbers() throws {
        #expect(try JSONValue.parse("0") == .integer(0))
        #expect(try JSONValue.parse("-9223372036854775808") == .integer(.min))
        #expect(try JSONValue.parse("9223372036854775807") == .integer(.max))
        #expect(try JSONValue.parse("9223372036854775808") == .unsigned(9_223_372_036_854_775_808))
        #expect(try JSONValue.parse("18446744073709551615") == .unsigned(.max))
        #expect(try JSONValue.parse("18446744073709551616") == .double(18_446_744_073_709_551_616))
        #expect(try JSONValue.parse("5.0") == .double(5))
        #expect(try JSONValue.parse("1e2") == .double(100))
        #expect(try JSONValue.parse("1E-2") == .double(0.01))
        #expect(try JSONValue.parse("-0").text == "-0.0")
    }

    @Test("decodes every escape and surrogate pairs")
    func escapes() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#
        #expect(try JSONValue.parse(text) == .string("\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1f600}"))
    }

    @Test(
        "refuses what RFC 8259 refuses, naming kind and place",
        arguments: [
            ("", JSONError.Kind.unexpectedEnd, 1, 1), ("  \n ", .unexpectedEnd, 2, 2), ("[1,", .unexpectedEnd, 1, 4),
            ("{\"a\"", .unexpectedEnd, 1, 5), ("\"abc", .unexpectedEnd, 1, 5), ("tru", .unexpectedEnd, 1, 4),
            ("nul!", .unexpectedByte(0x21), 1, 4), ("[1,]", .unexpectedByte(0x5d), 1, 4),
            ("{\"a\":1,}", .unexpectedByte(0x7d), 1, 8), ("{a:1}", .unexpectedByte(0x61), 1, 2),
            ("[1 2]", .unexpectedByte(0x32), 1, 4), ("'a'", .unexpectedByte(0x27), 1, 1),
            ("NaN", .unexpectedByte(0x4e), 1, 1), ("+1", .unexpectedByte(0x2b), 1, 1),
            ("01", .invalidNumber, 1, 1), ("-", .unexpectedEnd, 1, 2), ("1.", .unexpectedEnd, 1, 3),
            ("1.x", .invalidNumber, 1, 3), ("1e+", .unexpectedEnd, 1, 4), ("-a", .invalidNumber, 1, 2),
            ("1e999", .numberOutOfRange, 1, 1), ("[\n -1e999]", .numberOutOfRange, 2, 2),
            ("1 1", .trailingCharacters, 1, 3), ("{}]", .trailingCharacters, 1, 3),
            ("\"a\nb\"", .controlCharacter, 1, 3), ("\"\\x\"", .invalidEscape, 1, 2),
            ("\"\\u12g4\"", .invalidEscape, 1, 2), ("\"\\ud800\"", .loneSurrogate, 1, 2),
            ("\"\\ude00\"", .loneSurrogate, 1, 2), ("\"\\ud800\\u0041\"", .loneSurrogate, 1, 2),
            ("{\"a\":1,\"b\":2,\"a\":3}", .duplicateKey("a"), 1, 1),
            ("\u{feff}1", .unexpectedByte(0xef), 1, 1),
        ])
    func refusals(_ text: String, _ kind: JSONError.Kind, _ line: Int, _ column: Int) {
        #expect(throws: JSONError(kind: kind, line: line, column: column)) { try JSONValue.parse(text) }
    }

    @Test("refuses invalid UTF-8 and points at the byte")
    func invalidUTF8() {
        let overlong: [UInt8] = [0x22, 0x61, 0xc0, 0xaf, 0x22]
        #expect(throws: JSONError(kind: .invalidUTF8, line: 1, column: 3)) { try JSONValue.parse(overlong) }
        let surrogate: [UInt8] = [0x22, 0xed, 0xa0, 0x80, 0x22]
        #expect(throws: JSONError.self) { try JSONValue.parse(surrogate) }
        let outside: [UInt8] = [0x5b, 0xff, 0x5d]
        #expect(throws: JSONError(kind: .unexpectedByte(0xff), line: 1, column: 2)) { try JSONValue.parse(outside) }
    }

    @Test("bounds depth exactly, so that nesting cannot exhaust the stack")
    func depth() throws {
        let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        _ = try JSONValue.parse(deepest)
        let tooDeep = String(repeating: "[", count: 129) + String(repeating: "]", count: 129)
        #expect(throws: JSONError(kind: .tooDeep(depthMax: 128), line: 1, column: 129)) {
            try JSONValue.parse(tooDeep)
        }
        let bomb = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue.parse(bomb) }
    }

    @Test("keys are compared by bytes: composed and decomposed forms are two keys")
    func keysAreBytes() throws {
        let object = try #require(try JSONValue.parse("{\"e\u{301}\":1,\"\u{e9}\":2}").objectValue)
        #expect(object.count == 2)
        #expect(object["\u{e9}"] == .integer(2))
        #expect(object["e\u{301}"] == .integer(1))
    }

    @Test("an object can be changed member by member and stays sorted")
    func mutation() {
        var object = JSONObject()
        object["b"] = 1
        object["a"] = .null
        object["c"] = "x"
        object["b"] = 2
        #expect(object.text == #"{"a":null,"b":2,"c":"x"}"#)
        object["a"] = nil
        #expect(object.text == #"{"b":2,"c":"x"}"#)
        #expect(object["missing"] == nil)
    }
}
