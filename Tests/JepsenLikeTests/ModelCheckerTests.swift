/// The exhaustive check: small settings explored completely, the check's own parts, and whether it can fail at all.

import RaftCore
import Testing

@testable import ModelChecker

@Suite struct ModelCheckerTests {
    private func explore(_ setting: ModelSetting) -> ExplorationReport {
        var explorer = Explorer(setting)
        return explorer.explore()
    }

    private func expectComplete(_ report: ExplorationReport, _ location: SourceLocation = #_sourceLocation) {
        #expect(report.isComplete, "\(report.lines.joined(separator: "\n"))", sourceLocation: location)
        #expect(report.violation == nil, sourceLocation: location)
    }

    @Test func `every interleaving of a first election keeps the promises`() {
        var setting = ModelSetting.elections
        setting.termMax = 1
        setting.restartsMax = 0
        let report = explore(setting)
        expectComplete(report)
        #expect(report.coverage.leadersMax == 1)
        #expect(report.states > 1000)
    }

    @Test func `every interleaving of a node joining in place of a voter keeps the promises`() {
        let setting = ModelSetting.joiningPair
        let report = explore(setting)
        expectComplete(report)
        #expect(report.coverage.jointSeen)
        #expect(report.coverage.leadersMax == 2)
    }

    @Test func `every interleaving of replication in one term keeps the promises`() {
        var setting = ModelSetting.replication
        setting.termMax = 1
        setting.proposalsMax = 1
        setting.duplicatesMax = 1
        setting.messagesMax = 2
        let report = explore(setting)
        expectComplete(report)
        #expect(report.coverage.committedMax == 2)
    }

    @Test func `exploring twice visits the same states`() {
        var setting = ModelSetting.storage
        setting.messagesMax = 2
        setting.restartsMax = 0
        let first = explore(setting)
        let second = explore(setting)
        expectComplete(first)
        #expect(first.states == second.states)
        #expect(first.transitions == second.transitions)
        #expect(first.depth == second.depth)
    }

    /// With renaming, each class of states that are each other's image counts once; without, each image does.
    @Test func `symmetry changes the number of states and nothing else`() {
        var setting = ModelSetting.elections
        setting.termMax = 1
        setting.restartsMax = 0
        setting.heartbeats = false
        setting.messagesMax = 2
        let folded = explore(setting)
        setting.interchangeable = []
        let unfolded = explore(setting)
        expectComplete(folded)
        expectComplete(unfolded)
        // Nearly all classes have all six members.
        #expect(folded.states * 5 < unfolded.states)
        #expect(folded.states * 6 >= unfolded.states)
        #expect(folded.depth == unfolded.depth)
    }

    @Test func `a stop before the end is told`() {
        var setting = ModelSetting.elections
        setting.statesMax = 100
        let report = explore(setting)
        #expect(!report.isComplete)
        #expect(report.violation == nil)
        #expect(report.lines.contains { $0.contains("NOT complete") })
    }

    // MARK: The check can fail

    /// Node 2 already holds, at the same index and term, another predecessor: no correct history leads here.
    @Test func `a world whose logs contradict each other is found out, with the way to it`() {
        var setting = ModelSetting.divergence
        setting.startingLogs = [1: [1, 2], 2: [2, 2]]
        let report = explore(setting)
        #expect(report.violation != nil)
        #expect(report.trace.count == report.depth + 2)
        #expect(report.trace.first?.contains("start") == true)
    }

    @Test func `a promise broken in the history is reported by its number`() throws {
        var history = History(nodeCount: 3, termMax: 3)
        let facts = NodeFacts(
            id: NodeID(1), role: .leader, term: Term(2), commit: .zero, log: [], durableLog: [],
            configuration: Configuration(voters: [NodeID(1), NodeID(2), NodeID(3)]))
        try history.take(facts, StepFacts(node: 0, votes: [History.Promise(term: Term(2), vote: NodeID(1))]))
        var rival = facts
        rival.id = NodeID(2)
        #expect(throws: Violation.self) { try history.take(rival, StepFacts(node: 0)) }
        #expect(throws: Violation.self) {
            try history.take(facts, StepFacts(node: 0, votes: [History.Promise(term: Term(2), vote: NodeID(3))]))
        }
        history.committed = [History.Committed(entry: 7, knownIn: Term(1))]
        #expect(throws: Violation.self) { try history.check(leader: facts) }
    }

    // MARK: Parts

    @Test func `a disk reports a vote that changes within a term`() {
        var disk = ModelDisk()
        #expect(disk.apply(PersistRequest(sequence: 1, hardState: HardState(term: Term(1), vote: NodeID(1)))) == nil)
        let problem = disk.apply(PersistRequest(sequence: 2, hardState: HardState(term: Term(1), vote: NodeID(2))))
        #expect(problem?.invariant == .oneVotePerTerm)
        let older = disk.apply(PersistRequest(sequence: 3, hardState: HardState(term: .zero)))
        #expect(older?.invariant == .termNeverDecreases)
    }

    @Test func `states that differ only by names get the same words under the names`() {
        func words(_ vote: UInt64, names: [UInt64]) -> [UInt64] {
            var encoder = ExplorationEncoder(names: names)
            encoder.hardState(HardState(term: Term(3), vote: NodeID(vote)))
            encoder.nodes([NodeID(1), NodeID(vote)])
            return encoder.words
        }
        #expect(words(2, names: []) != words(3, names: []))
        #expect(words(2, names: [0, 1, 2, 3]) == words(3, names: [0, 1, 3, 2]))
    }

    /// A field that the encoding does not know could make two different states look like one.
    @Test func `the encoding knows every field of the core`() {
        #expect(RaftCore.fieldsUnknownToExploration() == [])
    }

    @Test func `a visited set knows what it has seen, through growth`() {
        var set = VisitedSet()
        for number in 0..<10_000 as Range<UInt64> {
            #expect(set.insert(StateKey(words: [number], salt: 0), parent: 0) == UInt32(number))
        }
        for number in 0..<10_000 as Range<UInt64> {
            #expect(set.insert(StateKey(words: [number], salt: 0), parent: 0) == nil)
        }
    }
}
