import Raft

/// How a run ended, as the exit code of a process tells it.
public enum RunClass: Int32, Sendable, Comparable {
    case clean = 0
    /// So many copies were destroyed on purpose that nothing could have saved the data: no finding.
    case unrecoverable = 3
    /// The process ended itself: a broken invariant.
    case crash = 127
    /// Nothing wrong was seen, but the cluster does not get on although it could.
    case liveness = 128
    /// Something was lost, doubled, stale or contradictory.
    case correctness = 129

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var word: String { "\(self)" }
}

/// What a run showed.
public struct RunOutcome: Sendable {
    public var seed: UInt64
    public var profile: Profile
    public var runClass: RunClass = .clean
    public var findings: [String] = []
    public var eventHash: UInt64 = 0
    public var events = 0
    public var virtualNanoseconds: UInt64 = 0
    /// When the safety phase was over.
    public var safetyEndNanoseconds: UInt64 = 0
    public var answered = 0
    public var leaders = 0
    public var messages = 0
    public var triggeredCrashes = 0
    /// Questions that the checkers could not decide within their bounds.
    public var undecided = 0
    public var counters = Counters()

    public init(seed: UInt64, profile: Profile) {
        self.seed = seed
        self.profile = profile
    }
}

/// How often each fault struck and each rare thing happened.
public struct Counters: Sendable {
    public var faults = [Int](repeating: 0, count: FaultKind.allCases.count)
    public var probes = [Int](repeating: 0, count: Probe.allCases.count)

    public init() {}

    mutating func count(_ kind: FaultKind) {
        guard let place = FaultKind.allCases.firstIndex(of: kind) else { return }
        faults[place] += 1
    }
    public mutating func count(_ probe: Probe) { probes[Int(probe.rawValue)] += 1 }

    public mutating func add(_ other: Counters) {
        for place in faults.indices { faults[place] += other.faults[place] }
        for place in probes.indices { probes[place] += other.probes[place] }
    }
}
