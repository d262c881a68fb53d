/// The states of single nodes by number, and what each event does to each of them, computed once.
///
/// A cluster has millions of states, its nodes only thousands: so the core itself runs once per node state and event,
/// and the exploration of clusters is arithmetic on numbers.

import RaftCore

/// What a history and a trace need to see of a node state.
struct NodeFacts {
    var id: NodeID
    var role: Role
    var term: Term
    var commit: LogIndex
    var log: [UInt32]
    var durableLog: [UInt32]
    var configuration: Configuration
}

/// What the exploration looks at for every state: nothing that needs a reference count.
struct NodeGlance {
    var role: Role
    var term: Term
    /// Term on disk: nothing of an earlier one ever concerns this node again.
    var durableTerm: Term
    var logNumber: UInt32
    /// Entry `i` of the log on disk is `durableEntries[durableStart + i]`.
    var durableStart: Int
    var durableCount: Int
    var writesWaiting: Int
    /// Zero: none known.
    var leader: UInt64
    var mayCampaign: Bool
    var hearsLeader: Bool
    var awaitsAnswers: Bool
    var awaitsProbes: Bool
    var isTransferring: Bool
    var round: UInt64
    /// Voters as bits by place. Counted here once more, apart from `Configuration`, whose arithmetic is under test.
    var voters: UInt32
    var outgoing: UInt32

    func isQuorum(_ nodes: UInt32) -> Bool {
        func isMajority(of group: UInt32) -> Bool {
            2 * (nodes & group).nonzeroBitCount > group.nonzeroBitCount
        }
        return voters != 0 && isMajority(of: voters) && (outgoing == 0 || isMajority(of: outgoing))
    }
}

/// What an event at a node did, beside the new state.
struct StepFacts {
    var node: UInt32
    var sent: [UInt32] = []
    var votes: [History.Promise] = []
    var ready: [(read: ReadID, index: LogIndex)] = []
    var violation: Violation?
}

/// The same at a glance.
struct StepGlance {
    var node: UInt32
    /// `sentMessages[sentStart..<sentEnd]`.
    var sentStart: Int
    var sentEnd: Int
    var isViolation: Bool
}

struct NodeTable {
    private let setting: ModelSetting
    private let renamings: [[UInt64]]
    private var numbers: [StateKey: UInt32] = [:]
    private var nodes: [ModelNode] = []
    private(set) var facts: [NodeFacts] = []
    private(set) var glances: ContiguousArray<NodeGlance> = []
    private(set) var durableEntries: ContiguousArray<UInt32> = []
    /// Names of node state `n` under each renaming, from `n × renamings` on.
    private(set) var keys: ContiguousArray<StateKey> = []
    private var logNumbers: [[UInt32]: UInt32] = [:]
    private var stepNumbers: [UInt64: UInt32] = [:]
    private(set) var steps: [StepFacts] = []
    private(set) var stepGlances: ContiguousArray<StepGlance> = []
    private(set) var sentMessages: ContiguousArray<UInt32> = []
    private var soundConfigurations: Set<[UInt8]> = []
    var entries = EntryTable()
    var messages: MessageTable

    init(setting: ModelSetting, renamings: [[UInt64]]) {
        self.setting = setting
        self.renamings = renamings
        messages = MessageTable(renamings: renamings, losesStaleRequests: setting.losesStaleRequests)
    }

    var count: Int { nodes.count }

    /// Number in `steps` of what `event` does to node state `node`.
    mutating func step(_ node: UInt32, _ event: LocalEvent, _ parameter: UInt32) -> UInt32 {
        let name = UInt64(node) << 32 | UInt64(event.rawValue) << 24 | UInt64(parameter)
        if let known = stepNumbers[name] { return known }
        let number = UInt32(steps.count)
        let facts = run(node, event, parameter)
        steps.append(facts)
        let start = sentMessages.count
        sentMessages.append(contentsOf: facts.sent)
        stepGlances.append(
            StepGlance(
                node: facts.node, sentStart: start, sentEnd: sentMessages.count, isViolation: facts.violation != nil))
        stepNumbers[name] = number
        return number
    }

    private mutating func run(_ number: UInt32, _ event: LocalEvent, _ parameter: UInt32) -> StepFacts {
        var node = nodes[Int(number)]
        var output = StepOutput()
        node.handle(event, parameter, messages, setting: setting, output: &output)
        var result = StepFacts(node: number)
        if let violation = output.violation {
            result.violation = violation
            return result
        }
        do {
            result.node = try self.number(of: node)
        } catch {
            result.violation = error
        }
        for message in output.sent {
            let place = Int(message.to.rawValue) - 1
            guard place >= 0, place < setting.nodeCount, !setting.isLost(message.body) else { continue }
            let sent = messages.number(of: message)
            if !result.sent.contains(sent) { result.sent.append(sent) }
            switch message.body {
            case .voteReply(let reply) where reply.granted:
                result.votes.append(History.Promise(term: message.term, vote: message.to))
            case .voteRequest:
                result.votes.append(History.Promise(term: message.term, vote: message.from))
            default: break
            }
        }
        result.ready = output.ready
        return result
    }

