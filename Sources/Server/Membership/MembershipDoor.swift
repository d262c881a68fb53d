/// The few things that changing membership needs of a node, so that the steps can be tested without one.
///
/// Owns: the protocol, and the door to a real node. Must never: decide anything.
import Raft

protocol MembershipDoor: Sendable {
    func facts() async -> MembershipFacts
    /// Waits until this node knows everything that was committed before the call.
    func barrier(timeoutMilliseconds: Int) async -> ReadResult
    func change(_ change: MembershipChange, timeoutMilliseconds: Int) async -> ProposalResult
    func transfer(to target: NodeID?)
    func nowMilliseconds() -> UInt64
    /// A moment between two looks; a cancelled task may return early.
    func pause() async
}

struct NodeMembershipDoor: MembershipDoor {
    let node: RaftNode
    let clock: any Clock
    let tickMilliseconds: UInt64
    /// Short against an election, long against a look at the core.
    private static let pauseNanoseconds: UInt64 = 20_000_000

    func facts() async -> MembershipFacts {
        let core = await withCheckedContinuation { continuation in
            node.currentStatus { continuation.resume(returning: $0) }
        }
        return MembershipFacts(core, tickMilliseconds: tickMilliseconds)
    }

    func barrier(timeoutMilliseconds: Int) async -> ReadResult {
        await withCheckedContinuation { continuation in
            node.readBarrier(timeoutNanoseconds: Self.nanoseconds(timeoutMilliseconds)) {
                continuation.resume(returning: $0)
            }
        }
    }

    func change(_ change: MembershipChange, timeoutMilliseconds: Int) async -> ProposalResult {
        await withCheckedContinuation { continuation in
            node.changeMembership(change, timeoutNanoseconds: Self.nanoseconds(timeoutMilliseconds)) {
                continuation.resume(returning: $0)
            }
        }
    }

    func transfer(to target: NodeID?) { node.transferLeadership(to: target) }

    func nowMilliseconds() -> UInt64 { clock.monotonicNanoseconds() / 1_000_000 }

    func pause() async {
        do { try await Task.sleep(nanoseconds: Self.pauseNanoseconds) } catch { return }
    }

    private static func nanoseconds(_ milliseconds: Int) -> UInt64 { UInt64(max(0, milliseconds)) * 1_000_000 }
}

extension MembershipFacts {
    init(_ core: CoreStatus, tickMilliseconds: UInt64) {
        self.init(
            configuration: core.configuration, term: core.term.rawValue, leaderID: core.leader?.rawValue,
            lastIndex: core.lastIndex.rawValue,
            progress: core.peers.map {
                Progress(
                    id: $0.peer.rawValue, matchIndex: $0.match.rawValue,
                    silentMilliseconds: UInt64(max(0, $0.silentTicks)) * tickMilliseconds)
            })
    }
}
