/// The commands of dialogues. Nodes are named by their numbers.
///
///     cluster 3 [election=10 heartbeat=2 tail=500 append=200]   logs of a new cluster: `log 1 terms=1,1,2 term=3 vote=2`
///     campaign N · forget N… (a leader it heard) · tick N [times] · propose N [count] · read N · transfer N M
///     rounds N [times] (a tick, and everything settles)
///     add N id… · remove N id… · promote N id… (asked of N) · join (a new process)
///     deliver | drop [from=N] [to=N] [type=append] · write N · apply N · work · settle · quiet COMMAND
///     isolate N… · heal · crash N · restart N · compact N [keeping]
///     status [N] · log [N] · peers N · network · members [N]

@testable import RaftCore

extension Dialogue {
    mutating func run(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        guard let command = words.first else { return }
        let plain = words.dropFirst().filter { !$0.contains("=") }
        var options: [String: String] = [:]
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { options[parts[0]] = parts[1] }
        }
        if command == "quiet" {
            isQuiet = true
            defer { isQuiet = false }
            return try run(words.dropFirst().joined(separator: " "))
        }
        let numbers = try plain.map { try number($0, in: line) }
        if try !runEvent(command, numbers, options, line), try !runSetting(command, numbers, options, line) {
            try runQuestion(command, numbers, line)
        }
    }

    private func number(_ text: String, in line: String) throws -> Int {
        guard let value = Int(text) else { throw DialogueScript.Problem(description: "\(text) is no number: \(line)") }
        return value
    }

    private func place(_ numbers: [Int], _ position: Int = 0, in line: String) throws -> Int {
        guard numbers.indices.contains(position), cluster.nodes.indices.contains(numbers[position] - 1) else {
            throw DialogueScript.Problem(description: "which node? \(line)")
        }
        return numbers[position] - 1
    }

    // MARK: what happens

    private mutating func runEvent(
        _ command: String, _ numbers: [Int], _ options: [String: String], _ line: String
    ) throws -> Bool {
        switch command {
        case "campaign":
            let node = try place(numbers, in: line)
            event("n\(node + 1) has waited long enough") {
                $0.nodes[node].core.electionElapsedTicks = $0.nodes[node].core.electionDeadlineTicks - 1
                $0.tick(node)
            }
        case "tick":
            let node = try place(numbers, in: line)
            for _ in 0..<(numbers.count > 1 ? numbers[1] : 1) {
                event("tick of n\(node + 1)", isTold: false) { $0.tick(node) }
            }
        case "rounds":
            let node = try place(numbers, in: line)
            for _ in 0..<(numbers.count > 1 ? numbers[1] : 1) {
                event("tick of n\(node + 1)", isTold: false) { $0.tick(node) }
                settle()
            }
        case "propose":
            let node = try place(numbers, in: line)
            for _ in 0..<(numbers.count > 1 ? numbers[1] : 1) { event("\(line)") { $0.propose(node) } }
        case "read":
            let node = try place(numbers, in: line)
            event("\(line), number \(cluster.nextRead)") { $0.read(node) }
        case "transfer":
            let node = try place(numbers, in: line)
            let target = NodeID(UInt64(try place(numbers, 1, in: line) + 1))
            event(line) { $0.step(node, .transferLeadership(target: target)) }
        case "add", "remove", "promote": try change(command, numbers, line)
        case "deliver", "drop": try network(command, options, line)
        case "write": write(try place(numbers, in: line))
        case "apply": apply(try place(numbers, in: line))
        case "work": _ = work()
        case "settle": settle()
        default: return false
        }
        return true
    }

    private mutating func change(_ command: String, _ numbers: [Int], _ line: String) throws {
        let node = try place(numbers, in: line)
        let ids = numbers.dropFirst().map { UInt64($0) }
        let change =
            switch command {
            case "add": MembershipChange(add: ids.map { cluster.joiner($0) })
            case "promote": MembershipChange(promote: ids.map { NodeID($0) })
            default: MembershipChange(remove: ids.map { NodeID($0) })
            }
        event(line) { $0.change(node, change) }
    }

    /// Messages that are under way now and fit; not those that come of them.
    private mutating func network(_ command: String, _ options: [String: String], _ line: String) throws {
        let from = try options["from"].map { NodeID(UInt64(try number($0, in: line))) }
        let to = try options["to"].map { NodeID(UInt64(try number($0, in: line))) }
        var place = 0
        var left = cluster.network.count
        while left > 0 {
            left -= 1
            let message = cluster.network[place]
            let fits =
                (from ?? message.from) == message.from && (to ?? message.to) == message.to
                && (options["type"] ?? DialogueText.name(message.body)) == DialogueText.name(message.body)
            guard fits else {
                place += 1
                continue
            }
            if command == "deliver" {
                deliver(place)
            } else {
                cluster.network.remove(at: place)
                if !isQuiet { say("lost: \(DialogueText.message(message))") }
            }
        }
    }

    // MARK: what is arranged

    private mutating func runSetting(
        _ command: String, _ numbers: [Int], _ options: [String: String], _ line: String
    ) throws -> Bool {
        switch command {
        case "cluster":
            guard let count = numbers.first, (1...9).contains(count) else {
                throw DialogueScript.Problem(description: "a cluster of 1 to 9 nodes: \(line)")
            }
            func option(_ name: String, _ standard: Int) throws -> Int {
                try options[name].map { try number($0, in: line) } ?? standard
            }
            cluster = TestCluster(
                nodes: count,
                options: CoreOptions(
                    heartbeatTicks: try option("heartbeat", 2), electionTimeoutTicks: try option("election", 10),
                    appendBytesMax: try option("append", 1 << 20), tailBytesMax: try option("tail", 1 << 20)))
        case "log": return try setLog(numbers, options, line)
        case "forget":
            // Time passes for them without their hearing of anybody, and without their standing either.
            for position in numbers.indices {
                let node = try place(numbers, position, in: line)
                cluster.nodes[node].core.electionElapsedTicks = cluster.nodes[node].options.electionTimeoutTicks
            }
        case "join": say("n\(cluster.startJoiner() + 1) knows no cluster yet")
        case "isolate": for position in numbers.indices { cluster.isolate(try place(numbers, position, in: line)) }
        case "heal": cluster.heal()
        case "crash": cluster.crash(try place(numbers, in: line))
        case "restart":
            let node = try place(numbers, in: line)
            event("n\(node + 1) starts") { $0.restart(node) }
        case "compact":
            let node = try place(numbers, in: line)
            event(line) { $0.compact(node, keeping: numbers.count > 1 ? numbers[1] : 0) }
        default: return false
        }
        return true
    }

    /// `log N terms=…` gives a node that just was made a past; without terms it is a question.
    private mutating func setLog(_ numbers: [Int], _ options: [String: String], _ line: String) throws -> Bool {
        guard let terms = options["terms"] else { return false }
        let node = try place(numbers, in: line)
        let values = try terms.split(separator: ",").map { UInt64(try number(String($0), in: line)) }
        cluster.nodes[node].isRunning = false
        cluster.nodes[node].disk = disk(
            terms: values, term: try options["term"].map { UInt64(try number($0, in: line)) },
            vote: try options["vote"].map { NodeID(UInt64(try number($0, in: line))) })
        cluster.restart(node)
        return true
    }

    // MARK: what is asked

    private mutating func runQuestion(_ command: String, _ numbers: [Int], _ line: String) throws {
        let places =
            try numbers.isEmpty
            ? Array(cluster.nodes.indices) : numbers.indices.map { try place(numbers, $0, in: line) }
        switch command {
        case "status": for place in places { say(DialogueText.status(cluster.nodes[place])) }
        case "log": for place in places { say(DialogueText.log(cluster.nodes[place])) }
        case "peers": for place in places { for peer in DialogueText.peers(cluster.nodes[place]) { say(peer) } }
        case "members":
            for place in places {
                say("n\(place + 1) \(DialogueText.configuration(cluster.nodes[place].core.configuration))")
            }
        case "network":
            for message in cluster.network { say(DialogueText.message(message)) }
        default: throw DialogueScript.Problem(description: "unknown command: \(line)")
        }
    }
}
