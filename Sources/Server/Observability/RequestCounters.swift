/// How often each route was asked, how it answered, and how long that took.
///
/// Owns: the counters. Must never: grow with traffic; there is one row per route, whatever clients send.
import Synchronization

final class RequestCounters: Sendable {
    /// Upper bounds of the histogram, seconds.
    static let bounds: [Double] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    private struct Row {
        /// Answers by first digit of the status, 1xx at index 0.
        var byClass: [UInt64] = Array(repeating: 0, count: 5)
        var buckets: [UInt64] = Array(repeating: 0, count: RequestCounters.bounds.count)
        var seconds: Double = 0
        var count: UInt64 = 0
    }
    private struct State {
        var rows: [Row]
        var unrouted: UInt64 = 0
        var similarTitlesFailures: UInt64 = 0
    }

    private let labels: [String]
    private let state: Mutex<State>

    /// - Parameter labels: one per route, in the order of the indexes given to `count`.
    init(labels: [String]) {
        self.labels = labels
        state = Mutex(State(rows: Array(repeating: Row(), count: labels.count)))
    }

    func count(route index: Int, status: Int, duration: Duration) {
        let parts = duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
        let bucket = RequestCounters.bounds.firstIndex { seconds <= $0 }
        state.withLock { state in
            state.rows[index].count += 1
            state.rows[index].seconds += seconds
            state.rows[index].byClass[min(max(status / 100, 1), 5) - 1] += 1
            if let bucket { state.rows[index].buckets[bucket] += 1 }
        }
    }

    func countUnrouted() { state.withLock { $0.unrouted += 1 } }
    func countSimilarTitlesFailure() { state.withLock { $0.similarTitlesFailures += 1 } }

    /// Routes never asked are left out.
    func write(to text: inout PrometheusText) {
        let (rows, unrouted, failures) = state.withLock { ($0.rows, $0.unrouted, $0.similarTitlesFailures) }
        let duration = "mneme_http_request_seconds"
        text.family(duration, .histogram, "Time from a parsed request to its answer.")
        for (label, row) in zip(labels, rows) where row.count > 0 {
            var cumulative: UInt64 = 0
            for (bound, count) in zip(RequestCounters.bounds, row.buckets) {
                cumulative += count
                text.sample("\(duration)_bucket", labels: [("route", label), ("le", bound.description)], cumulative)
            }
            text.sample("\(duration)_bucket", labels: [("route", label), ("le", "+Inf")], row.count)
            text.sample("\(duration)_sum", labels: [("route", label)], row.seconds)
            text.sample("\(duration)_count", labels: [("route", label)], row.count)
        }
        text.family("mneme_http_requests_total", .counter, "Answers by route and class of status.")
        for (label, row) in zip(labels, rows) {
            for (index, count) in row.byClass.enumerated() where count > 0 {
                text.sample(
                    "mneme_http_requests_total", labels: [("route", label), ("status", "\(index + 1)xx")], count)
            }
        }
        text.family("mneme_http_unrouted_total", .counter, "Requests for an unknown path or method.")
        text.sample("mneme_http_unrouted_total", unrouted)
        text.family("mneme_similar_titles_failures_total", .counter, "Contradiction hints lost to a failed lookup.")
        text.sample("mneme_similar_titles_failures_total", failures)
    }
}
