/// Whom a node talks to, decided when a connection begins: the pure half of the handshake.
///
/// Owns: the decision. Must never: look at a configuration that is not committed. One that is only in force may be cut
/// away again, and a node that was told "removed" stops for good.

public struct PeerAdmission: Hashable, Sendable {
    /// This node.
    public var nodeID: NodeID
    /// 16 bytes.
    public var clusterID: [UInt8]
    /// The newest committed configuration that this node knows; `.none` when it knows none yet.
    public var configuration: Configuration

    public init(nodeID: NodeID, clusterID: [UInt8], configuration: Configuration = .none) {
        self.nodeID = nodeID
        self.clusterID = clusterID
        self.configuration = configuration
    }

    /// Why a node that dialled this one is refused; nil when it is not.
    public func refusal(of hello: Hello) -> Refusal.Reason? {
        if hello.clusterID != clusterID { return .otherCluster }
        if hello.to != nodeID { return .otherNode }
        if hello.from == nodeID { return .ownID }
        return refusal(of: hello.from, incarnation: hello.incarnation)
    }

    /// Why `peer`, speaking from the data directory `incarnation`, is refused; nil when it is not. Who dials and who
    /// is dialled are judged alike.
    ///
    /// Ids are never used twice: one that was used and is no member's belongs to a node that was removed, and a higher
    /// one to a node whose admission this node has not heard of yet. The latter must be let in: it may lead.
    public func refusal(of peer: NodeID, incarnation: UInt64) -> Refusal.Reason? {
        if peer.rawValue == 0 { return .unknownNode }
        if configuration.wasRemoved(peer) { return .removed }
        guard let member = configuration.member(peer), member.incarnation != 0 else { return nil }
        return member.incarnation == incarnation ? nil : .otherDirectory
    }
}
