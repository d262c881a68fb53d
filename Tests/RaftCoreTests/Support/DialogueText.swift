/// How messages, writes and states read in a dialogue: one line each, nothing that the seed decides.

@testable import RaftCore

enum DialogueText {
    static func position(_ position: LogPosition) -> String {
        position == .zero ? "0" : "\(position.index.rawValue).\(position.term)"
    }

    static func entry(_ entry: Entry) -> String {
        switch entry.kind {
        case .command: position(entry.position)
        case .noop: position(entry.position) + "/noop"
        case .configuration: position(entry.position) + "/config"
        }
    }

    static func entries(_ entries: [Entry]) -> String { "[" + entries.map(entry).joined(separator: " ") + "]" }

    static func message(_ message: Message) -> String {
        "\(message.from) → \(message.to) \(message.term) \(body(message.body))"
    }

    static func name(_ body: MessageBody) -> String {
        String(Self.body(body).split(separator: " ").first ?? "")
    }

    private static func body(_ body: MessageBody) -> String {
        switch body {
        case .preVoteRequest(let request): "preVote last \(position(request.last))"
        case .preVoteReply(let reply): "preVoteReply \(reply.granted ? "granted" : "refused")"
        case .voteRequest(let request):
            "vote last \(position(request.last))\(request.isTransfer ? " for a transfer" : "")"
        case .voteReply(let reply): "voteReply \(reply.granted ? "granted" : "refused")"
        case .append(let request):
            "append after \(position(request.previous)) \(entries(request.entries)) commit \(request.commit.rawValue)"
        case .appendReply(let reply): appendReply(reply.result)
        case .heartbeat(let heartbeat): "heartbeat commit \(heartbeat.commit.rawValue) round \(heartbeat.round)"
        case .heartbeatReply(let reply): "heartbeatReply round \(reply.round)"
        case .forward(let request): "forward \(request.proposals.count)"
        case .forwardRefused(let refusal): "forwardRefused \(refusal.proposals.count) \(refusal.reason)"
        case .readRequest: "readRequest"
        case .readReply(let reply): "readReply \(reply.index.map { "\($0.rawValue)" } ?? "refused")"
        case .snapshotChunk: "snapshotChunk"
        case .snapshotReply: "snapshotReply"
        case .timeoutNow: "timeoutNow"
        case .transferRequest(let target): "transferRequest to \(target.map(\.description) ?? "anyone")"
        }
    }

    private static func appendReply(_ result: AppendReply.Result) -> String {
        switch result {
        case .matched(let index): "appendReply matched \(index.rawValue)"
        case .conflict(let rejected, let hint, let last):
            "appendReply conflict at \(rejected.rawValue), hint \(position(hint)), last \(last.rawValue)"
        }
    }

    static func write(_ request: PersistRequest) -> String {
        var parts: [String] = []
        if let reset = request.resetTo { parts.append("reset to \(position(reset))") }
        if let from = request.truncateFrom { parts.append("cut from \(from.rawValue)") }
        if !request.entries.isEmpty { parts.append(entries(request.entries)) }
        if let hard = request.hardState {
            parts.append("\(hard.term) vote \(hard.vote?.description ?? "-") commit \(hard.commit.rawValue)")
        }
        return parts.joined(separator: ", ")
    }

    static func configuration(_ configuration: Configuration) -> String {
        func list(_ ids: [NodeID]) -> String { ids.map { "\($0.rawValue)" }.joined(separator: " ") }
        var text = "voters \(list(configuration.voters))"
        if configuration.isJoint { text += ", outgoing \(list(configuration.outgoing))" }
        if !configuration.learners.isEmpty { text += ", learners \(list(configuration.learners))" }
        return configuration.isNone ? "no members" : text
    }

    static func status(_ node: TestNode) -> String {
        guard node.isRunning else { return "\(node.id) down" }
        let status = node.core.status
        var text = "\(node.id) \(status.role) \(status.term) leader \(status.leader?.description ?? "-")"
        text += ", log \(status.base.index.next.rawValue)..\(status.lastIndex.rawValue)"
        text += ", commit \(status.commit.rawValue), applied \(status.applied.rawValue)"
        if status.isTransferring { text += ", handing over" }
        if status.isExcluded { text += ", excluded" }
        return text
    }

    static func peers(_ node: TestNode) -> [String] {
        node.core.status.peers.map {
            "  \($0.peer) \($0.state) match \($0.match.rawValue) next \($0.next.rawValue)"
                + ($0.isLearner ? " learner" : "")
        }
    }

    /// What the node's disk holds; what only memory holds stands behind a bar.
    static func log(_ node: TestNode) -> String {
        let written = node.disk.entries.map(entry)
        let waiting = node.disk.waiting.flatMap(\.entries).map(entry)
        var text = "\(node.id) " + (["after \(position(node.disk.base)):"] + written).joined(separator: " ")
        if !waiting.isEmpty { text += " | " + waiting.joined(separator: " ") }
        return text
    }
}
