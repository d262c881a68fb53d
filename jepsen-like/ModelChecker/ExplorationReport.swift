/// What an exploration found, and the proof that it went anywhere at all.

import RaftCore

/// The furthest that any state of an exploration got. A setting whose bounds cut everything interesting off shows here.
public struct ExplorationCoverage: Hashable, Sendable {
    public var committedMax = 0
    /// Terms that had a leader in one and the same behaviour.
    public var leadersMax = 0
    public var jointSeen = false
    public var votersMin = Int.max
    public var votersMax = 0
    public var readsAnswered = false
    /// States whose messages did not all fit, so that every choice of which to lose was followed.
    public var overflows = 0

    mutating func note(_ history: History) {
        committedMax = max(committedMax, history.committed.count)
        var leaders = 0
        for leader in history.leaders where leader != nil { leaders += 1 }
        leadersMax = max(leadersMax, leaders)
        if history.readFloors.contains(nil) { readsAnswered = true }
    }

    mutating func note(_ facts: NodeFacts) {
        guard facts.role == .leader else { return }
        if facts.configuration.isJoint { jointSeen = true }
        votersMin = min(votersMin, facts.configuration.voters.count)
        votersMax = max(votersMax, facts.configuration.voters.count)
    }
}

public struct ExplorationReport: Sendable {
    public var setting: ModelSetting
    /// Distinct states, counting those that differ only by a renaming of interchangeable nodes once.
    public var states: Int
    public var transitions: Int
    /// Events of the longest shortest way to a state; with a violation, of the way to it.
    public var depth: Int
    public var nodeStates: Int
    public var messages: Int
    public var histories: Int
    /// Every reachable state within the bounds was seen and kept every promise.
    public var isComplete: Bool
    public var time: Duration
    public var coverage: ExplorationCoverage
    public var violation: Violation?
    /// The shortest way to the violation, one event a line.
    public var trace: [String]

    public var secondsTaken: Double {
        Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    }

    public var lines: [String] {
        let tenths = Int(secondsTaken * 10)
        var result = [
            "\(setting.name): \(states) states, \(transitions) transitions, depth \(depth), \(tenths / 10).\(tenths % 10) s",
            "  \(nodeStates) node states, \(messages) messages, \(histories) histories; up to "
                + "\(coverage.leadersMax) leaders and \(coverage.committedMax) committed entries in one behaviour",
        ]
        if !setting.changes.isEmpty {
            result.append(
                "  leaders with \(coverage.votersMin) to \(coverage.votersMax) voters"
                    + (coverage.jointSeen ? ", joint configurations among them" : ", never a joint configuration"))
        }
        if let violation {
            result.append("  VIOLATION of \(violation)")
            result.append(contentsOf: trace.map { "  \($0)" })
        } else {
            result.append(
                isComplete ? "  complete, no violation" : "  NOT complete: stopped at \(setting.statesMax) states")
        }
        return result
    }
}
