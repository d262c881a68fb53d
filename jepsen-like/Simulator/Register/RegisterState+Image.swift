import Checkers
import Raft

/// The register machine's state as one run of bytes, for snapshots.
///
/// Owns: the layout, all numbers UInt64 or UInt32 little-endian in the order of `image()`. Must never: leave out what apply
/// depends on, or accept bytes it would not itself have written.
extension RegisterState {
    func image() -> [UInt8] {
        var writer = ImageWriter()
        writer.word(position.index.rawValue)
        writer.word(position.term.rawValue)
        writer.word(digest.value)
        writer.word(UInt64(bitPattern: logTimeNanoseconds))
        writer.word(configuration?.index.rawValue ?? 0)
        writer.block(configuration?.bytes ?? [])
        writer.half(UInt32(keys.count))
        for key in keys {
            writer.half(key.number)
            writer.half(key.value)
            writer.half(UInt32(key.list.count))
            for element in key.list { writer.half(element) }
        }
        let kept = Mutant.snapshotLosesSessions ? [] : sessions
        writer.half(UInt32(kept.count))
        for session in kept {
            writer.word(session.name)
            writer.half(session.client)
            writer.half(session.highestSequence)
            writer.word(session.lastUsedIndex)
            writer.word(UInt64(bitPattern: session.lastUsedAtNanoseconds))
            writer.half(UInt32(session.kept.count))
            for outcome in session.kept {
                writer.half(outcome.sequence)
                writer.half(UInt32(outcome.outcome.status.rawValue))
                writer.word(outcome.outcome.index)
                writer.half(outcome.outcome.value)
            }
        }
        return writer.bytes
    }

    /// nil when the bytes are no image of a machine with these limits.
    static func decode(_ image: [UInt8], limits: RegisterLimits) -> RegisterState? {
        var reader = ImageReader(bytes: image)
        var state = RegisterState(limits: limits)
        guard let index = reader.word(), let term = reader.word(), let digest = reader.word(),
            let time = reader.word(), let configurationIndex = reader.word(), let configuration = reader.block(),
            reader.half() == UInt32(limits.slots)
        else { return nil }
        state.position = LogPosition(index: LogIndex(index), term: Term(term))
        state.digest = WordDigest(value: digest)
        state.logTimeNanoseconds = Int64(bitPattern: time)
        if configurationIndex > 0 {
            state.configuration = AppliedConfiguration(index: LogIndex(configurationIndex), bytes: configuration)
        }
        for slot in 0..<limits.slots {
            guard let number = reader.half(), let value = reader.half(), let count = reader.half(),
                count <= limits.listLengthMax, Int(number) % limits.slots == slot
            else { return nil }
            var key = Key(number: number, value: value)
            for _ in 0..<count {
                guard let element = reader.half() else { return nil }
                key.list.append(element)
            }
            state.keys[slot] = key
        }
        guard let count = reader.half(), count <= limits.sessionsMax else { return nil }
        for _ in 0..<count {
            guard let session = session(&reader, limits) else { return nil }
            state.sessions.append(session)
        }
        return reader.isAtEnd ? state : nil
    }

    private static func session(_ reader: inout ImageReader, _ limits: RegisterLimits) -> Session? {
        guard let name = reader.word(), let client = reader.half(), let sequence = reader.half(),
            let usedIndex = reader.word(), let usedAt = reader.word(), let count = reader.half(),
            count <= limits.outcomesPerSession
        else { return nil }
        var session = Session(
            name: name, client: client, highestSequence: sequence, lastUsedIndex: usedIndex,
            lastUsedAtNanoseconds: Int64(bitPattern: usedAt))
        for _ in 0..<count {
            guard let sequence = reader.half(), let raw = reader.half(), let index = reader.word(),
                let value = reader.half(), let status = Outcome.Status(rawValue: UInt8(truncatingIfNeeded: raw))
            else { return nil }
            session.kept.append(
                Kept(sequence: sequence, outcome: Outcome(status: status, index: index, value: value)))
        }
        return session
    }
}

private struct ImageWriter {
    var bytes: [UInt8] = []
    mutating func word(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    mutating func half(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
    mutating func block(_ block: [UInt8]) {
        half(UInt32(block.count))
        bytes += block
    }
}

private struct ImageReader {
    let bytes: [UInt8]
    var offset = 0
    var isAtEnd: Bool { offset == bytes.count }

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func word() -> UInt64? {
        guard offset + 8 <= bytes.count else { return nil }
        defer { offset += 8 }
        return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }
    mutating func half() -> UInt32? {
        guard offset + 4 <= bytes.count else { return nil }
        defer { offset += 4 }
        return bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
    mutating func block() -> [UInt8]? {
        guard let count = half(), offset + Int(count) <= bytes.count else { return nil }
        defer { offset += Int(count) }
        return Array(bytes[offset..<offset + Int(count)])
    }
}
