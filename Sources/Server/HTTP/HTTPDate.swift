/// The `Date` header (RFC 9110, section 5.6.7), made anew once a second.
///
/// Owns: the format and its cache. Must never: use a locale.
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class HTTPDateCache: Sendable {
    private struct Entry {
        var second: Int
        var text: String
    }
    private let entry = Mutex(Entry(second: .min, text: ""))

    func text() -> String {
        let now = time(nil)
        return entry.withLock { entry in
            if entry.second != now { entry = Entry(second: now, text: HTTPDateCache.text(secondsSinceEpoch: now)) }
            return entry.text
        }
    }

    static func text(secondsSinceEpoch seconds: Int) -> String {
        var instant: time_t = seconds
        var parts = tm()
        gmtime_r(&instant, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        let day = "\(days[Int(parts.tm_wday)]), \(twoDigits(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        return "\(day) \(Int(parts.tm_year) + 1900) \(clock) GMT"
    }

    private static func twoDigits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
