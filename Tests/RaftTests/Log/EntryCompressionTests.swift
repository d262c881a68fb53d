/// The envelope and the checksum.

import Testing

@testable import Raft

@Suite("Entry compression")
struct EntryCompressionTests {
    @Test("what goes in comes out, at every size", arguments: [0, 1, 5, 127, 128, 129, 300, 4096, 70_000])
    func roundTrip(count: Int) throws {
        var dice = SplitMix64(seed: UInt64(count))
        let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &dice) }
        let text = (0..<count).map { UInt8(ascii: "a") + UInt8($0 / 7 % 5) }
        for raw in [noise, text] {
            let stored = EntryCompression.compress(raw)
            #expect(try EntryCompression.decompress(stored, rawBytesMax: count) == raw)
            #expect(stored.count <= raw.count + EntryCompression.headerBytes)
        }
    }

    @Test("compressed where it saves an eighth, raw where not")
    func codecChoice() throws {
        var dice = SplitMix64(seed: 1)
        let noise = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &dice) }
        #expect(EntryCompression.compress(noise)[0] == 0)
        #expect(EntryCompression.compress([UInt8](repeating: 7, count: 100))[0] == 0, "too small to try")
        let packed = EntryCompression.compress([UInt8](repeating: 7, count: 1000))
        #expect(packed[0] == 1)
        #expect(packed.count < 50)
    }

    private func failure(_ stored: [UInt8], limit: Int = 1 << 20) -> EntryCompressionError? {
        do throws(EntryCompressionError) {
            _ = try EntryCompression.decompress(stored, rawBytesMax: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test("hostile envelopes are refused before anything is allocated for them")
    func hostile() {
        #expect(failure([]) == .tooShort(bytes: 0))
        #expect(failure([1, 0, 0, 0]) == .tooShort(bytes: 4))
        #expect(failure([2, 0, 0, 0, 0]) == .unknownCodec(2))
        #expect(
            failure([1, 255, 255, 255, 255, 0], limit: 1000) == .tooLarge(rawBytes: 4_294_967_295, rawBytesMax: 1000))
        #expect(failure([1, 0, 0, 16, 0, 31, 65]) == .lengthMismatch(statedBytes: 1_048_576))
        #expect(failure([0, 3, 0, 0, 0, 1, 2]) == .lengthMismatch(statedBytes: 3))
        #expect(failure([0, 1, 0, 0, 0, 1, 2]) == .lengthMismatch(statedBytes: 1))
        #expect(failure([1, 0, 0, 0, 0]) == .lengthMismatch(statedBytes: 0))
    }

    @Test("damaged and random LZ4 blocks give an error or some bytes of the stated length, never more")
    func fuzz() {
        var dice = SplitMix64(seed: 5)
        let good = EntryCompression.compress((0..<600).map { UInt8($0 % 40) })
        for _ in 0..<3000 {
            var stored = good
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                stored[Int.random(in: 5..<stored.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
            }
            if Bool.random(using: &dice) { stored.removeLast(Int.random(in: 0...stored.count - 5, using: &dice)) }
            do throws(EntryCompressionError) {
                #expect(try EntryCompression.decompress(stored, rawBytesMax: 600).count == 600)
            } catch {
                #expect(error == .lengthMismatch(statedBytes: 600))
            }
        }
    }
}

@Suite("Checksum")
struct ChecksumTests {
    @Test("the known answers of RFC 3720 B.4")
    func knownAnswers() {
        #expect(Checksum.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(Checksum.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(Checksum.crc32c((0..<32).map { $0 }) == 0x46DD_794E)
        #expect(Checksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test("the fast path gives what the table gives, at every length and seed")
    func fastIsPortable() {
        var dice = SplitMix64(seed: 3)
        for length in Array(0..<200) + [4095, 4096, 10_001] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &dice) }
            let seed = UInt32.random(in: 0...UInt32.max, using: &dice)
            #expect(Checksum.crc32c(bytes, seed: seed) == Checksum.crc32cPortable(bytes, seed: seed))
        }
    }

    @Test("continuing is the same as going through at once")
    func continues() {
        let bytes: [UInt8] = (0..<100).map { $0 }
        for cut in [0, 1, 50, 100] {
            let first = Checksum.crc32c(Array(bytes[..<cut]))
            #expect(Checksum.crc32c(Array(bytes[cut...]), seed: first) == Checksum.crc32c(bytes))
        }
    }
}
