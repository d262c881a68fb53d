/// The handshake: its bytes and who is refused for what.

import Raft
import Testing

@Suite("Handshake")
struct HandshakeTests {
    static let cluster = [UInt8](1...16)
    static let hello = Hello(
        clusterID: cluster, from: NodeID(1), to: NodeID(2), incarnation: 77, address: "host.example:7001")

    static func decode(_ bytes: [UInt8]) throws -> ControlFrame {
        try bytes.withUnsafeBytes { try ControlFrame.decode($0) }
    }

    @Test("every control frame survives encoding and decoding")
    func roundTrip() throws {
        var frames: [ControlFrame] = [
            .hello(HandshakeTests.hello),
            .hello(Hello(clusterID: HandshakeTests.cluster, from: NodeID(3), to: NodeID(4))),
            .welcome(Welcome(from: NodeID(.max), incarnation: 5, protocolVersion: 3)),
        ]
        for reason in Refusal.Reason.allCases {
            frames.append(.refusal(Refusal(reason: reason, from: NodeID(7), protocolVersion: 300)))
        }
        for frame in frames { #expect(try HandshakeTests.decode(frame.encode()) == frame) }
    }

    @Test("every truncation and every trailing byte is an error")
    func truncation() {
        let frames: [ControlFrame] = [
            .hello(HandshakeTests.hello), .welcome(Welcome(from: NodeID(3))),
            .refusal(Refusal(reason: .otherNode, from: NodeID(3))),
        ]
        for bytes in frames.map({ $0.encode() }) {
            for length in 0..<bytes.count {
                #expect(throws: WireError.self) { try HandshakeTests.decode(Array(bytes[..<length])) }
            }
            #expect(throws: WireError.trailingBytes(count: 1)) { try HandshakeTests.decode(bytes + [0]) }
        }
    }

    @Test("another protocol, another magic and a message are no handshake")
    func notAHandshake() throws {
        var wrongMagic = ControlFrame.hello(HandshakeTests.hello).encode()
        wrongMagic[3] ^= 1
        var random = WireRandom(seed: 21)
        let message = try MessageCodec.encode(WireSamples.message(kind: 4, random: &random))
        for bytes in [wrongMagic, Array("GET / HTTP/1.1\r\n".utf8), message] {
            #expect(throws: WireError.notAHandshake) { try HandshakeTests.decode(bytes) }
        }
    }

    @Test("a hello of a version with other fields is recognised whatever follows the version")
    func otherVersion() {
        var bytes = ControlFrame.hello(HandshakeTests.hello).encode()
        bytes[9] = 1
        for length in 11...bytes.count {
            #expect(throws: WireError.protocolVersion(theirs: 1, ours: 3)) {
                try HandshakeTests.decode(Array(bytes[..<length]) + [1, 2, 3])
            }
        }
    }

    @Test("the bytes of a hello are those of the documented format")
    func knownBytes() {
        let zeros = [UInt8](repeating: 0, count: 7)
        let head: [UInt8] = [0xF0] + Array("MnemRaft".utf8) + [3, 0, 2, 0] + HandshakeTests.cluster
        let tail: [UInt8] = [1] + zeros + [2] + zeros + [77] + zeros + [17, 0] + Array("host.example:7001".utf8)
        #expect(ControlFrame.hello(HandshakeTests.hello).encode() == head + tail)
    }

    @Test("a later build may say more at the end of its hello, and the newest common version is used")
    func laterVersion() throws {
        var later = HandshakeTests.hello
        later.versions = 2...9
        let bytes = ControlFrame.hello(later).encode()
        #expect(try HandshakeTests.decode(bytes + [1, 2, 3]) == .hello(later))
        #expect(later.commonVersion(2...2) == 2)
        #expect(later.commonVersion(1...5) == 5)
        #expect(later.commonVersion(9...12) == 9)
        #expect(later.commonVersion(10...12) == nil)
        later.versions = 3...9
        #expect(later.commonVersion(Hello.protocolVersions) == 3)
        later.versions = 4...9
        #expect(later.commonVersion(Hello.protocolVersions) == nil)
    }

    @Test("versions that go backwards, addresses that are too long or no text are errors that name the field")
    func badFields() {
        var bytes = ControlFrame.hello(HandshakeTests.hello).encode()
        bytes[11] = 4
        #expect(throws: WireError.invalidValue(field: "hello.protocolVersionMin", value: 4)) {
            try HandshakeTests.decode(bytes)
        }
        bytes = ControlFrame.hello(HandshakeTests.hello).encode()
        bytes[bytes.count - 1] = 0xFF
        #expect(throws: WireError.invalidValue(field: "hello.address", value: 17)) { try HandshakeTests.decode(bytes) }
        bytes = ControlFrame.hello(HandshakeTests.hello).encode()
        bytes.replaceSubrange(53..<55, with: [0x2D, 1])
        #expect(throws: WireError.fieldTooLong(field: "hello.address", bytes: 301, bytesMax: 300)) {
            try HandshakeTests.decode(bytes)
        }
    }
}
