/// Makes the requests of a load run: the same seed gives every client the same sequence.
///
/// Owns: request bytes, ready to be sent. Must never: cost much; the loader shares its cores with what it measures, so
/// heads are built once and bodies are appended to them.
import Client
import NIOCore

/// A small generator that is the same on every platform (splitmix64).
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

struct LoadRequests {
    static let namespace = "load"

    private let options: LoadOptions
    private let endpoint: Endpoint
    /// Only for `getMemory`.
    private let ids: [String]
    private let vocabulary: [[UInt8]]
    private let value: [UInt8]
    private var generator: SeededGenerator

    init(options: LoadOptions, endpoint: Endpoint, client: Int, ids: [String]) {
        self.options = options
        self.endpoint = endpoint
        self.ids = ids
        vocabulary = options.operation == .memory || options.operation == .fillMemory ? Vocabulary.words : []
        value = [UInt8](repeating: UInt8(ascii: "v"), count: options.sizeBytes)
        generator = SeededGenerator(seed: options.seed &* 1_000_003 &+ UInt64(client))
    }

    /// - Parameter key: which key; nil chooses one uniformly.
    mutating func next(key chosen: Int?) -> ByteBuffer {
        switch options.operation {
        case .memory, .fillMemory:
            let body = memoryBody(chosen ?? key())
            return request(
                "POST /api/v1/memories", "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n", body)
        case .register, .fillRegister:
            return request(
                "PUT /cluster/v1/registers/\(LoadRequests.name(chosen ?? key()))",
                "Content-Type: application/octet-stream\r\nContent-Length: \(value.count)\r\n", value)
        case .getRegister:
            return request("GET /cluster/v1/registers/\(LoadRequests.name(chosen ?? key()))", "", [])
        case .getMemory:
            let id = ids[Int(generator.next() % UInt64(ids.count))]
            return request("GET /api/v1/memories/\(id)", "", [])
        }
    }

    static func name(_ key: Int) -> String {
        let digits = String(key)
        return "key-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    private mutating func key() -> Int { Int(generator.next() % UInt64(options.keys)) }

    private func request(_ line: String, _ headers: String, _ body: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(192 + headers.utf8.count + body.count)
        buffer.writeString("\(line) HTTP/1.1\r\nHost: \(endpoint)\r\n")
        buffer.writeString(headers)
        buffer.writeString("\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    /// A title that is unique to the key, and words up to the size asked for. Nothing in it needs escaping.
    private mutating func memoryBody(_ key: Int) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(options.sizeBytes + 96)
        body.append(contentsOf: #"{"content":""#.utf8)
        appendWords(to: &body, bytes: options.sizeBytes)
        body.append(contentsOf: #"","namespace":"load","title":"t"#.utf8)
        body.append(contentsOf: String(key).utf8)
        for _ in 0..<options.titleWords {
            body.append(UInt8(ascii: " "))
            body.append(contentsOf: vocabulary[Int(generator.next() % UInt64(vocabulary.count))])
        }
        body.append(contentsOf: #""}"#.utf8)
        return body
    }

    private mutating func appendWords(to body: inout [UInt8], bytes: Int) {
        let end = body.count + bytes
        while body.count < end {
            let random = generator.next()
            body.append(contentsOf: vocabulary[Int(random % UInt64(vocabulary.count))])
            body.append(UInt8(ascii: " "))
        }
        body.removeLast(body.count - end)
        // Content may not be blank, not even at a size of one.
        body[end - 1] = UInt8(ascii: "x")
    }
}

/// Words for titles and contents: pronounceable, 4 to 9 letters, all different.
private enum Vocabulary {
    static let words: [[UInt8]] = {
        let starts = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "ru", "sa", "te", "vi", "wo", "zu", "pra"]
        let middles = [
            "ra", "le", "ni", "mo", "tu", "sha", "ve", "ki", "do", "lu", "ban", "cel", "dir", "fon", "gul", "per",
        ]
        let ends = ["n", "st", "ra", "lo", "mi", "te", "ns", "ck", "rd", "ve", "ly", "sh", "x", "ff", "dor", "zen"]
        var words: [[UInt8]] = []
        for start in starts {
            for middle in middles {
                for end in ends { words.append(Array((start + middle + end).utf8)) }
            }
        }
        return words
    }()
}
