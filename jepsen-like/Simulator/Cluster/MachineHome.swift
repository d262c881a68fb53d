import Raft

/// How a simulated process ends.
public enum EndOfProcess: Sendable, Equatable {
    /// kill -9: what was written stays readable, synced or not.
    case kill
    /// The machine loses power: what was not synced is lost, torn or kept, as `fate` says.
    case powerLoss
}

/// The place where a node's state machine outlives its process.
public protocol MachineHome: AnyObject {
    /// As a process does that just started.
    /// - Parameter featureLevelMax: of the build that starts.
    /// - Throws: what the product would refuse to start with.
    func open(featureLevelMax: UInt16) throws -> any ReplicatedStateMachine
    /// The process that opened it has ended.
    func end(_ end: EndOfProcess)
    /// The directory is gone.
    func wipe()
}
