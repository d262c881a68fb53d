/// Limits and time spans of the TCP transport, all with their unit in the name.
///
/// Owns: the numbers and their check. Must never: be changed while a transport runs.

import Raft

public struct TCPOptions: Hashable, Sendable {
    /// Largest frame body accepted or sent. Must exceed the node's append and snapshot chunk limits.
    public var frameBytesMax: Int = Frame.defaultBodyBytesMax
    /// Bytes that may wait for one peer, in this process, before further messages to it are dropped and counted.
    public var writeBufferBytesMax: Int = 32 << 20
    /// How long one dial may take.
    public var connectTimeoutMilliseconds: Int = 1_000
    /// How long either side waits for the other's part of the handshake.
    public var handshakeTimeoutMilliseconds: Int = 2_000
    /// First pause after a failed connection; doubles up to `backoffMilliseconds.upperBound`, each halved at random.
    public var backoffMilliseconds: ClosedRange<Int> = 50...1_000
    /// Sent bytes that stay unacknowledged for this long end the connection (Linux `TCP_USER_TIMEOUT`, RFC 5482).
    public var unacknowledgedTimeoutMilliseconds: Int = 10_000
    /// Accepted connections that have not shown who they are; more are closed at once.
    public var unidentifiedConnectionsMax: Int = 64

    /// How long a node that left the peers is still talked to: it must hear that it was removed, and acknowledge it.
    public var leavingMilliseconds: Int = 10_000
    /// Addresses kept of nodes that dialled this one before its configuration named them.
    public var learnedPeersMax: Int = 64
    /// Versions of the protocol this node speaks; only tests of mixed versions give others than the build's.
    public var protocolVersions: ClosedRange<UInt16> = Hello.protocolVersions

    public init() {}

    /// The first option that makes no sense, in words; nil when all do.
    var complaint: String? {
        if frameBytesMax < Frame.smallestUsefulBodyBytesMax || frameBytesMax > Frame.largestBodyBytesMax {
            return "frameBytesMax is \(frameBytesMax); it must be between \(Frame.smallestUsefulBodyBytesMax) and "
                + "\(Frame.largestBodyBytesMax)"
        }
        if writeBufferBytesMax < 1 { return "writeBufferBytesMax is \(writeBufferBytesMax); it must be positive" }
        let spans: [(String, Int)] = [
            ("connectTimeoutMilliseconds", connectTimeoutMilliseconds),
            ("handshakeTimeoutMilliseconds", handshakeTimeoutMilliseconds),
            ("backoffMilliseconds.lowerBound", backoffMilliseconds.lowerBound),
            ("unacknowledgedTimeoutMilliseconds", unacknowledgedTimeoutMilliseconds),
            ("unidentifiedConnectionsMax", unidentifiedConnectionsMax), ("leavingMilliseconds", leavingMilliseconds),
            ("learnedPeersMax", learnedPeersMax),
        ]
        for (name, value) in spans where value < 1 || value > Int(Int32.max) {
            return "\(name) is \(value); it must be between 1 and \(Int32.max)"
        }
        return nil
    }
}
