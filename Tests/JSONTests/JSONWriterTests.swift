/// The canonical encoding, and that parsing it gives the value back whatever the value is.
import JSON
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("compact, sorted bytewise at every level, slashes and non-ASCII as they are")
    func canonical() throws {
        let text = #"{ "b" : [ 1 , {"z":1,"a":2} ], "B": "a\/b é \ud83d\ude00", "aa": "\u0001\u001f\"\\", "a": {} }"#
        let expected = #"{"B":"a/b é 😀","a":{},"aa":"\u0001\u001f\"\\","b":[1,{"a":2,"z":1}]}"#
        #expect(try JSONValue.parse(text).text == expected)
    }

    @Test(
        "doubles: shortest digits, a fraction always, exponents without plus or padding",
        arguments: [
            (1.0, "1.0"), (0.0, "0.0"), (-0.0, "-0.0"), (0.1, "0.1"), (7.512, "7.512"), (100, "100.0"),
            (0.85, "0.85"), (Double(Float(0.85)), "0.8500000238418579"), (1e15, "1000000000000000.0"),
            (1_234_567_890_123_456, "1234567890123456.0"), (1e16, "1e16"), (1.5e300, "1.5e300"),
            (0.0001, "0.0001"), (0.00001, "0.00001"), (0.000001, "1e-6"), (1.25e-7, "1.25e-7"),
            (-2.5, "-2.5"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e308"),
            (123.456, "123.456"), (0.3333333333333333, "0.3333333333333333"),
        ])
    func doubles(_ value: Double, _ expected: String) {
        #expect(JSONValue.double(value).text == expected)
    }

    @Test("what JSON cannot say becomes null")
    func notFinite() {
        #expect(JSONValue.double(.infinity).text == "null")
        #expect(JSONValue.double(.nan).text == "null")
    }

    @Test("the streaming form puts commas where they belong")
    func streaming() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.beginObject()
        writer.endObject()
        writer.bool(true)
        writer.endArray()
        writer.key("b")
        writer.raw(#"{"raw":1}"#)
        writer.key("c")
        writer.string(String?.none)
        writer.endObject()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":[1,{},true],"b":{"raw":1},"c":null}"#)
    }

    @Test("seeded values survive writing and parsing", arguments: 1...40)
    func roundTrip(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<25 {
            let value = random.value(depth: 4)
            let text = value.text
            let parsed = try JSONValue.parse(text)
            #expect(parsed == value)
            #expect(parsed.text == text)
        }
    }

    @Test("seeded damage never traps, and what still parses is canonical after one round", arguments: 1...40)
    func fuzz(_ seed: UInt64) throws {
        var random = SplitMix(state: seed &* 7919)
        for _ in 0..<40 {
            var bytes = random.value(depth: 3).encoded()
            for _ in 0...Int(random.next() % 4) { random.damage(&bytes) }
            do {
                let value = try JSONValue.parse(bytes)
                let once = value.text
                #expect(try JSONValue.parse(once).text == once)
            } catch let error as JSONError {
                #expect(error.line >= 1 && error.column >= 1)
                #expect(!error.description.isEmpty)
            }
        }
    }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014).
struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func text() -> String {
        let alphabet = ["a", "B", "\"", "\\", "/", "\n", "\u{1}", "é", "日", "😀", " ", "0", "\u{7f}", "e\u{301}"]
        return (0..<(next() % 8)).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] }.joined()
    }

    mutating func value(depth: Int) -> JSONValue {
        switch next() % (depth > 0 ? 9 : 7) {
        case 0: return .null
        case 1: return .bool(next() % 2 == 0)
        case 2: return .integer(Int64(bitPattern: next()))
        case 3: return .integer(Int64(next() % 100))
        case 4: return .unsigned(UInt64(Int64.max) + 1 + next() % 1000)
        case 5:
            let candidate = Double(bitPattern: next())
            return .double(candidate.isFinite ? candidate : 0.5)
        case 6: return .string(text())
        case 7: return .array((0..<(next() % 4)).map { _ in value(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<(next() % 4) { object[text()] = value(depth: depth - 1) }
            return .object(object)
        }
    }

    mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let position = Int(next() % UInt64(bytes.count))
        switch next() % 4 {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: next())
        case 1: bytes.remove(at: position)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: position)
        default: bytes.removeLast(bytes.count - position)
        }
    }
}
