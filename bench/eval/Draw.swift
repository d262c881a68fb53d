/// Chance that repeats itself: the same seed gives the same numbers on every system and with every compiler.
///
/// Owns: the number sequence, every way to use it (the standard library may change how it maps bits to ranges), and
/// which words of a table may be drawn. Must never: ask the system for randomness, or depend on the order of hash
/// tables.

/// SplitMix64: small, fast, and good enough to shuffle words.
struct SeededRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A whole number of the range; the bias of the multiplication is below 2^-40 for ranges this small.
    mutating func integer(_ range: ClosedRange<Int>) -> Int {
        let span = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next().multipliedFullWidth(by: span).high)
    }

    /// From 0 up to but not including 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func chance(_ probability: Double) -> Bool { fraction() < probability }
}

/// Draws from word tables, of which it sees only the part its split allows.
struct Draw: Sendable {
    var random: SeededRandom
    let split: WordSplit

    init(seed: UInt64, split: WordSplit) {
        random = SeededRandom(seed: seed)
        self.split = split
    }

    /// - Precondition: the table has entries.
    mutating func one<Entry>(of table: [Entry]) -> Entry {
        let part = split.part(of: table)
        return part[random.integer(0...(part.count - 1))]
    }

    /// An entry of a list that is not a word table, whatever the split.
    mutating func any<Entry>(of list: [Entry]) -> Entry { list[random.integer(0...(list.count - 1))] }

    /// Different entries in random order; fewer when the table has no more.
    mutating func several<Entry>(_ count: Int, of table: [Entry]) -> [Entry] {
        Array(shuffled(split.part(of: table)).prefix(count))
    }

    mutating func shuffled<Entry>(_ list: [Entry]) -> [Entry] {
        var list = list
        for index in list.indices.reversed() where index > 0 {
            list.swapAt(index, random.integer(0...index))
        }
        return list
    }

    mutating func integer(_ range: ClosedRange<Int>) -> Int { random.integer(range) }
    mutating func chance(_ probability: Double) -> Bool { random.chance(probability) }
    mutating func fraction() -> Double { random.fraction() }
}

/// Which words a set may use. A ranking that was tuned on one half can be judged on words it never saw.
enum WordSplit: String, Sendable, CaseIterable {
    case all
    case development
    case heldOut = "held-out"

    /// Tables smaller than this are never divided: half of them would be no variety at all.
    static let divisibleMin = 8

    /// The part of a table that this split may use.
    func part<Entry>(of table: [Entry]) -> [Entry] {
        guard table.count >= WordSplit.divisibleMin, self != .all else { return table }
        let wanted = self == .development ? 0 : 1
        return table.indices.filter { $0 % 2 == wanted }.map { table[$0] }
    }
}

enum Words {
    /// A table written as text: entries separated by commas, lines and blanks around them ignored.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { entry in
            entry.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }.filter { !$0.isEmpty }
    }
}