    mutating func number(of node: ModelNode) throws(Violation) -> UInt32 {
        var encoder = setting.encoder()
        node.encode(into: &encoder)
        let key = StateKey(words: encoder.words, salt: 1)
        if let known = numbers[key] { return known }
        let number = UInt32(nodes.count)
        facts.append(try makeFacts(node))
        numbers[key] = number
        nodes.append(node)
        for names in renamings {
            var renamed = setting.encoder(names: names)
            node.encode(into: &renamed)
            keys.append(StateKey(words: renamed.words, salt: 1))
        }
        return number
    }

    /// The configuration in force must be the newest in the log (thesis §4.1), whatever came and went there.
    private mutating func makeFacts(_ node: ModelNode) throws(Violation) -> NodeFacts {
        let view = node.core.clusterView(applied: .zero)
        var log: [UInt32] = []
        var before = setting.founding(of: node.id)
        for entry in view.log.entriesInMemory {
            log.append(entries.number(of: entry))
            if entry.kind == .configuration { before = try checkConfiguration(entry, after: before) }
        }
        guard view.configuration == before else {
            throw Violation(
                .configurationIsSound,
                "\(node.id) acts by voters \(view.configuration.voters), its log ends with \(before.voters)")
        }
        var durable: [UInt32] = []
        for entry in node.disk.entries { durable.append(entries.number(of: entry)) }
        let facts = NodeFacts(
            id: node.id, role: view.role, term: view.term, commit: view.commit, log: log, durableLog: durable,
            configuration: view.configuration)
        glances.append(makeGlance(node, facts))
        durableEntries.append(contentsOf: durable)
        return facts
    }

    private mutating func makeGlance(_ node: ModelNode, _ facts: NodeFacts) -> NodeGlance {
        let next = UInt32(logNumbers.count)
        let logNumber = logNumbers[facts.log, default: next]
        logNumbers[facts.log] = logNumber
        let view = node.core.explorationView
        func bits(_ nodes: [NodeID]) -> UInt32 { nodes.reduce(0) { $0 | 1 << UInt32($1.rawValue - 1) } }
        return NodeGlance(
            role: facts.role, term: facts.term, durableTerm: node.disk.hardState.term, logNumber: logNumber,
            durableStart: durableEntries.count, durableCount: facts.durableLog.count,
            writesWaiting: node.disk.waiting.count, leader: view.leader?.rawValue ?? 0,
            mayCampaign: view.mayCampaign, hearsLeader: view.hearsLeader, awaitsAnswers: view.awaitsAnswers,
            awaitsProbes: view.awaitsProbes, isTransferring: view.isTransferring, round: view.round,
            voters: bits(facts.configuration.voters),
            outgoing: bits(facts.configuration.outgoing))
    }

    /// Invariant 11: every quorum of a configuration meets every quorum of the one before it.
    private mutating func checkConfiguration(
        _ entry: Entry, after before: Configuration
    ) throws(Violation) -> Configuration {
        let next: Configuration
        do {
            next = try Configuration.decode(entry.payload)
        } catch {
            throw Violation(.configurationIsSound, "the configuration at \(entry.position): \(error)")
        }
        guard !before.isNone, soundConfigurations.insert(before.encode() + next.encode()).inserted else { return next }
        let nodes = (1...UInt64(setting.nodeCount)).map { NodeID($0) }
        for subset in 0..<(1 << nodes.count) {
            func isInside(_ node: NodeID) -> Bool { subset >> (Int(node.rawValue) - 1) & 1 == 1 }
            if before.hasQuorum(of: isInside) && next.hasQuorum(of: { !isInside($0) }) {
                throw Violation(.configurationIsSound, "two quorums around \(entry.position) do not meet")
            }
        }
        return next
    }

    func node(_ number: UInt32) -> ModelNode { nodes[Int(number)] }
}

extension ModelNode {
    mutating func handle(
        _ event: LocalEvent, _ parameter: UInt32, _ messages: MessageTable, setting: ModelSetting,
        output: inout StepOutput
    ) {
        func tick(_ node: inout ModelNode) { node.step(.tick, setting: setting, output: &output) }
        switch event {
        case .deliver: step(.message(messages[parameter]), setting: setting, output: &output)
        case .electionTimeout:
            core.ageElectionTimer()
            tick(&self)
        case .leaderSilence: core.ageLeaderContact()
        case .heartbeat:
            core.ageHeartbeatTimer()
            tick(&self)
        case .probeAgain:
            core.ageProbes()
            tick(&self)
        case .leaderTick: tick(&self)
        case .transferDeadline:
            core.ageTransfer()
            tick(&self)
        case .quorumCheck:
            core.ageQuorumTimer()
            tick(&self)
        case .giveUp:
            core.ageUnansweredAppends()
            tick(&self)
        case .propose:
            let id = ProposalID(origin: id, nonce: UInt64(parameter) + 1)
            let proposal = Proposal(id: id, payload: [UInt8(truncatingIfNeeded: parameter)])
            step(.propose([proposal]), setting: setting, output: &output)
        case .change:
            let id = ProposalID(origin: id, nonce: UInt64(parameter) + 8)
            let change = setting.changes[Int(parameter)]
            step(
                .propose([Proposal(id: id, kind: .membershipChange, payload: change.encode())]), setting: setting,
                output: &output)
        case .read: step(.read(ReadID(UInt64(parameter))), setting: setting, output: &output)
        case .transfer:
            step(.transferLeadership(target: NodeID(UInt64(parameter))), setting: setting, output: &output)
        case .write: writeOldest(setting: setting, output: &output)
        case .restart: start(keeping: Int(parameter), setting: setting, output: &output)
        }
    }
}
