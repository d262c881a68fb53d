import Raft

/// How a network behaves when nobody breaks it on purpose: plain values, drawn once per seed.
public struct NetworkModel: Sendable, Equatable {
    public var delayNanosecondsMin: UInt64 = 100_000
    /// Mean of what comes on top, exponentially distributed.
    public var delayNanosecondsMean: UInt64 = 300_000
    /// One message in a thousand takes fifty times as long.
    public var hasSlowTail = false
    public var lossPerThousand = 0
    /// Only messages of this kind are lost; nil: any.
    public var lossyKind: MessageKind?
    public var duplicatePerThousand = 0
    /// A tenth of the duplicates come as late as this: from old terms, to restarted nodes.
    public var lateDuplicateNanosecondsMax: UInt64 = 0
    /// Messages of one link keep their order.
    public var isOrdered = false
    /// Messages that a clogged link holds; beyond it one of the held or the new one is dropped.
    public var clogMessagesMax = 20
    /// Every message goes through the wire format.
    public var encodesMessages = true

    public init() {}

    /// A bad day: one message in ten lost, one in twenty doubled, delays of tens of milliseconds.
    public static var rough: NetworkModel {
        var model = NetworkModel()
        model.lossPerThousand = 100
        model.duplicatePerThousand = 50
        model.delayNanosecondsMean = 30_000_000
        return model
    }
}

/// A message's kind as a small number: for loss by kind, traces and counters.
public enum MessageKind: UInt8, Sendable, CaseIterable {
    case preVoteRequest, preVoteReply, voteRequest, voteReply, append, appendReply, heartbeat, heartbeatReply
    case forward, forwardRefused, readRequest, readReply, snapshotChunk, snapshotReply, timeoutNow, transferRequest

    public init(_ body: MessageBody) {
        self =
            switch body {
            case .preVoteRequest: .preVoteRequest
            case .preVoteReply: .preVoteReply
            case .voteRequest: .voteRequest
            case .voteReply: .voteReply
            case .append: .append
            case .appendReply: .appendReply
            case .heartbeat: .heartbeat
            case .heartbeatReply: .heartbeatReply
            case .forward: .forward
            case .forwardRefused: .forwardRefused
            case .readRequest: .readRequest
            case .readReply: .readReply
            case .snapshotChunk: .snapshotChunk
            case .snapshotReply: .snapshotReply
            case .timeoutNow: .timeoutNow
            case .transferRequest: .transferRequest
            }
    }
}
