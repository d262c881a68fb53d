/// What a run does to its cluster, as plain values: drawn beforehand, printable, and droppable one by one.
///
/// Owns: the vocabulary of faults. Must never: know how any of them is done.

public enum FaultKind: String, Sendable, CaseIterable {
    // Processes.
    case kill, powerLoss, crashAll, crashMajority, rollingRestart, pause, slowProcessor
    // Network.
    case isolate, halves, ring, bridge, leaderPlusOne, leaderMinusOne, oneWayIn, oneWayOut, clog, swizzle, loss
    // Disks.
    case diskStall, applyStall, syncError, writeError, powerCutInWrite, diskFull, bitRot, wipe
    // Clocks.
    case wallStep, drift
    // What operators do.
    case transfer, addMember, removeMember, replaceMember
    /// A crash within three milliseconds of something the protocol did.
    case trigger
}

/// Whom a fault meets; found out when it strikes.
public enum FaultTarget: UInt8, Sendable, CaseIterable {
    case anyone, leader
    /// The follower with the best log: who leads next.
    case nextLeader
    /// Whoever voted last.
    case lastVoter
    /// Whoever sent or stored a piece of a snapshot last.
    case snapshotParty
}

public struct PlannedFault: Sendable, Equatable, CustomStringConvertible {
    /// Its place in the plan as drawn; names it when single faults are dropped.
    public var number: Int
    public var atNanoseconds: UInt64
    public var kind: FaultKind
    public var target: FaultTarget
    public var durationNanoseconds: UInt64
    /// Seeds whatever is chosen when it strikes, so that dropping one fault changes no other.
    public var dice: UInt64

    public init(
        number: Int, atNanoseconds: UInt64, kind: FaultKind, target: FaultTarget, durationNanoseconds: UInt64,
        dice: UInt64
    ) {
        self.number = number
        self.atNanoseconds = atNanoseconds
        self.kind = kind
        self.target = target
        self.durationNanoseconds = durationNanoseconds
        self.dice = dice
    }

    public var description: String {
        "#\(number) \(atNanoseconds / 1_000_000) ms \(kind.rawValue) \(target) for \(durationNanoseconds / 1_000_000) ms"
    }
}
