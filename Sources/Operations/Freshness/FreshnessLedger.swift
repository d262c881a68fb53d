/// What all clients of a freshness drill have seen, and what none of them may see any more.
///
/// Owns: the report while it grows, and the contents that were acknowledged as deleted or replaced. Must never: bury a
/// content before its write was acknowledged: until then it may rightly be found.
import Synchronization

final class FreshnessLedger: Sendable {
    enum Count: Sendable {
        case stores, updates, deletes, others
    }
    private struct State {
        var report = FreshnessReport()
        /// When each content was buried, in the order of the acknowledgements.
        var graves: [String: Int] = [:]
        var burials = 0
    }
    private static let faultsMax = 100
    private static let reasonsMax = 5

    private let state: Mutex<State>
    private let observe: @Sendable (FreshnessRun.Event) -> Void

    init(_ report: FreshnessReport, observe: @escaping @Sendable (FreshnessRun.Event) -> Void) {
        self.observe = observe
        var state = State()
        state.report = report
        self.state = Mutex(state)
    }

    var report: FreshnessReport { state.withLock { $0.report } }

    // MARK: what is gone

    /// How many burials there were: what was buried by now may not be in the answer to a question that is sent later.
    var burials: Int { state.withLock { $0.burials } }

    func bury(_ content: String) {
        state.withLock { state in
            state.burials += 1
            state.graves[content] = state.burials
        }
    }

    /// It may be found again.
    func exhume(_ content: String) { state.withLock { $0.graves[content] = nil } }

    func isBuried(_ content: String, before burials: Int) -> Bool {
        state.withLock { state in state.graves[content].map { $0 <= burials } ?? false }
    }

    // MARK: what happened

    func endRound() {
        let rounds = state.withLock { state in
            state.report.rounds += 1
            return state.report.rounds
        }
        observe(.round(rounds))
    }

    func wrote(_ count: Count, microseconds: Int64) {
        state.withLock { state in
            switch count {
            case .stores:
                state.report.stores += 1
                state.report.storeMicroseconds.append(microseconds)
            case .updates: state.report.updates += 1
            case .deletes: state.report.deletes += 1
            case .others: state.report.others += 1
            }
        }
    }

    func recalled(byMeaning: Bool, microseconds: Int64) {
        state.withLock { state in
            state.report.recalls += 1
            if byMeaning { state.report.byMeaning += 1 }
            state.report.recallMicroseconds.append(microseconds)
        }
    }

    func unknown(_ reason: String) {
        state.withLock { state in
            state.report.unknown += 1
            if state.report.unknownReasons.count < Self.reasonsMax { state.report.unknownReasons.append(reason) }
        }
    }

    func fault(_ kind: FreshnessFault.Kind, _ text: String) {
        state.withLock { state in
            switch kind {
            case .miss: state.report.misses += 1
            case .ghost: state.report.ghosts += 1
            case .wrong: state.report.wrongs += 1
            }
            if state.report.faults.count < Self.faultsMax { state.report.faults.append(text) }
        }
        observe(.fault(text))
    }
}
