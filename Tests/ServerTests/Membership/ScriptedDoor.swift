/// A node as `MembershipService` sees it, without one: a configuration that tests set, answers that tests queue, and a
/// clock that moves with every pause.
///
/// Owns: the script. Must never: wait in real time.
import Raft
import Synchronization

@testable import Server

final class ScriptedDoor: MembershipDoor {
    private struct State {
        var facts: MembershipFacts
        var now: UInt64 = 1_000
        var barriers: [ReadResult] = []
        var changes: [ProposalResult] = []
        var proposed: [MembershipChange] = []
        var transfers: [NodeID?] = []
        var pauses = 0
        var onPause: (@Sendable (Int, inout MembershipFacts) -> Void)?
    }
    private let state: Mutex<State>
    /// A pause of the script.
    static let pauseMilliseconds: UInt64 = 20

    init(_ configuration: Configuration, leader: UInt64? = 1, term: UInt64 = 3) {
        state = Mutex(
            State(
                facts: MembershipFacts(
                    configuration: configuration, term: term, leaderID: leader, lastIndex: 100,
                    progress: [MembershipFacts.Progress(id: 2, matchIndex: 90, silentMilliseconds: 40)])))
    }

    // MARK: what tests set and see

    /// Answers in this order; afterwards everything is ready, and changes happen at once.
    func answerBarriers(_ results: [ReadResult]) { state.withLock { $0.barriers = results } }
    func answerChanges(_ results: [ProposalResult]) { state.withLock { $0.changes = results } }
    /// Runs at every pause, with its number from 1.
    func onPause(_ body: @escaping @Sendable (Int, inout MembershipFacts) -> Void) {
        state.withLock { $0.onPause = body }
    }
    func set(_ configuration: Configuration) { state.withLock { $0.facts.configuration = configuration } }
    var configuration: Configuration { state.withLock { $0.facts.configuration } }
    var proposed: [MembershipChange] { state.withLock { $0.proposed } }
    var transfers: [NodeID?] { state.withLock { $0.transfers } }
    var elapsedMilliseconds: UInt64 { state.withLock { $0.now - 1_000 } }

    // MARK: MembershipDoor

    func facts() async -> MembershipFacts { state.withLock { $0.facts } }

    func barrier(timeoutMilliseconds: Int) async -> ReadResult {
        state.withLock { $0.barriers.isEmpty ? .ready(applied: LogIndex(100)) : $0.barriers.removeFirst() }
    }

    func change(_ change: MembershipChange, timeoutMilliseconds: Int) async -> ProposalResult {
        state.withLock { state in
            state.proposed.append(change)
            if !state.changes.isEmpty { return state.changes.removeFirst() }
            do {
                state.facts.configuration = try state.facts.configuration.applying(change)
                return .applied(index: LogIndex(101), outcome: [])
            } catch {
                return .refused(.invalidChange)
            }
        }
    }

    func transfer(to target: NodeID?) { state.withLock { $0.transfers.append(target) } }
    func nowMilliseconds() -> UInt64 { state.withLock { $0.now } }

    func pause() async {
        state.withLock { state in
            state.now += Self.pauseMilliseconds
            state.pauses += 1
            if let body = state.onPause { body(state.pauses, &state.facts) }
        }
    }
}

/// Three voters with addresses.
func threeVoters() -> Configuration {
    let members = (1...3).map { Member(id: NodeID($0), address: "10.0.0.\($0):9177", incarnation: $0) }
    return Configuration(members: members, voters: members.map(\.id))
}
