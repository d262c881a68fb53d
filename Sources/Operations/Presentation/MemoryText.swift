/// Memories as lines of text, in the shapes that existing scripts read.
///
/// Owns: the line formats of the compatible command line. Must never: colour anything but recall, or anything that is
/// not a terminal.
import Client
import JSON

public struct MemoryText: Sendable {
    private static let recallContentCharactersMax = 200

    /// Seconds since 1970, for ages.
    public let now: Int64
    public let usesColor: Bool

    public init(now: Int64, usesColor: Bool) {
        self.now = now
        self.usesColor = usesColor
    }

    /// One line of `list` and `search`.
    public func line(_ memory: MemoryRecord) -> String {
        "[\(memory.tier)/\(MemoryText.shortID(memory.id))] \(memory.title) "
            + "(p=\(memory.priority), ns=\(memory.namespace), \(age(memory.updatedAt)))"
    }

    /// The two lines of a recall hit.
    public func recallLines(_ memory: MemoryRecord) -> String {
        let tier = color(memory.tier, code: MemoryText.tierColors[memory.tier])
        var facts = "ns=\(color(memory.namespace, code: 96)), \(memory.accessCount)x, \(age(memory.updatedAt))"
        if memory.confidence < 1 {
            let percent = Int((memory.confidence * 100).rounded())
            facts += " conf=\(percent)%"
        }
        let score = Console.fixed(memory.score ?? 0, decimals: 2)
        let content = memory.content.prefix(MemoryText.recallContentCharactersMax)
        return "[\(tier)/\(color(MemoryText.shortID(memory.id), code: 2))] \(color(memory.title, code: 1)) "
            + "\(bar(memory.priority)) score=\(score) (\(facts))\n  \(content)"
    }

    private static let tierColors = ["short": 91, "mid": 93, "long": 92]

    private func bar(_ priority: Int) -> String {
        let filled = min(10, max(1, priority))
        let cells = String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled)
        return color(cells, code: priority >= 8 ? 92 : priority >= 5 ? 93 : 91)
    }

    private func color(_ text: String, code: Int?) -> String {
        guard usesColor, let code else { return text }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }

    private func age(_ timestamp: String) -> String {
        guard let then = Timestamp.seconds(timestamp) else { return timestamp }
        let seconds = max(0, now - then)
        if seconds < 60 { return "just now" }
        if seconds < 3600 { return "\(seconds / 60)m ago" }
        if seconds < 86_400 { return "\(seconds / 3600)h ago" }
        let days = seconds / 86_400
        return days < 30 ? "\(days)d ago" : "\(days / 30)mo ago"
    }

    /// The first 8 bytes of an id, never half a character.
    public static func shortID(_ id: String) -> String {
        var text = ""
        for character in id {
            guard text.utf8.count + character.utf8.count <= 8 else { break }
            text.append(character)
        }
        return text
    }
}

/// RFC 3339 to seconds since 1970.
enum Timestamp {
    /// - Returns: nil for anything that is not such a timestamp. Fractions are dropped.
    static func seconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[13] == 0x3a, bytes[16] == 0x3a,
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]),
            let second = number(bytes[17..<19]), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var zone = bytes[19...]
        if zone.first == 0x2e { zone = zone.dropFirst().drop { $0 >= 0x30 && $0 <= 0x39 } }
        guard let offset = offsetSeconds(Array(zone)) else { return nil }
        let time = hour * 3600 + minute * 60 + second
        return daysSince1970(year: year, month: month, day: day) * 86_400 + time - offset
    }

    private static func offsetSeconds(_ zone: [UInt8]) -> Int64? {
        if zone == [UInt8(ascii: "Z")] || zone == [UInt8(ascii: "z")] { return 0 }
        guard zone.count == 6, zone[3] == 0x3a, zone[0] == UInt8(ascii: "+") || zone[0] == UInt8(ascii: "-"),
            let hours = number(zone[1..<3]), let minutes = number(zone[4..<6])
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return zone[0] == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }

    /// Proleptic Gregorian days; years begin in March so that the leap day comes last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
