/// Plays a dialogue: carries out commands on a `TestCluster` and tells what came of them.
///
/// Owns: the trace. Must never: let anything happen that no command asked for.

@testable import RaftCore

struct Dialogue {
    var cluster = TestCluster()
    private(set) var output: [String] = []
    var isQuiet = false

    static func play(_ script: DialogueScript) throws -> [[String]] {
        var dialogue = Dialogue()
        return try script.blocks.map { block in
            dialogue.output = []
            for command in block.commands { try dialogue.run(command) }
            return dialogue.output.isEmpty ? ["nothing"] : dialogue.output
        }
    }

    mutating func say(_ line: String) { output.append(line) }

    // MARK: single events, with what they lead to

    /// What can change in one step.
    private struct Mark {
        var messages: Int
        var problems: Int
        var nodes:
            [(
                roles: Int, configurations: Int, commit: LogIndex, writes: UInt64, ready: Int, refusedReads: Int,
                refusedProposals: Int, snapshots: Int, isRemoved: Bool
            )]
    }

    private var mark: Mark {
        Mark(
            messages: cluster.network.count, problems: cluster.problems.count,
            nodes: cluster.nodes.map {
                (
                    $0.roles.count, $0.configurations.count, $0.core.commit, $0.core.nextSequence, $0.ready.count,
                    $0.readsRefused.count, $0.proposalsRefused.count, $0.snapshotsOwed.count, $0.wasToldOfRemoval
                )
            })
    }

    /// Does something and tells, below `title`, what it changed. Events that change nothing are told only if `isTold`.
    mutating func event(_ title: String, isTold: Bool = true, _ body: (inout TestCluster) -> Void) {
        let before = mark
        body(&cluster)
        var lines: [String] = []
        for place in cluster.nodes.indices where place < before.nodes.count {
            lines += changes(of: cluster.nodes[place], since: before.nodes[place]).map {
                "  \(cluster.nodes[place].id) \($0)"
            }
        }
        let found = cluster.problems.dropFirst(before.problems).map { "BROKEN: \($0)" }
        if !isQuiet && (isTold || !lines.isEmpty) { output += [title] + lines }
        output += found
    }

    private func changes(
        of node: TestNode,
        since before: (
            roles: Int, configurations: Int, commit: LogIndex, writes: UInt64, ready: Int, refusedReads: Int,
            refusedProposals: Int, snapshots: Int, isRemoved: Bool
        )
    ) -> [String] {
        var lines: [String] = []
        for role in node.roles.dropFirst(before.roles) {
            lines.append("is \(role.role) \(role.term), leader \(role.leader?.description ?? "-")")
        }
        for configuration in node.configurations.dropFirst(before.configurations) {
            lines.append("goes by \(DialogueText.configuration(configuration))")
        }
        for request in node.disk.waiting where request.sequence >= before.writes {
            lines.append("writes \(DialogueText.write(request))")
        }
        if node.isRunning, node.core.commit > before.commit { lines.append("commits \(node.core.commit.rawValue)") }
        if node.ready.count > before.ready {
            let newest = node.ready.keys.sorted().suffix(node.ready.count - before.ready)
            for read in newest {
                if let index = node.ready[read] { lines.append("may read \(read.rawValue) at \(index.rawValue)") }
            }
        }
        if node.readsRefused.count > before.refusedReads {
            let reasons = node.readsRefused.keys.sorted().suffix(node.readsRefused.count - before.refusedReads)
            for read in reasons {
                if let reason = node.readsRefused[read] { lines.append("refuses read \(read.rawValue): \(reason)") }
            }
        }
        if node.proposalsRefused.count > before.refusedProposals {
            let newest = node.proposalsRefused.keys.sorted { $0.nonce < $1.nonce }
            for id in newest.suffix(node.proposalsRefused.count - before.refusedProposals) {
                if let reason = node.proposalsRefused[id] { lines.append("refuses proposal \(id): \(reason)") }
            }
        }
        if node.snapshotsOwed.count > before.snapshots {
            lines += node.snapshotsOwed.suffix(node.snapshotsOwed.count - before.snapshots).map {
                "owes \($0) a snapshot"
            }
        }
        if node.wasToldOfRemoval && !before.isRemoved { lines.append("was removed") }
        return lines
    }

    mutating func deliver(_ place: Int) {
        let message = cluster.network[place]
        let isLost = cluster.isCut(message) || !cluster.nodes[cluster.place(of: message.to)].isActive
        let title = DialogueText.message(message) + (isLost ? " ✗" : "")
        event(title) { $0.deliver(place) }
    }

    mutating func write(_ place: Int) {
        guard !cluster.nodes[place].disk.waiting.isEmpty else { return }
        event("\(cluster.nodes[place].id) has written", isTold: false) { $0.write(place) }
    }

    mutating func apply(_ place: Int) {
        guard let last = cluster.nodes[place].toApply.last else { return }
        event("\(cluster.nodes[place].id) has applied \(last.index.rawValue)", isTold: false) { $0.apply(place) }
    }

    mutating func load(_ place: Int) {
        guard let load = cluster.nodes[place].loads.first else { return }
        event("\(cluster.nodes[place].id) has read from \(load.from.rawValue) on for \(load.peer)") { $0.load(place) }
    }

    mutating func sendSnapshot(_ place: Int) {
        guard let peer = cluster.nodes[place].snapshotsOwed.first else { return }
        let position = DialogueText.position(cluster.nodes[place].appliedPosition)
        event("\(cluster.nodes[place].id) → \(peer) snapshot of \(position)") { $0.sendSnapshot(place) }
    }

    /// All local work of everybody that can be done now.
    mutating func work() -> Bool {
        var worked = false
        for place in cluster.nodes.indices where cluster.nodes[place].isActive {
            let node = cluster.nodes[place]
            if node.disk.waiting.isEmpty && node.toApply.isEmpty && node.loads.isEmpty && node.snapshotsOwed.isEmpty {
                continue
            }
            worked = true
            write(place)
            apply(place)
            load(place)
            sendSnapshot(place)
        }
        return worked
    }

    /// Lets everything under way happen, in order, until nothing is left; time stands still.
    mutating func settle() {
        for _ in 0..<2_000 {
            if !cluster.network.isEmpty {
                deliver(0)
            } else if !work() {
                return
            }
        }
        say("BROKEN: it does not come to rest")
    }
}
