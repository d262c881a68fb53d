/// `mneme-sim`: whole nodes on virtual time, one seed per run. Owns nothing but its flags.
import ArgumentParser
import Simulator

@main
struct MnemeSim: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneme-sim",
        abstract: "Simulate whole clusters on virtual time, with faults, and judge what they did.",
        discussion: """
            mneme-sim run --seeds 1..1000
            mneme-sim run --seeds 1..1000 --profile member --jobs 2
            mneme-sim --seed 17 --profile swarm --trace
            mneme-sim shrink --seed 17 --profile swarm

            One seed is one run: the same seed, profile and build give the same event hash.
            Exit codes: 0 clean, 3 unrecoverable by design, 127 crash, 128 liveness, 129 correctness.
            """,
        subcommands: [
            ReplayCommand.self, RunCommand.self, WorkCommand.self, ShrinkCommand.self, DeterminismCommand.self,
            BenchCommand.self, LedgerCommand.self, StoreCommand.self, ExploreCommand.self, ScenarioCommand.self,
            MutantsCommand.self,
        ] + MutantsCommand.workers,
        defaultSubcommand: ReplayCommand.self)
}

/// The seeds of a campaign, `a..b`, both ends included.
struct SeedRange: ExpressibleByArgument {
    var first: UInt64
    var last: UInt64
    var count: UInt64 { last - first + 1 }

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: true)
        guard let first = parts.first.flatMap({ UInt64($0) }), let last = parts.last.flatMap({ UInt64($0) }),
            parts.count <= 2, first <= last
        else { return nil }
        self.first = first
        self.last = last
    }
    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }
}

extension Profile: ExpressibleByArgument {}

struct PlanFlags: ParsableArguments {
    @Option(help: "tiny, swarm, member, storage, liveness, long or idle; without it each seed draws one.")
    var profile: Profile?
    @Option(help: "Kinds of faults that do not happen, separated by commas.")
    var without: String?
    @Flag(help: "No crash follows anything the protocol does.")
    var withoutTriggers = false
    @Flag(help: "Sizes and switches as in a plain cluster.")
    var withoutKnobs = false
    @Flag(help: "Every node has this build from the beginning.")
    var withoutOlderBuilds = false
    @Flag(help: "A quick network that loses nothing but what faults take.")
    var withoutNetworkTrouble = false
    @Option(help: "Founding members.")
    var nodes: Int?
    @Option(help: "Clients.")
    var clients: Int?
    @Option(help: "Requests of all clients together.")
    var requests: Int?
    @Option(help: "No fault begins after this many milliseconds.")
    var faultsEnd: UInt64?
    @Option(help: "Numbers of planned faults that do not happen, separated by commas.")
    var drop: String?
    @Option(help: "Numbers of triggered crashes that do not happen, separated by commas.")
    var dropTriggers: String?

    func changes() throws -> PlanChanges {
        var changes = PlanChanges()
        for word in (without ?? "").split(separator: ",") {
            guard let kind = FaultKind(rawValue: String(word)) else {
                throw ValidationError("--without: there is no fault \(word)")
            }
            changes.withoutFaults.append(kind)
        }
        changes.withoutTriggers = withoutTriggers
        changes.withoutKnobs = withoutKnobs
        changes.withoutOlderBuilds = withoutOlderBuilds
        changes.withoutNetworkTrouble = withoutNetworkTrouble
        if let nodes, !(1...9).contains(nodes) { throw ValidationError("--nodes must be 1 to 9 (got \(nodes))") }
        if let clients, !(1...64).contains(clients) {
            throw ValidationError("--clients must be 1 to 64 (got \(clients))")
        }
        changes.nodes = nodes
        changes.clients = clients
        changes.requests = requests
        changes.faultsEndMilliseconds = faultsEnd
        changes.droppedFaults = try numbers(drop, "--drop")
        changes.droppedTriggers = try numbers(dropTriggers, "--drop-triggers")
        return changes
    }

    private func numbers(_ text: String?, _ name: String) throws -> [Int] {
        try (text ?? "").split(separator: ",").map { word in
            guard let number = Int(word) else { throw ValidationError("\(name): \(word) is no number") }
            return number
        }
    }

    func plan(seed: UInt64) throws -> Plan {
        var plan = Plan.drawn(seed: seed, profile: profile ?? Profile.mixed(seed: seed))
        try changes().apply(to: &plan)
        return plan
    }
}
