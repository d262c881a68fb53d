/// One node of an exploration: the real core by value, its disk, and what happens to them in one event.
///
/// Owns: carrying effects out. Must never: look at another node, or depend on anything but its own value and the event.

import RaftCore

/// An event at one node. Which message, proposal or change is meant stands beside it as a number.
enum LocalEvent: UInt32 {
    case deliver = 1
    /// The wait for a leader or for votes is over.
    case electionTimeout
    /// The leader has been quiet for the shortest election timeout: others may now be voted for.
    case leaderSilence
    case heartbeat
    /// The leader repeats the probes that were not answered.
    case probeAgain
    /// One tick of a leader in which no timer ends: it looks after its configuration.
    case leaderTick
    /// A leader's time for handing over is up.
    case transferDeadline
    /// The leader asks itself whether a quorum still answers.
    case quorumCheck
    /// The leader gives up on what was not answered and goes back to probing.
    case giveUp
    case propose
    case change
    case read
    case transfer
    /// The oldest write under way is durable.
    case write
    /// The process ends, keeping as many of the writes under way as the number says, and starts again.
    case restart
}

/// What an event made a node do, beside changing its state.
struct StepOutput {
    var sent: [Message] = []
    var ready: [(read: ReadID, index: LogIndex)] = []
    var violation: Violation?
}

struct ModelNode {
    let id: NodeID
    var core: RaftCore
    var disk: ModelDisk
    /// Starts of the process; only counted where read requests have names that must not come twice.
    var starts: UInt64 = 0

    init(id: NodeID, disk: ModelDisk, setting: ModelSetting) {
        self.id = id
        self.disk = disk
        core = ModelNode.makeCore(id: id, disk: disk, starts: 0, setting: setting)
    }

    private static func makeCore(id: NodeID, disk: ModelDisk, starts: UInt64, setting: ModelSetting) -> RaftCore {
        var core = RaftCore(
            options: setting.options(of: id), nodeID: id, configuration: setting.founding(of: id), seed: 0,
            recovered: disk.recovered)
        core.nameReads(start: starts)
        core.forgetElapsedTime()
        return core
    }

    mutating func start(keeping writes: Int, setting: ModelSetting, output: inout StepOutput) {
        for request in disk.waiting.prefix(writes) {
            if let problem = disk.apply(request) { output.violation = problem }
        }
        disk.waiting.removeAll()
        if setting.readsMax > 0 { starts += 1 }
        core = ModelNode.makeCore(id: id, disk: disk, starts: starts, setting: setting)
    }

    /// One input and, unless writes take time, everything the disk answers to it.
    mutating func step(_ input: Input, setting: ModelSetting, output: inout StepOutput) {
        var inputs = [input]
        while !inputs.isEmpty && output.violation == nil {
            var effects: [Effect] = []
            core.step(inputs.removeFirst(), into: &effects)
            for effect in effects { take(effect, setting: setting, inputs: &inputs, output: &output) }
        }
        core.forgetElapsedTime()
    }

    private mutating func take(
        _ effect: Effect, setting: ModelSetting, inputs: inout [Input], output: inout StepOutput
    ) {
        switch effect {
        case .send(let message):
            output.sent.append(message)
            if setting.checksLocally, let problem = problemOfSending(message) { output.violation = problem }
        case .persist(let request):
            if setting.writesTakeTime {
                disk.waiting.append(request)
            } else {
                if let problem = disk.apply(request) { output.violation = problem }
                inputs.append(.persisted(sequence: request.sequence))
            }
        case .apply(let entries):
            if let last = entries.last { inputs.append(.applied(last.index)) }
        case .readReady(let reads, let index):
            for read in reads { output.ready.append((read, index)) }
        case .loadEntries, .sendSnapshot:
            output.violation = Violation(.logIsContiguous, "\(id) wants entries that every log still has in memory")
        case .readRefused, .proposalsRefused, .stateChanged, .configurationChanged, .removedFromCluster: break
        }
    }

    /// The promises a message makes about its sender's disk (invariants 3 and 9).
    private func problemOfSending(_ message: Message) -> Violation? {
        switch message.body {
        case .preVoteRequest, .preVoteReply: return nil
        case .voteReply(let reply) where reply.granted && disk.hardState.vote != message.to:
            return Violation(.acknowledgedIsDurable, "\(id) grants \(message.to) a vote that is not on its disk")
        case .appendReply(let reply):
            if case .matched(let index) = reply.result {
                guard index <= disk.lastIndex else {
                    return Violation(
                        .acknowledgedIsDurable, "\(id) vouches for \(index), disk ends at \(disk.lastIndex)")
                }
            }
        default: break
        }
        guard message.term <= disk.hardState.term else {
            return Violation(
                .acknowledgedIsDurable, "\(id) tells \(message.term), its disk knows \(disk.hardState.term)")
        }
        return nil
    }

    mutating func writeOldest(setting: ModelSetting, output: inout StepOutput) {
        guard let request = disk.waiting.first else { return }
        if let problem = disk.writeOldest() {
            output.violation = problem
            return
        }
        step(.persisted(sequence: request.sequence), setting: setting, output: &output)
    }

    func encode(into encoder: inout ExplorationEncoder) {
        core.encode(into: &encoder)
        disk.encode(into: &encoder)
        encoder.number(starts)
    }
}
