/// What happened between this node and one peer since the transport started, for metrics and for people.

import Raft

public struct PeerStatistics: Hashable, Sendable {
    public var node: NodeID
    public var address: PeerAddress
    /// This node's connection to the peer is up and welcomed.
    public var isConnected = false
    /// The peer's connection to this node is up and welcomed.
    public var isInboundConnected = false
    /// Version of the protocol on this node's connection; nil before the first one.
    public var protocolVersion: UInt16?
    /// Names the peer's data directory, as it said itself; nil before the first connection.
    public var incarnation: UInt64?
    public var messagesSent: UInt64 = 0
    /// Bytes of sent messages with their frame headers.
    public var bytesSent: UInt64 = 0
    /// Bytes that wait in this process to be taken by the kernel.
    public var bytesQueued: Int = 0
    /// Messages dropped because the peer was not connected, its queue was full, or they were too large.
    public var messagesDropped: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    /// Bytes received from the peer with their frame headers.
    public var bytesReceived: UInt64 = 0
    /// Welcomed connections after the first one.
    public var reconnects: UInt64 = 0
    /// Dials that ended without a welcome.
    public var failedDials: UInt64 = 0

    public init(node: NodeID, address: PeerAddress) {
        self.node = node
        self.address = address
    }
}

/// Something changed about the connections with a peer.
public enum ConnectionEvent: Hashable, Sendable {
    /// This node may send to the peer.
    case connected(NodeID)
    /// This node can no longer send to the peer.
    case disconnected(NodeID)
    /// The peer may send to this node.
    case inboundConnected(NodeID)
    case inboundDisconnected(NodeID)
    /// A dial was answered by a refusal.
    case refused(NodeID, Refusal)
    /// This node turned the peer away, whoever had dialled.
    case rejected(NodeID, Refusal.Reason)
}
