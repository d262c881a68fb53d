/// RFC 3339 text of an instant and back, in the exact form of v0.6.3: `+00:00`, and 0, 3, 6 or 9 fractional digits.
///
/// Owns: the arithmetic of the proleptic Gregorian calendar. Must never: read a clock or a locale.

public enum Timestamp {
    static let nanosecondsPerSecond: Int64 = 1_000_000_000

    /// The shortest of 0, 3, 6, 9 fractional digits that is exact, offset `+00:00`.
    /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z.
    public static func text(nanoseconds: Int64) -> String {
        let (seconds, fraction) = floorDivided(nanoseconds, by: nanosecondsPerSecond)
        let (days, secondOfDay) = floorDivided(seconds, by: 86_400)
        let date = civil(daysSinceEpoch: days)
        var out: [UInt8] = []
        out.reserveCapacity(35)
        append(date.year, width: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        append(date.month, width: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        append(date.day, width: 2, to: &out)
        out.append(UInt8(ascii: "T"))
        append(secondOfDay / 3_600, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(secondOfDay / 60 % 60, width: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        append(secondOfDay % 60, width: 2, to: &out)
        if fraction != 0 {
            out.append(UInt8(ascii: "."))
            if fraction % 1_000_000 == 0 {
                append(fraction / 1_000_000, width: 3, to: &out)
            } else if fraction % 1_000 == 0 {
                append(fraction / 1_000, width: 6, to: &out)
            } else {
                append(fraction, width: 9, to: &out)
            }
        }
        out.append(contentsOf: "+00:00".utf8)
        return String(decoding: out, as: UTF8.self)
    }

    /// Full date, `T`, `t` or space, `HH:MM:SS[.digits]`, `Z`, `z` or `±HH:MM`. A leap second (`:60`) is the last
    /// nanosecond of its minute's 59th second plus one second. Digits beyond the ninth are cut.
    /// - Returns: nanoseconds since 1970, held at the ends of `Int64` for valid dates outside 1677…2262;
    ///   nil when the text is not RFC 3339.
    public static func parse(_ text: String) -> Int64? {
        var scanner = Scanner(Array(text.utf8))
        guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.takeSeparator(), let hour = scanner.digits(2), scanner.take(":"),
            let minute = scanner.digits(2), scanner.take(":"), let second = scanner.digits(2)
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= dayCount(year: year, month: month), hour <= 23, minute <= 59,
            second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if scanner.take(".") {
            guard let digits = scanner.fraction() else { return nil }
            fraction = digits
        }
        guard let offset = scanner.offsetSeconds(), scanner.isAtEnd else { return nil }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: nanosecondsPerSecond)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(fraction)
        return carried ? .max : sum
    }

    /// Julian day number, as ages are computed from; nil when the text is not RFC 3339.
    public static func julianDay(_ text: String) -> Double? {
        guard let nanoseconds = parse(text) else { return nil }
        return 2_440_587.5 + Double(nanoseconds) / (86_400 * Double(nanosecondsPerSecond))
    }

    /// `nanoseconds + seconds`, held at the ends of `Int64`.
    static func adding(seconds: Int64, to nanoseconds: Int64) -> Int64 {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: nanosecondsPerSecond)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = nanoseconds.addingReportingOverflow(scaled)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    // MARK: calendar

    /// Days from civil and back: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivided(shifted, by: 400).quotient
        let yearOfEra = shifted - era * 400
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let (era, dayOfEra) = floorDivided(shifted, by: 146_097)
        let leapCorrected = dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096
        let yearOfEra = leapCorrected / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }

    private static func dayCount(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func floorDivided(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func append(_ value: Int64, width: Int, to out: inout [UInt8]) {
        let start = out.count
        out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
        var rest = value
        for position in (start..<(start + width)).reversed() {
            out[position] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    private static func value(_ byte: UInt8) -> Int64? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int64(byte - UInt8(ascii: "0")) : nil
    }

    mutating func digits(_ count: Int) -> Int64? {
        guard bytes.count - position >= count else { return nil }
        var result: Int64 = 0
        for _ in 0..<count {
            guard let digit = Scanner.value(bytes[position]) else { return nil }
            result = result * 10 + digit
            position += 1
        }
        return result
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func takeSeparator() -> Bool { take("T") || take("t") || take(" ") }

    /// At least one digit; nanoseconds.
    mutating func fraction() -> Int64? {
        var nanoseconds: Int64 = 0
        var count = 0
        while position < bytes.count, let digit = Scanner.value(bytes[position]) {
            if count < 9 { nanoseconds = nanoseconds * 10 + digit }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { nanoseconds *= 10 }
        return nanoseconds
    }

    mutating func offsetSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = digits(2), take(":"), let minutes = digits(2), hours <= 23, minutes <= 59 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
