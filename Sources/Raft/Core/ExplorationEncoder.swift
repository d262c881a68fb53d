/// Consensus values as words, under any renaming of the nodes: what the exhaustive check tells states apart by.
///
/// Owns: one word sequence per value, the same for equal values and different for different ones. Must never: leave out
/// what the next step could depend on, or let the order of a list that is really a set show.

public struct ExplorationEncoder {
    public private(set) var words: [UInt64] = []
    /// `names[id]` is what node `id` is called; beyond the end every id keeps its name.
    private let names: [UInt64]

    /// False where no node ever starts again: only a start reads the hint.
    public var tellsCommitHint = true
    /// False where no leader ever asks itself who still answers.
    public var tellsActivity = true

    public init(names: [UInt64] = []) { self.names = names }

    public mutating func removeAll() { words.removeAll(keepingCapacity: true) }

    // MARK: Pieces

    public mutating func number(_ value: UInt64) { words.append(value) }
    public mutating func count(_ value: Int) { words.append(UInt64(bitPattern: Int64(value))) }
    public mutating func flag(_ value: Bool) { words.append(value ? 1 : 0) }
    public mutating func index(_ value: LogIndex) { words.append(value.rawValue) }

    public mutating func position(_ value: LogPosition) {
        words.append(value.index.rawValue)
        words.append(value.term.rawValue)
    }

    public func name(_ node: NodeID) -> UInt64 {
        node.rawValue < UInt64(names.count) ? names[Int(node.rawValue)] : node.rawValue
    }

    public mutating func node(_ value: NodeID) { words.append(name(value)) }

    public mutating func node(_ value: NodeID?) {
        flag(value != nil)
        if let value { node(value) }
    }

    /// A set of nodes: the order they are given in does not show.
    public mutating func nodes(_ values: [NodeID]) {
        count(values.count)
        for name in values.map({ name($0) }).sorted() { words.append(name) }
    }

    /// `values` in the order of their nodes' names.
    public mutating func each<Value>(
        _ values: [Value], by node: (Value) -> NodeID, _ encode: (inout ExplorationEncoder, Value) -> Void
    ) {
        count(values.count)
        for value in values.sorted(by: { name(node($0)) < name(node($1)) }) { encode(&self, value) }
    }

    public mutating func bytes(_ values: [UInt8]) {
        count(values.count)
        var word: UInt64 = 0
        for (place, byte) in values.enumerated() {
            word = word << 8 | UInt64(byte)
            if place % 8 == 7 {
                words.append(word)
                word = 0
            }
        }
        if values.count % 8 != 0 { words.append(word) }
    }

    /// The name of a read request. In explorations its upper half is the node that asks (`RaftCore.nameReads`).
    public mutating func readContext(_ value: UInt64) {
        words.append(name(NodeID(value >> 32)) << 32 | value & 0xFFFF_FFFF)
    }

    // MARK: Values

    public mutating func hardState(_ value: HardState) {
        number(value.term.rawValue)
        node(value.vote)
        if tellsCommitHint { index(value.commit) }
    }

    public mutating func entry(_ value: Entry) {
        position(value.position)
        number(UInt64(value.kind.rawValue))
        proposalID(value.proposal)
        // try? because bytes that are no configuration are told apart as bytes.
        if value.kind == .configuration, let decoded = try? Configuration.decode(value.payload) {
            configuration(decoded)
        } else {
            bytes(value.payload)
        }
    }

    public mutating func entries(_ values: [Entry]) {
        count(values.count)
        for value in values { entry(value) }
    }

    public mutating func configuration(_ value: Configuration) {
        each(value.members, by: \.id) { $0.member($1) }
        nodes(value.voters)
        nodes(value.outgoing)
        // A bound, not a node: nodes that may be renamed into each other are all on the same side of it.
        number(value.usedThrough.rawValue)
        number(UInt64(value.featureLevel))
    }

    private mutating func member(_ value: Member) {
        node(value.id)
        number(value.incarnation)
        number(UInt64(value.priority))
        flag(value.isJoining)
        node(value.replaces)
        bytes(Array(value.address.utf8))
    }

