/// `mneme cluster members`, `add`, `remove`, `replace`, `promote`, `priority` and `transfer`.
///
/// Owns: their flags. Exit code 1 also when a change is not finished within `--wait`: it goes on by itself.
import ArgumentParser
import Client
import Operations

/// What all changes take.
struct ChangeArguments: ParsableArguments {
    @Option(name: .long, help: "Seconds to wait until the change is finished; 0: until it is begun.")
    var wait = 60
    @OptionGroup var client: ClientArguments

    func validate() throws {
        guard (0...600).contains(wait) else { throw ValidationError("--wait must be 0 to 600 seconds (got \(wait))") }
    }

    var waitMilliseconds: Int64 { Int64(wait) * 1000 }

    /// Prints the answer and ends with its exit code.
    func report(_ answer: MembershipAnswer, _ what: String) throws {
        if client.json { Output.json(answer.document.text) } else { print(MembershipText.outcome(answer, what)) }
        if !answer.isFinished, wait > 0 { throw ExitCode(ExitStatus.failure) }
    }
}

struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members",
        abstract: "Show who belongs to the cluster, and how far each is.",
        discussion: """
            mneme cluster members --endpoints 127.0.0.1:9077,127.0.0.1:9078,127.0.0.1:9079
            mneme cluster members --json

            MATCH, LAG and CONTACT are known to the leader only: name it among the endpoints to see them.
            """)

    @OptionGroup var client: ClientArguments

    func run() async throws {
        let cluster = try await client.client().members(fromLeader: true)
        if client.json { Output.json(cluster.document.text) } else { print(MembershipText.table(cluster)) }
    }
}

struct AddMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Admit a node; it votes as soon as it has caught up.",
        discussion: """
            mneme cluster add 10.0.0.4:9177
            mneme cluster add 10.0.0.4:9177 --learner --wait 0

            Then start it there with the same address:
              mneme serve --join http://10.0.0.1:9077 --advertise 10.0.0.4:9177
            Starting it that way is enough: --join admits a node that was not added before.
            """)

    @Argument(help: "HOST:PORT of the new node's Raft listener, as all others will dial it.")
    var address: String
    @Option(name: .customLong("id"), help: "Its node id; the next free one unless given. Ids are never used twice.")
    var nodeID: UInt64?
    @Option(name: .long, help: "0 to 255; voters of the highest priority lead when they can. (default: 100)")
    var priority: UInt8?
    @Flag(name: .long, help: "It stays a learner until it is promoted.")
    var learner = false
    @OptionGroup var change: ChangeArguments

    func run() async throws {
        let answer = try await change.client.client().addMember(
            NewMember(id: nodeID, address: address, priority: priority, isLearner: learner),
            waitMilliseconds: change.waitMilliseconds)
        try change.report(answer, "node \(answer.ids.first.map { "\($0)" } ?? "?") at \(address) is added")
    }
}

struct RemoveMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove nodes, the leader too; each stops by itself once it is out.",
        discussion: """
            mneme cluster remove 3
            mneme cluster remove 4 5

            Several at once leave in one step, which needs a majority of those that stay. A removed id is never used again.
            """)

    @Argument(help: "Node ids.")
    var nodeIDs: [UInt64]
    @OptionGroup var change: ChangeArguments

    func run() async throws {
        let client = try change.client.client()
        let answer =
            nodeIDs.count == 1
            ? try await client.removeMember(nodeIDs[0], waitMilliseconds: change.waitMilliseconds)
            : try await client.changeMembers(remove: nodeIDs, waitMilliseconds: change.waitMilliseconds)
        let names = nodeIDs.map { "\($0)" }.joined(separator: ", ")
        try change.report(answer, "node \(names) removed")
    }
}

struct ReplaceMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Admit a node in the place of another, which leaves when the new one votes.",
        discussion: """
            mneme cluster replace 3 10.0.0.4:9177

            Then start the new one there:
              mneme serve --join http://10.0.0.1:9077 --advertise 10.0.0.4:9177 --replaces 3
            which is enough by itself. The old one need not run; the new one may have its address.
            """)

    @Argument(help: "Id of the voter that leaves.")
    var nodeID: UInt64
    @Argument(help: "HOST:PORT of the new node's Raft listener.")
    var address: String
    @Option(name: .long, help: "0 to 255. (default: 100)")
    var priority: UInt8?
    @OptionGroup var change: ChangeArguments

    func run() async throws {
        let answer = try await change.client.client().addMember(
            NewMember(address: address, priority: priority, replaces: nodeID),
            waitMilliseconds: change.waitMilliseconds)
        let new = answer.ids.first.map { "\($0)" } ?? "?"
        try change.report(answer, "node \(new) at \(address) replaces node \(nodeID)")
    }
}

struct PromoteMemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Make a learner a voter.",
        discussion: """
            mneme cluster promote 4

            Refused while it has not caught up with the leader.
            """)

    @Argument(help: "Id of the learner.")
    var nodeID: UInt64
    @OptionGroup var change: ChangeArguments

    func run() async throws {
        let answer = try await change.client.client().promoteMember(
            nodeID, waitMilliseconds: change.waitMilliseconds)
        try change.report(answer, "node \(nodeID) promoted")
    }
}

struct PriorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "priority",
        abstract: "Say who should lead.",
        discussion: """
            mneme cluster priority 1 200

            Voters of the highest priority lead when they can; everybody begins with 100.
            """)

    @Argument(help: "Node id.")
    var nodeID: UInt64
    @Argument(help: "0 to 255.")
    var priority: UInt8
    @OptionGroup var change: ChangeArguments

    func run() async throws {
        let answer = try await change.client.client().changeMembers(
            priorities: [nodeID: priority], waitMilliseconds: change.waitMilliseconds)
        try change.report(answer, "node \(nodeID) has priority \(priority)")
    }
}

struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Move leadership to another voter.",
        discussion: """
            mneme cluster transfer
            mneme cluster transfer 2

            Without an id to the fittest. Writes pause for about a round trip; none is lost.
            """)

    @Argument(help: "Id of the voter that is to lead.")
    var nodeID: UInt64?
    @Option(name: .long, help: "Seconds until it counts as failed, 1 to 600.")
    var wait = 10
    @OptionGroup var client: ClientArguments

    func validate() throws {
        guard (1...600).contains(wait) else { throw ValidationError("--wait must be 1 to 600 seconds (got \(wait))") }
    }

    func run() async throws {
        let answer = try await client.client().transferLeadership(to: nodeID, waitMilliseconds: Int64(wait) * 1000)
        if client.json {
            Output.json(answer.document.text)
        } else {
            print("done: node \(answer.leaderID) leads in term \(answer.term), after \(answer.milliseconds) ms")
        }
    }
}
