import Checkers
import Raft

/// Where the register machine of one node outlives its process.
final class RegisterHome: MachineHome {
    private var storage = RegisterMachine.Storage()
    private let limits: RegisterLimits
    private let node: NodeID
    private let log: CanonicalLog
    private var machine: RegisterMachine?

    init(limits: RegisterLimits, node: NodeID, log: CanonicalLog) {
        self.limits = limits
        self.node = node
        self.log = log
    }

    func open(featureLevelMax: UInt16) throws -> any ReplicatedStateMachine {
        let opened = RegisterMachine(
            storage: storage, limits: limits, node: node, log: log, featureLevelMax: featureLevelMax)
        machine = opened
        return opened
    }

    func end(_ end: EndOfProcess) {
        if end == .kill { machine?.surviveKill() }
        machine = nil
    }

    func wipe() {
        storage = RegisterMachine.Storage()
        machine = nil
    }
}
