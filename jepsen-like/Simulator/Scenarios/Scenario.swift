import Raft

/// A script for a small cluster that ends in a verdict. The seed decides delays and clocks; the story is always the same.
public struct Scenario: Sendable {
    public var name: String
    /// What it shows, in a sentence.
    public var purpose: String
    /// Changes the options before the cluster is made.
    var prepare: @Sendable (inout SimulatedCluster.Options) -> Void = { _ in }
    var play: @Sendable (ScenarioStage) throws -> Void

    public static let all: [Scenario] = leadership + leases + flow + storage

    /// - Parameter trace: told of what happens.
    public func run(seed: UInt64, trace: ((String) -> Void)? = nil) -> RunOutcome {
        var options = ScenarioStage.options
        prepare(&options)
        let stage = ScenarioStage(seed: seed, options: options)
        stage.trace = trace
        do {
            try stage.begin()
            try play(stage)
            stage.judge()
        } catch {
            stage.find(.liveness, "the scenario \(name) does not get on: \(error)")
        }
        return stage.finish()
    }
}

/// The story cannot go on; not a verdict on what it is about.
struct ScenarioError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
