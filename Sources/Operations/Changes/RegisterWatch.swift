/// One register that is counted up without pause and read through every node, to see whether a read is ever too old.
///
/// Owns: what every read must lie between. One writer counts, so a linearizable read that begins after value n was
/// acknowledged, or after another read has returned n, returns n or more, and never more than was begun by its end
/// (Herlihy and Wing, 1990). Must never: retry a read that gave a wrong answer.
import Client
import JSON
import Synchronization

final class RegisterWatch: Sendable {
    private struct State {
        var attempted: UInt64 = 0
        /// The highest value that was acknowledged, or returned by a read that has ended.
        var known: UInt64 = 0
        var reads = 0
        var longest: Duration = .zero
        var violations: [String] = []
    }
    private static let violationsMax = 100
    private static let target = "/cluster/v1/registers/drill-counter"

    private let state = Mutex(State())
    private let endpoints: [Endpoint]
    private let nodes: NodeRota

    init(endpoints: [Endpoint], nodes: NodeRota) {
        self.endpoints = endpoints
        self.nodes = nodes
    }

    var reads: Int { state.withLock { $0.reads } }
    var writes: UInt64 { state.withLock { $0.attempted } }
    var violations: [String] { state.withLock { $0.violations } }
    /// The longest read since this was last asked.
    func takeLongest() -> Duration {
        state.withLock { state in
            defer { state.longest = .zero }
            return state.longest
        }
    }

    /// Counts up until told to stop.
    func write(until stop: StopFlag) async {
        let client = client()
        while !stop.isSet, !Task.isCancelled {
            let value = state.withLock { state in
                state.attempted += 1
                return state.attempted
            }
            let request = APIRequest(
                method: "PUT", target: Self.target, body: Array("\(value)".utf8),
                idempotencyKey: IdempotencyKey.random())
            do throws(ClientError) {
                let answer = try await client.send(request, first: nodes.place(Int(clamping: value)))
                guard answer.response.status == 200 else {
                    violate("WRITE REFUSED: value \(value): \(answer.response.status) \(answer.response.bodyText)")
                    return
                }
                state.withLock { $0.known = max($0.known, value) }
            } catch {
                if !stop.isSet, !Task.isCancelled { violate("WRITE FAILED: value \(value): \(error)") }
                return
            }
        }
    }

    /// Reads until told to stop.
    func read(_ number: Int, until stop: StopFlag) async {
        let client = client()
        var turn = number
        while !stop.isSet, !Task.isCancelled {
            turn += 1
            await readOnce(client, place: nodes.place(turn), stop)
        }
    }

    private func readOnce(_ client: MemoryClient, place: Int, _ stop: StopFlag) async {
        let begun = ContinuousClock().now
        let lowest = state.withLock { $0.known }
        let request = APIRequest(
            method: "GET", target: Self.target,
            headers: [APIRequest.Header("X-Consistency", Consistency.linearizable.rawValue)])
        do throws(ClientError) {
            let answer = try await client.send(request, first: place)
            let found: UInt64? = answer.response.status == 404 ? 0 : UInt64(answer.response.bodyText)
            let took = ContinuousClock().now - begun
            let complaint = state.withLock { state -> String? in
                state.reads += 1
                state.longest = max(state.longest, took)
                guard let found, answer.response.status == 200 || answer.response.status == 404 else {
                    return "READ REFUSED: \(answer.response.status) \(answer.response.bodyText)"
                }
                let highest = state.attempted
                state.known = max(state.known, found)
                if found < lowest {
                    return "STALE READ: \(found) through \(answer.endpoint), \(lowest) was known before"
                }
                return found > highest ? "READ OF THE FUTURE: \(found), only \(highest) was begun" : nil
            }
            if let complaint { violate(complaint) }
        } catch {
            // A client that is told to end in the middle of a read has not seen it fail.
            if !stop.isSet, !Task.isCancelled { violate("READ FAILED: \(error)") }
        }
    }

    private func violate(_ text: String) {
        state.withLock { if $0.violations.count < Self.violationsMax { $0.violations.append(text) } }
    }

    private func client() -> MemoryClient {
        MemoryClient(
            endpoints: endpoints,
            options: ClientOptions(
                agentID: "mneme-drill", attemptTimeoutMilliseconds: 5_000, callTimeoutMilliseconds: 30_000,
                roundPauseMilliseconds: 10, givesUpWhenNobodyListens: false))
    }
}

/// The nodes that take part at the moment, as places in the layout; load goes through all of them in turn.
final class NodeRota: Sendable {
    private let places: Mutex<[Int]>

    /// - Parameter places: not empty.
    init(_ places: [Int]) {
        precondition(!places.isEmpty, "somebody has to take the load")
        self.places = Mutex(places)
    }

    var current: [Int] { places.withLock { $0 } }
    func place(_ turn: Int) -> Int { places.withLock { $0[turn % $0.count] } }
    func add(_ place: Int) { places.withLock { $0.append(place) } }
    /// The last one stays.
    func remove(_ place: Int) {
        places.withLock { places in
            if places.count > 1 { places.removeAll { $0 == place } }
        }
    }
}
