/// Per mutant: where it is looked for, for how long, and which broken promises count as having found it.
///
/// Owns: the table. Must never: accept a failure that does not name what the mutant breaks.
#if MUTANTS
import ModelChecker
import RaftCore
import Simulator

struct MutantCase {
    enum Budget: UInt64 {
        /// Simulated minutes, summed over seeds.
        case a = 10
        case b = 120
        case c = 1_200
        var nanoseconds: UInt64 { rawValue * 60_000_000_000 }
    }
    enum Way {
        /// Seeds of these recipes in turn.
        case random([MutantRecipe], Budget)
        /// A scripted scenario, which must fail at once.
        case scenario(String)
        /// The exhaustive check, whatever the seed.
        case explored
    }

    var number: Int
    var way: Way
    /// With the local assertions off, if another.
    var wayWithoutAssertions: Way?
    /// See `MutantProperty.name`.
    var properties: [String]

    var mutant: Mutant? { Mutant.all.first { $0.number == number } }

    func way(assertionsAreOn: Bool) -> Way { assertionsAreOn ? way : wayWithoutAssertions ?? way }

    init(_ number: Int, _ way: Way, withoutAssertions: Way? = nil, _ properties: [String]) {
        self.number = number
        self.way = way
        wayWithoutAssertions = withoutAssertions
        self.properties = properties
    }
}

/// What a finding is about, in few words.
enum MutantProperty {
    static func name(_ finding: String) -> String {
        if let number = finding.firstMatch(of: /invariant (\d+)/) { return "invariant \(number.1)" }
        for words in known where finding.contains(words) { return words }
        return "other"
    }

    /// In the order in which they are looked for.
    private static let known = [
        "the vote of term", "linearizability", "acknowledged write lost", "exactly once", "answer differs from the log",
        "one proposal, two entries", "refused, yet in the log", "failed, yet decided", "real time", "replay",
        "monotonic reads", "read your writes", "monotonic writes", "writes follow reads", "refuses to start",
        "stopped itself", "is no outcome", "no leader in the core", "does not become equal", "became equal and then",
        "is not idle", "still waiting", "terms went", "still leads", "leads on", "messages for", "takes no writes",
        "list ",
    ]

    static let commit = ["invariant 7", "invariant 15", "invariant 16", "invariant 17", "invariant 18"]
    static let vote = ["invariant 1", "invariant 2", "invariant 3", "invariant 9", "the vote of term"]
    static let stale = ["linearizability", "real time", "read your writes", "monotonic reads", "list ", "invariant 10"]
    static let lost = [
        "acknowledged write lost", "invariant 17", "invariant 18", "invariant 16", "invariant 7", "invariant 5",
    ]
    static let once = ["exactly once", "one proposal, two entries", "replay", "list ", "answer differs from the log"]
}
#endif
