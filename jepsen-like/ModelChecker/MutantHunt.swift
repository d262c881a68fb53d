/// Whether the exhaustive check can fail: the setting that must find each bug that can be injected into the core.
///
/// Bugs that are missing here need what no setting has: leases, snapshots, lost directories, several builds, or a node
/// around the core. The local assertions are off, so that every bug must show in what the cluster does.

#if MUTANTS
import RaftCore

public struct MutantHunt: Sendable {
    public var mutant: Int
    public var setting: ModelSetting

    public static let all: [MutantHunt] = [
        MutantHunt(mutant: 1, setting: .storage), MutantHunt(mutant: 2, setting: .elections),
        MutantHunt(mutant: 3, setting: .elections), MutantHunt(mutant: 4, setting: .elections),
        MutantHunt(mutant: 5, setting: .replication), MutantHunt(mutant: 6, setting: .divergence),
        MutantHunt(mutant: 7, setting: .reads), MutantHunt(mutant: 8, setting: .divergence),
        MutantHunt(mutant: 9, setting: .replication), MutantHunt(mutant: 10, setting: .divergence),
        MutantHunt(mutant: 11, setting: .silence), MutantHunt(mutant: 12, setting: .storage),
        MutantHunt(mutant: 14, setting: .storage), MutantHunt(mutant: 15, setting: .reads),
        MutantHunt(mutant: 16, setting: .reads), MutantHunt(mutant: 17, setting: .readsTwice),
        MutantHunt(mutant: 22, setting: .joint), MutantHunt(mutant: 24, setting: .joint),
        MutantHunt(mutant: 44, setting: .fourVoters), MutantHunt(mutant: 52, setting: .joint),
        MutantHunt(mutant: 53, setting: .overlap), MutantHunt(mutant: 54, setting: .joint),
        MutantHunt(mutant: 56, setting: .joint), MutantHunt(mutant: 57, setting: .readsTwice),
    ]

    /// Settings that only bugs are looked for in. They must be clean without one, or what they find proves nothing.
    public static let controls: [MutantHunt] = [
        MutantHunt(mutant: 0, setting: .readsTwice), MutantHunt(mutant: 0, setting: .fourVoters),
    ]

    /// Explores with the bug in (zero: with none); the process must run nothing else meanwhile.
    public func run() -> ExplorationReport {
        let before = (Mutant.chosen, Mutant.assertionsAreOn)
        defer { (Mutant.chosen, Mutant.assertionsAreOn) = before }
        Mutant.chosen = mutant
        Mutant.assertionsAreOn = false
        var explorer = Explorer(setting)
        return explorer.explore()
    }
}

// Worlds that are only worth their time when a certain bug is looked for.
extension ModelSetting {
    static let readsTwice = {
        var setting = reads
        setting.name = "reads twice"
        setting.readsMax = 2
        setting.proposalsMax = 0
        setting.duplicatesMax = 1
        return setting
    }()

    /// Two votes are no majority of four, but one that is counted twice would make one.
    static let fourVoters = {
        var setting = elections
        setting.name = "four voters"
        setting.voters = [1, 2, 3, 4]
        setting.interchangeable = [1, 2, 3, 4]
        setting.preVote = false
        setting.heartbeats = false
        setting.restartsMax = 0
        setting.duplicatesMax = 2
        setting.termMax = 1
        return setting
    }()
}
#endif
