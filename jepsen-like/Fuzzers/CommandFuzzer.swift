import Raft
import StateMachine
import StoreSimulation

/// Bytes of commands and outcomes: cut, turned, spliced, or made up.
///
/// Owns: the mutations. A decoder must refuse with an error or give back a value whose bytes are exactly those it read:
/// anything else could make two nodes read one entry differently. Must never: keep a decoder's allocation small for it.
public struct CommandFuzzer: Fuzzer {
    private var workload: StoreWorkload
    private var known: [[UInt8]] = []

    public init(seed: UInt64) {
        workload = StoreWorkload(seed: seed)
        workload.includesTables = true
        workload.contentWordsMax = 8
        for _ in 0..<400 { known.append(workload.nextBytes()) }
    }

    public mutating func attempt(_ random: inout FuzzRandom) async -> String? {
        let bytes = mutated(&random)
        do throws(CodecError) {
            let envelope = try CommandCodec.decode(bytes)
            if CommandCodec.encode(envelope) != bytes { return "a command reads as one with other bytes: \(bytes)" }
        } catch {
            // Refused, which is fine.
        }
        do throws(CodecError) {
            let outcome = try OutcomeCodec.decode(bytes)
            if OutcomeCodec.encode(outcome) != bytes { return "an outcome reads as one with other bytes: \(bytes)" }
        } catch {
            return nil
        }
        return nil
    }

    private func mutated(_ random: inout FuzzRandom) -> [UInt8] {
        var bytes = random.oneIn(20) ? [] : random.pick(known)
        if random.oneIn(8) { bytes[...] = bytes[..<random.below(bytes.count + 1)] }
        for _ in 0..<1 + random.below(4) {
            switch random.below(6) {
            case 0 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
            case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] = random.pick([0, 1, 0x7F, 0x80, 0xFF])
            case 2 where !bytes.isEmpty: bytes.remove(at: random.below(bytes.count))
            case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: random.below(bytes.count + 1))
            case 4:
                // A length that promises more than there is.
                bytes.insert(
                    contentsOf: [0xFF, 0xFF, 0xFF, 0xFF, UInt8(random.below(128))], at: random.below(bytes.count + 1))
            default:
                let other = random.pick(known)
                let start = random.below(other.count)
                bytes += other[start..<min(other.count, start + random.below(64))]
            }
        }
        return bytes
    }
}
