/// The bytes of commands and outcomes.
import Testing

@testable import StateMachine

@Suite struct CodecTests {
    static let memory = Memory(
        id: "a", tier: .long, namespace: "n", title: "t", content: "c\u{1F600}", tags: ["x", ""], priority: -3,
        confidence: 0.25,
        source: "api", accessCount: 1_000_000, createdAt: time(0), updatedAt: time(1), lastAccessedAt: time(2),
        expiresAt: nil,
        metadata: #"{"a":1}"#, version: .max)

    static let commands: [CommandEnvelope] = [
        envelope(.store(storing("a", tags: ["x", "ü"], expiresAt: "2030-01-01T00:00:00Z")), key: "k"),
        envelope(.storeBatch([])), envelope(.storeBatch([storing("a"), storing("b", tier: .short)]), at: -5),
        envelope(.update(UpdateCommand(id: "a", at: time(0)))),
        envelope(
            .update(
                UpdateCommand(
                    id: "a", title: "t", content: "c", tier: .long, namespace: "n", tags: ["y"], priority: .min,
                    confidence: -0.5,
                    expiresAt: "", metadata: "{}", at: time(0), expectedVersion: .max))),
        envelope(.delete(DeleteCommand(id: "a"))), envelope(.delete(DeleteCommand(id: "a", expectedVersion: 0))),
        envelope(.touch(touching(["a", "b", "a"], at: 3, short: -1, mid: .max))),
        envelope(.setRegister(SetRegisterCommand(key: "k", value: [], expectedVersion: 0)), key: "key"),
        envelope(.setRegister(SetRegisterCommand(key: "k", value: [UInt8](repeating: 7, count: 65_536)))),
    ]

    static let outcomes: [Outcome] = [
        .none, .stored(id: "a", version: 1, created: true), .storedBatch([]),
        .storedBatch([.stored(id: "a", version: 1, created: false), .idTaken(id: "b")]), .updated(memory),
        .deleted(id: "a"),
        .touched(count: 12), .registerSet(version: 9), .notFound, .versionConflict(current: memory),
        .registerConflict(version: 0, value: [1, 2]), .titleTaken(title: "t", namespace: "n", ownerID: "o"),
        .idTaken(id: "i"),
        .idempotencyMismatch,
    ]

    @Test func `every command and outcome survives its bytes`() throws {
        for command in CodecTests.commands { #expect(try CommandCodec.decode(CommandCodec.encode(command)) == command) }
        for outcome in CodecTests.outcomes { #expect(try OutcomeCodec.decode(OutcomeCodec.encode(outcome)) == outcome) }
    }

    @Test func `the bytes of version 1 are what they were`() {
        let bytes = CommandCodec.encode(
            CommandEnvelope(
                timeNanoseconds: 258,
                idempotency: Idempotency(key: "k", requestDigest: [UInt8](repeating: 9, count: 32)),
                command: .delete(DeleteCommand(id: "ab", expectedVersion: 300))))
        let digest = [UInt8](repeating: 9, count: 32)
        #expect(bytes == [1, 2, 1, 0, 0, 0, 0, 0, 0, 1, 1, 107, 32] + digest + [4, 2, 97, 98, 1, 0xAC, 2])
    }

    @Test func `every cut of every command is refused`() {
        for command in CodecTests.commands.dropLast() {
            let bytes = CommandCodec.encode(command)
            for length in bytes.indices {
                #expect(throws: CodecError.self) { try CommandCodec.decode(Array(bytes[..<length])) }
            }
            #expect(throws: CodecError.self) { try CommandCodec.decode(bytes + [0]) }
        }
    }

    @Test func `limits are checked before anything is allocated`() {
        // A text of 2^62 bytes, and a batch of a million, in a handful of bytes.
        let head: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F]
        for kind in [1, 3, 4, 6] as [UInt8] {
            #expect(throws: CodecError.self) { try CommandCodec.decode(head + [kind] + huge) }
        }
        #expect(throws: CodecError.self) { try CommandCodec.decode(head + [2, 0xC0, 0x84, 0x3D]) }
        #expect(throws: CodecError.self) { try OutcomeCodec.decode([1, 2, 1, 2, 1, 2, 1, 2, 1]) }
    }

    @Test func `what no node could apply is refused before it is proposed`() {
        var nan = storing("a")
        nan.confidence = .nan
        let bad: [CommandEnvelope] = [
            envelope(.store(nan)), envelope(.setRegister(SetRegisterCommand(key: "", value: []))),
            envelope(.setRegister(SetRegisterCommand(key: "k", value: [UInt8](repeating: 0, count: 65_537)))),
            envelope(.setRegister(SetRegisterCommand(key: String(repeating: "k", count: 513), value: []))),
            envelope(.delete(DeleteCommand(id: "a")), key: ""),
            envelope(.delete(DeleteCommand(id: "a")), key: String(repeating: "k", count: 129)),
            envelope(.storeBatch(Array(repeating: storing("a"), count: 1_001))),
        ]
        for command in bad { #expect(throws: CodecError.self) { try CommandCodec.check(command) } }
    }

    @Test func `a hundred thousand damaged inputs are decoded to their own bytes or refused`() throws {
        var random = SeededGenerator(state: 2026)
        let commands = CodecTests.commands.dropLast().map { CommandCodec.encode($0) }
        let outcomes = CodecTests.outcomes.map { OutcomeCodec.encode($0) }
        var accepted = 0
        for round in 0..<50_000 {
            let isRandom = round % 10 == 0
            var command = isRandom ? [1] : commands[Int.random(in: commands.indices, using: &random)]
            var outcome = isRandom ? [1] : outcomes[Int.random(in: outcomes.indices, using: &random)]
            if isRandom {
                for _ in 0..<Int.random(in: 0..<24, using: &random) {
                    command.append(UInt8.random(in: 0...255, using: &random))
                    outcome.append(UInt8.random(in: 0...20, using: &random))
                }
            } else {
                CodecTests.damage(&command, &random)
                CodecTests.damage(&outcome, &random)
            }
            // What is accepted has exactly one encoding, so that equal commands are equal bytes.
            if let decoded = CodecTests.orNil({ () throws(CodecError) in try CommandCodec.decode(command) }) {
                accepted += 1
                #expect(CommandCodec.encode(decoded) == command)
            }
            if let decoded = CodecTests.orNil({ () throws(CodecError) in try OutcomeCodec.decode(outcome) }) {
                accepted += 1
                #expect(OutcomeCodec.encode(decoded) == outcome)
            }
        }
        #expect(accepted > 100 && accepted < 90_000)
    }

    private static func orNil<R>(_ body: () throws(CodecError) -> R) -> R? {
        do { return try body() } catch { return nil }
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let position = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.remove(at: position)
        default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
        }
    }
}
