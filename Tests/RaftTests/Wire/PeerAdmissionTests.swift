/// Who is let in: every row of the decision.

import Raft
import Testing

@Suite("Peer admission")
struct PeerAdmissionTests {
    private static let cluster = [UInt8](1...16)
    /// Node 1 of a cluster of 1, 2 (directory 22) and 5, in which 3 and 4 were removed.
    private static let settled = PeerAdmission(
        nodeID: NodeID(1), clusterID: cluster,
        configuration: Configuration(
            members: [Member(id: NodeID(1)), Member(id: NodeID(2), incarnation: 22), Member(id: NodeID(5))],
            voters: [NodeID(1), NodeID(2)]))

    private func reason(
        from: UInt64, to: UInt64 = 1, cluster: [UInt8] = PeerAdmissionTests.cluster, incarnation: UInt64 = 0,
        by admission: PeerAdmission = PeerAdmissionTests.settled
    ) -> Refusal.Reason? {
        admission.refusal(
            of: Hello(clusterID: cluster, from: NodeID(from), to: NodeID(to), incarnation: incarnation))
    }

    @Test("other clusters, wrong targets, doubles and impossible ids are refused, in this order")
    func strangers() {
        let other = [UInt8](2...17)
        #expect(reason(from: 1, to: 9, cluster: other) == .otherCluster)
        #expect(reason(from: 1, to: 9) == .otherNode)
        #expect(reason(from: 1) == .ownID)
        #expect(reason(from: 0) == .unknownNode)
    }

    @Test("bug 9: a member with a bound directory speaks from that one only, also when it tells none")
    func boundDirectory() {
        #expect(reason(from: 2, incarnation: 22) == nil)
        #expect(reason(from: 2, incarnation: 23) == .otherDirectory)
        #expect(reason(from: 2, incarnation: 0) == .otherDirectory)
        #expect(reason(from: 5, incarnation: 99) == nil, "nothing is bound yet")
    }

    @Test("an id that was used and is no member's is refused as removed, a greater one is let in")
    func removed() {
        #expect(reason(from: 3) == .removed)
        #expect(reason(from: 4, incarnation: 44) == .removed)
        #expect(reason(from: 6) == nil)
        #expect(reason(from: .max) == nil)
    }

    @Test("a node without a configuration lets every id of its cluster in, but not its own")
    func withoutConfiguration() {
        let joining = PeerAdmission(nodeID: NodeID(7), clusterID: Self.cluster)
        for id in [UInt64(1), 3, 8] { #expect(reason(from: id, to: 7, incarnation: 5, by: joining) == nil) }
        #expect(reason(from: 7, to: 7, by: joining) == .ownID)
        #expect(reason(from: 0, to: 7, by: joining) == .unknownNode)
    }

    @Test("only refusals that no later try can change are final")
    func finality() {
        #expect(Refusal.Reason.allCases.filter(\.isFinal) == [.otherDirectory, .removed])
        for reason in Refusal.Reason.allCases { #expect(!Refusal(reason: reason, from: NodeID(1)).description.isEmpty) }
    }
}
