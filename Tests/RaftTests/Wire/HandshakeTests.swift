/// The handshake: its bytes and who is refused for what.

import Raft
import Testing

@Suite("Handshake")
struct HandshakeTests {
    static let cluster = [UInt8](1...16)
    static let hello = Hello(clusterID: cluster, from: NodeID(1), to: NodeID(2))

    static func decode(_ bytes: [UInt8]) throws -> ControlFrame {
        try bytes.withUnsafeBytes { try ControlFrame.decode($0) }
    }

    @Test("every control frame survives encoding and decoding")
    func roundTrip() throws {
        var frames: [ControlFrame] = [.hello(HandshakeTests.hello), .welcome(from: NodeID(.max))]
        for reason in Refusal.Reason.allCases {
            frames.append(.refusal(Refusal(reason: reason, from: NodeID(7), protocolVersion: 300)))
        }
        for frame in frames { #expect(try HandshakeTests.decode(frame.encode()) == frame) }
    }

    @Test("every truncation and every trailing byte is an error")
    func truncation() {
        let frames: [ControlFrame] = [
            .hello(HandshakeTests.hello), .welcome(from: NodeID(3)),
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

    @Test("a hello of another version is recognised whatever follows the version")
    func otherVersion() {
        var bytes = ControlFrame.hello(HandshakeTests.hello).encode()
        bytes[9] = 2
        for length in 11...bytes.count {
            #expect(throws: WireError.protocolVersion(theirs: 2, ours: 1)) {
                try HandshakeTests.decode(Array(bytes[..<length]) + [1, 2, 3])
            }
        }
    }

    @Test("other clusters, wrong targets, strangers and doubles are refused, peers are not")
    func refusals() {
        let hello = HandshakeTests.hello
        let other = [UInt8](2...17)
        func reason(by node: UInt64, cluster: [UInt8] = HandshakeTests.cluster, peers: [UInt64]) -> Refusal.Reason? {
            hello.refusal(by: NodeID(node), clusterID: cluster, isPeer: { peers.contains($0.rawValue) })?.reason
        }
        #expect(reason(by: 2, peers: [1, 3]) == nil)
        #expect(reason(by: 2, cluster: other, peers: [1, 3]) == .otherCluster)
        #expect(reason(by: 3, peers: [1, 2]) == .otherNode)
        #expect(reason(by: 2, peers: [3]) == .unknownNode)
        let double = Hello(clusterID: HandshakeTests.cluster, from: NodeID(2), to: NodeID(2))
        let answer = double.refusal(by: NodeID(2), clusterID: HandshakeTests.cluster, isPeer: { _ in true })
        #expect(answer?.reason == .ownID)
    }
}
