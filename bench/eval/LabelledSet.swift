/// What a labelled set is: memories, questions, and which memories answer which question.
///
/// Owns: those types, their canonical bytes and the hash over them. Must never: know how a set is made or asked.
import JSON

/// What makes a question hard; each kind is reported on its own.
enum QuestionKind: String, Sendable, CaseIterable {
    case lexical
    case paraphrase
    case exactTokens = "exact-tokens"
    case nearDuplicate = "near-duplicate"
    case temporal
    case multiEvidence = "multi-evidence"
    case wordy
    case context
    case inflected
    case typos
}

/// One memory as it is imported.
struct EvalMemory: Sendable {
    var id: String
    var namespace: String
    var title: String
    var content: String
    var tags: [String]
    var tier: String
    var priority: Int
    /// In hundredths, so that no rounding can change the bytes.
    var confidencePercent: Int
    var source: String
    var accessCount: Int
    /// Seconds since 1970.
    var createdAt: Int
    var updatedAt: Int
    var metadata: JSONObject

    var json: JSONObject {
        var object = JSONObject()
        object["id"] = .string(id)
        object["namespace"] = .string(namespace)
        object["title"] = .string(title)
        object["content"] = .string(content)
        object["tags"] = .array(tags.map { .string($0) })
        object["tier"] = .string(tier)
        object["priority"] = .integer(Int64(priority))
        object["confidence"] = .double(Double(confidencePercent) / 100)
        object["source"] = .string(source)
        object["access_count"] = .integer(Int64(accessCount))
        object["created_at"] = .string(CalendarTime.timestamp(createdAt))
        object["updated_at"] = .string(CalendarTime.timestamp(updatedAt))
        if accessCount > 0 { object["last_accessed_at"] = .string(CalendarTime.timestamp(updatedAt)) }
        object["metadata"] = .object(metadata)
        return object
    }

    /// All that a full-text index sees of it.
    var searchableText: String { ([title, content] + tags).joined(separator: " ") }
}

/// One question and the memories that answer it.
struct EvalQuestion: Sendable {
    var kind: QuestionKind
    var text: String
    /// nil asks the whole store.
    var namespace: String?
    /// Ids, at least one.
    var evidence: [String]

    var json: JSONObject {
        var object = JSONObject()
        object["kind"] = .string(kind.rawValue)
        object["question"] = .string(text)
        if let namespace { object["namespace"] = .string(namespace) }
        object["evidence"] = .array(evidence.map { .string($0) })
        return object
    }
}

struct LabelledSet: Sendable {
    /// Oldest first.
    var memories: [EvalMemory]
    var questions: [EvalQuestion]

    /// One JSON document per line: memories, then questions.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for object in memories.map(\.json) + questions.map(\.json) {
            bytes.append(contentsOf: JSONValue.object(object).encoded())
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// FNV-1a over the bytes: says that two sets are the same one, and nothing about secrecy.
    var fingerprint: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash = hash &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    func questions(of kind: QuestionKind) -> [EvalQuestion] { questions.filter { $0.kind == kind } }
}

/// Dates without a time zone or a library that may change its mind.
enum CalendarTime {
    static let secondsPerDay = 86_400

    /// Year, month and day of a number of days since 1970-01-01 (the civil calendar by eras of 400 years).
    static func date(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// RFC 3339 with microseconds, as the server writes its own.
    static func timestamp(_ seconds: Int) -> String {
        let (year, month, day) = date(day: seconds / secondsPerDay)
        let rest = seconds % secondsPerDay
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(year)-\(twoDigits(month))-\(twoDigits(day))T\(clock).000000+00:00"
    }

    /// `2026-04-12`.
    static func isoDate(_ seconds: Int) -> String { String(timestamp(seconds).prefix(10)) }

    /// `April 2026`.
    static func monthName(_ seconds: Int) -> String {
        let (year, month, _) = date(day: seconds / secondsPerDay)
        return "\(Words.months[month - 1]) \(year)"
    }

    static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
