/// All mutants and how each is found.
#if MUTANTS
extension MutantCase {
    private typealias Property = MutantProperty

    static let all: [MutantCase] = elections + logs + reads + members + snapshots + disks + metrics

    private static let elections = [
        MutantCase(
            1, .random([.voting], .a), withoutAssertions: .random([.voting], .b),
            Property.vote + ["invariant 16", "invariant 18"]),
        MutantCase(2, .random([.contested], .a), Property.vote + ["invariant 16", "invariant 18"]),
        MutantCase(3, .random([.contested], .a), Property.vote),
        MutantCase(4, .random([.contested], .a), withoutAssertions: .explored, Property.vote),
        MutantCase(5, .random([.divergent, .contested], .a), Property.commit),
        MutantCase(44, .random([.doubled], .b), withoutAssertions: .explored, Property.vote),
    ]

    private static let logs = [
        MutantCase(
            6, .random([.divergent], .a), withoutAssertions: .explored, Property.commit + ["invariant 6"]),
        MutantCase(8, .random([.divergent], .b), Property.commit + ["invariant 4"]),
        MutantCase(9, .random([.divergent, .contested], .a), Property.commit + ["invariant 5", "invariant 9"]),
        MutantCase(
            10, .random([.divergent], .b), withoutAssertions: .explored,
            Property.commit + ["invariant 4", "invariant 3"]),
        MutantCase(11, .random([.divergent], .b), Property.commit + ["invariant 5"]),
        MutantCase(12, .random([.restarting], .a), Property.lost + ["invariant 9"]),
        MutantCase(13, .random([.isolated, .contested], .a), Property.lost + Property.once + Property.stale),
        MutantCase(14, .random([.restarting], .b), Property.lost + ["invariant 9"]),
        MutantCase(49, .random([.isolated, .contested], .a), Property.once),
        MutantCase(53, .explored, Property.lost + ["invariant 9", "invariant 15"]),
    ]

    private static let reads = [
        MutantCase(7, .random([.isolated, .contested], .a), Property.stale),
        MutantCase(15, .random([.isolated], .a), Property.stale),
        MutantCase(16, .random([.companion], .a), Property.stale),
        MutantCase(17, .explored, Property.stale),
        MutantCase(18, .scenario("late-lease"), Property.stale + ["invariant 21"]),
        MutantCase(19, .random([.isolated, .contested], .a), Property.stale),
        MutantCase(50, .scenario("lease-in-transfer"), Property.stale + ["invariant 21"]),
        MutantCase(57, .explored, Property.stale),
    ]

    private static let members = [
        MutantCase(22, .explored, Property.commit + ["invariant 1", "invariant 11"]),
        MutantCase(23, .random([.joint], .a), Property.commit + ["invariant 1", "invariant 11"]),
        MutantCase(24, .random([.joint], .b), Property.commit + ["invariant 1", "invariant 11", "invariant 12"]),
        MutantCase(51, .random([.joint, .member], .b), Property.commit + Property.vote),
        MutantCase(52, .explored, Property.commit + ["invariant 1", "invariant 11"]),
        MutantCase(
            54, .random([.joint], .b), withoutAssertions: .explored,
            Property.commit + ["invariant 1", "invariant 11"]),
        MutantCase(56, .random([.joint], .b), Property.commit + ["invariant 1"]),
        MutantCase(47, .random([.upgraded], .a), ["invariant 17", "is no outcome"] + Property.once),
        MutantCase(61, .random([.upgraded], .a), ["stopped itself"]),
    ]

    private static let snapshots = [
        MutantCase(26, .random([.compacting], .a), Property.commit + ["invariant 14", "invariant 4", "invariant 3"]),
        MutantCase(27, .random([.compacting], .a), Property.once + ["invariant 17"]),
        MutantCase(28, .random([.compacting], .b), Property.once + ["acknowledged write lost"]),
        MutantCase(29, .random([.compacting], .a), Property.lost + ["refuses to start", "stopped itself"]),
        MutantCase(30, .random([.restarting], .a), Property.lost + ["refuses to start", "stopped itself"]),
        MutantCase(31, .random([.compacting], .a), Property.lost + Property.once + ["refuses to start"]),
        MutantCase(32, .random([.compacting], .a), Property.lost + Property.once),
        MutantCase(33, .random([.overtaking], .b), Property.commit + ["invariant 14", "invariant 5", "invariant 9"]),
        MutantCase(34, .random([.restarting], .a), ["invariant 17", "invariant 5"] + Property.once),
        MutantCase(35, .random([.restarting], .a), ["invariant 17", "invariant 5"]),
        MutantCase(36, .random([.tiny, .swarm], .a), ["invariant 17"]),
        MutantCase(41, .random([.restarting], .a), Property.lost + ["refuses to start", "stopped itself"]),
    ]

    private static let disks = [
        MutantCase(37, .random([.broken], .a), Property.lost + ["invariant 15", "is no outcome", "stopped itself"]),
        MutantCase(38, .scenario("damaged-middle"), ["invariant 9"]),
        MutantCase(39, .random([.broken], .a), Property.lost + ["invariant 9", "refuses to start"]),
        MutantCase(40, .random([.broken], .a), Property.lost + ["invariant 9", "refuses to start"]),
        MutantCase(58, .random([.restarting], .a), Property.lost + ["invariant 9", "invariant 3", "refuses to start"]),
    ]

    private static let metrics = [
        MutantCase(20, .scenario("rejoin"), ["terms went"]),
        MutantCase(21, .scenario("isolated-leader"), ["still leads"]),
        MutantCase(25, .scenario("removed-node"), ["terms went", "invariant 12"]),
        MutantCase(48, .scenario("lagging-follower"), ["messages for", "invariant 8"]),
        MutantCase(55, .scenario("hanging-disk"), ["leads on"]),
        MutantCase(59, .scenario("lost-window"), ["does not become equal"]),
        MutantCase(60, .scenario("lost-target"), ["takes no writes"]),
    ]
}
#endif
