/// The shortest way to a state, told event by event.
///
/// Owns: finding it again: a state's number leads to its parent's, and expanding each parent once more shows the event.

import RaftCore

extension Explorer {
    /// The events up to state `number` and then `lastEvent`, which broke a promise.
    mutating func trace(to number: UInt32, lastEvent: ClusterEvent) -> [String] {
        var path: [UInt32] = []
        var place = number
        while place != 0 {
            path.append(place)
            place = visited.parents[Int(place)]
        }
        var lines: [String] = []
        do {
            row = try firstRow()
            lines.append("0. start: \(rowText(row))")
            for (step, wantedNumber) in path.reversed().enumerated() {
                wanted = visited.keys[Int(wantedNumber)]
                found = nil
                // A violation beside the way is of no interest here; the state looked for comes before or after it.
                do { try expand() } catch { _ = error }
                guard let (nextRow, event) = found else {
                    lines.append("\(step + 1). (the event is beyond a violation; the state cannot be shown)")
                    break
                }
                row = nextRow
                lines.append("\(step + 1). \(text(of: event))\n     \(nodeText(row[event.place]))")
            }
        } catch {
            lines.append("the start breaks \(error)")
        }
        lines.append("\(path.count + 1). \(text(of: lastEvent))")
        lines.append("state before it: \(rowText(row))")
        return lines
    }

    public var statesSoFar: Int { visited.count }

    /// The way to where the exploration stands at this moment, for use when the core itself stops the process.
    public mutating func traceToHere() -> [String] { trace(to: rowNumber, lastEvent: event) }

    // MARK: Words

    private func text(of event: ClusterEvent) -> String {
        let node = "n\(event.place + 1)"
        switch event.event {
        case .deliver:
            let copy = event.isDuplicate ? " (and the network keeps a copy)" : ""
            return "\(node) receives \(messageText(nodes.messages[event.parameter]))\(copy)"
        case .electionTimeout where event.helpers != 0:
            let helpers = (0..<nodeCount).filter { event.helpers >> UInt32($0) & 1 == 1 }.map { "n\($0 + 1)" }
            return "\(node) stands, heard only by \(helpers.joined(separator: " and "))"
        case .electionTimeout: return "\(node) has waited long enough"
        case .leaderSilence: return "\(node) has not heard its leader for an election timeout"
        case .heartbeat: return "\(node) sends heartbeats"
        case .probeAgain: return "\(node) repeats its unanswered probes"
        case .leaderTick: return "a tick passes at \(node)"
        case .transferDeadline: return "\(node) has tried long enough to hand over"
        case .quorumCheck: return "\(node) asks itself whether a quorum answers"
        case .giveUp: return "\(node) gives up on what was not answered"
        case .propose: return "a client proposes command \(event.parameter) at \(node)"
        case .change: return "\(node) is asked for \(setting.changes[Int(event.parameter)])"
        case .read: return "a client reads (\(event.parameter)) at \(node)"
        case .transfer: return "\(node) is asked to hand over to n\(event.parameter)"
        case .write: return "the oldest write of \(node) is durable"
        case .restart: return "\(node) ends, keeping \(event.parameter) of its writes under way, and starts again"
        }
    }

    private func messageText(_ message: Message) -> String {
        let from = "from \(message.from) in \(message.term)"
        switch message.body {
        case .preVoteRequest(let request): return "preVoteRequest(last \(request.last)) \(from)"
        case .preVoteReply(let reply): return "preVoteReply(\(reply.granted ? "yes" : "no")) \(from)"
        case .voteRequest(let request):
            return "voteRequest(last \(request.last)\(request.isTransfer ? ", transfer" : "")) \(from)"
        case .voteReply(let reply): return "voteReply(\(reply.granted ? "yes" : "no")) \(from)"
        case .append(let request):
            let entries = request.entries.map { "\($0.position)" }.joined(separator: " ")
            return "append(after \(request.previous): [\(entries)], commit \(request.commit)) \(from)"
        case .appendReply(let reply): return "appendReply(\(reply.result)) \(from)"
        case .heartbeat(let beat): return "heartbeat(commit \(beat.commit), round \(beat.round)) \(from)"
        case .heartbeatReply(let reply): return "heartbeatReply(round \(reply.round)) \(from)"
        default: return "\(message.body) \(from)"
        }
    }

    private func nodeText(_ number: UInt32) -> String {
        let facts = nodes.facts[Int(number)]
        let log = facts.log.map { number in
            let entry = nodes.entries[number]
            switch entry.kind {
            case .noop: return "\(entry.term)"
            case .command: return "\(entry.term)c\(entry.payload.first ?? 0)"
            case .configuration: return "\(entry.term)C"
            }
        }
        let durable = facts.durableLog == facts.log ? "" : ", on disk \(facts.durableLog.count) entries"
        var text = "\(facts.id) \(facts.role.rawValue) \(facts.term) log [\(log.joined(separator: " "))]"
        text += " commit \(facts.commit)\(durable)"
        if !setting.changes.isEmpty {
            let voters = facts.configuration.voters.map { "\($0.rawValue)" }.joined(separator: ",")
            let outgoing = facts.configuration.outgoing.map { "\($0.rawValue)" }.joined(separator: ",")
            text += " voters {\(voters)}" + (outgoing.isEmpty ? "" : " and {\(outgoing)}")
        }
        return text
    }

    private func rowText(_ row: [UInt32]) -> String {
        row.prefix(nodeCount).map { nodeText($0) }.joined(separator: " | ")
    }
}