    private mutating func proposalID(_ value: ProposalID) {
        node(value.origin)
        number(value.nonce)
    }

    private mutating func proposal(_ value: Proposal) {
        proposalID(value.id)
        number(UInt64(value.kind.rawValue))
        // try? because bytes that are no change are told apart as bytes.
        if value.kind == .membershipChange, let change = try? MembershipChange.decode(value.payload) {
            each(change.add, by: \.id) { $0.member($1) }
            nodes(change.promote)
            nodes(change.remove)
            each(change.prioritise, by: \.id) {
                $0.node($1.id)
                $0.number(UInt64($1.priority))
            }
        } else {
            bytes(value.payload)
        }
    }

    // MARK: Messages

    public mutating func message(_ value: Message) {
        node(value.from)
        node(value.to)
        number(value.term.rawValue)
        number(value.incarnation)
        switch value.body {
        case .preVoteRequest(let request): voteRequest(1, request)
        case .preVoteReply(let reply): voteReply(2, reply)
        case .voteRequest(let request): voteRequest(3, request)
        case .voteReply(let reply): voteReply(4, reply)
        case .append(let request):
            number(5)
            position(request.previous)
            entries(request.entries)
            index(request.commit)
        case .appendReply(let reply): appendReply(reply.result)
        case .heartbeat(let heartbeat):
            words.append(contentsOf: [8, heartbeat.commit.rawValue, heartbeat.round, heartbeat.sent.rawValue])
        case .heartbeatReply(let reply): heartbeatReply(reply)
        default: rareMessage(value.body)
        }
    }

    private mutating func voteRequest(_ tag: UInt64, _ request: VoteRequest) {
        number(tag)
        position(request.last)
        flag(request.isTransfer)
    }

    private mutating func voteReply(_ tag: UInt64, _ reply: VoteReply) {
        words.append(contentsOf: [tag, (reply.granted ? 1 : 0) | (reply.isRemoved ? 2 : 0)])
    }

    private mutating func heartbeatReply(_ reply: HeartbeatReply) {
        words.append(contentsOf: [9, reply.round, UInt64(reply.featureLevelMax), reply.matched.rawValue])
        words.append((reply.hasNoRoom ? 1 : 0) | (reply.storageIsLow ? 2 : 0))
        words.append(reply.promiseNanoseconds)
    }

    private mutating func appendReply(_ result: AppendReply.Result) {
        switch result {
        case .matched(let through): words.append(contentsOf: [6, through.rawValue])
        case .conflict(let rejected, let hint, let lastIndex):
            words.append(contentsOf: [7, rejected.rawValue])
            position(hint)
            index(lastIndex)
        }
    }

    private mutating func rareMessage(_ body: MessageBody) {
        switch body {
        case .forward(let request):
            number(10)
            count(request.proposals.count)
            for value in request.proposals { proposal(value) }
        case .forwardRefused(let refusal):
            words.append(contentsOf: [11, UInt64(refusal.reason.rawValue)])
            count(refusal.proposals.count)
            for value in refusal.proposals { proposalID(value) }
        case .readRequest(let request):
            number(12)
            readContext(request.context)
        case .readReply(let reply):
            number(13)
            readContext(reply.context)
            flag(reply.index != nil)
            index(reply.index ?? .zero)
        case .snapshotChunk(let chunk):
            number(14)
            position(chunk.position)
            words.append(contentsOf: [chunk.identifier, chunk.offsetBytes, chunk.totalBytes])
            bytes(chunk.bytes)
        case .snapshotReply(let reply):
            words.append(contentsOf: [15, reply.identifier, reply.nextOffsetBytes])
            flag(reply.installed)
            flag(reply.refused)
        case .timeoutNow: number(16)
        case .transferRequest(let target):
            number(17)
            node(target)
        case .preVoteRequest, .preVoteReply, .voteRequest, .voteReply, .append, .appendReply, .heartbeat,
            .heartbeatReply:
            break  // `message` has them.
        }
    }
}
