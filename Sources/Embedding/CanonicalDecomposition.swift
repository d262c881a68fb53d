import Foundation

/// Unicode's canonical decomposition of one character (the character-wise part of NFD).
///
/// Owns: the table, made once per process. Must never: be applied to a whole text at once: the tokeniser reads a text
/// character by character and stops early, so a hostile text costs no more than what is read of it.
struct CanonicalDecomposition: Sendable {
    static let shared = CanonicalDecomposition()

    private var parts: [UInt32: [Unicode.Scalar]] = [:]

    /// Blocks in which Unicode has put characters with a decomposition. Hangul is computed instead.
    private static let blocks: [ClosedRange<UInt32>] = [
        0xc0...0x33ff, 0xf900...0xffff, 0x10500...0x11fff, 0x16100...0x16fff, 0x1d100...0x1d2ff, 0x2f800...0x2fa1f,
    ]

    /// Foundation decomposes whole strings only, so all characters go through it in one string, a line for each.
    private init() {
        let scalars = CanonicalDecomposition.blocks.joined().compactMap(Unicode.Scalar.init)
        var lines = String.UnicodeScalarView()
        for scalar in scalars {
            lines.append(scalar)
            lines.append("\n")
        }
        let decomposed = String(lines).decomposedStringWithCanonicalMapping.unicodeScalars.split(separator: "\n")
        for (scalar, line) in zip(scalars, decomposed) where line.count != 1 || line.first != scalar {
            parts[scalar.value] = Array(line)
        }
    }

    /// Calls `body` with every part, which is the character itself where it has no decomposition.
    @inline(__always)
    func forEachPart(of scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        let value = scalar.value
        if value < 0xc0 { return body(scalar) }
        if (0xac00...0xd7a3).contains(value) { return hangul(value - 0xac00, body) }
        guard let parts = parts[value] else { return body(scalar) }
        for part in parts { body(part) }
    }

    /// Unicode 3.12: a syllable is a lead, a vowel and perhaps a tail.
    private func hangul(_ syllable: UInt32, _ body: (Unicode.Scalar) -> Void) {
        let tail = syllable % 28
        let jamo = [0x1100 + syllable / 588, 0x1161 + syllable % 588 / 28] + (tail == 0 ? [] : [0x11a7 + tail])
        for value in jamo {
            if let scalar = Unicode.Scalar(value) { body(scalar) }
        }
    }
}
