/// `mneme drill freshness`: what is written through one node is at once so for a recall through another.
///
/// Owns: its flags.
import ArgumentParser
import Client
import Operations

struct FreshnessDrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshness",
        abstract: "Store, update and delete through one node, recall through another at once: no miss, no ghost.",
        discussion: """
            mneme drill freshness
            mneme drill freshness --rounds 1000 --clients 16 --seed 7
            mneme drill freshness --rounds 1000 --consistency stale     # fails: shows what the drill sees

            Real nodes, with the embedding model of this machine if there is one, else by words alone. Every client works
            in memories of its own, all in the same namespaces. Exit code 1 on any memory that is not found, or is found
            although it was deleted or changed. With more clients than a machine can
            compute vectors for in a tenth of a second, nodes put vectors off.
            """)

    @Option(name: .long, help: "1 to 10000000.")
    var rounds = 10_000
    @Option(name: .long, help: "2 to 9.")
    var nodes = 3
    @Option(name: .long, help: "Concurrent clients, 1 to 256.")
    var clients = 8
    @Option(name: .long, help: "Of what is drawn; a new one unless given, and printed.")
    var seed: UInt64?
    @Option(name: .long, help: "Of the recalls: linearizable, lease or stale.")
    var consistency: Consistency = .linearizable
    @Option(name: .long, help: "Where data and logs go, and stay; a temporary one that is removed unless given.")
    var directory: String?
    @Flag(name: .long, help: "One line of JSON at the end instead of the summary.")
    var json = false
    @Flag(name: .long, help: "Keep the temporary directory with data and logs.")
    var keep = false

    func validate() throws {
        guard (1...10_000_000).contains(rounds) else {
            throw ValidationError("--rounds must be 1 to 10000000 (got \(rounds))")
        }
        guard (2...9).contains(nodes) else { throw ValidationError("--nodes must be 2 to 9 (got \(nodes))") }
        guard (1...256).contains(clients) else {
            throw ValidationError("--clients must be 1 to 256 (got \(clients))")
        }
    }

    func run() async throws {
        let run = FreshnessRun.Options(
            rounds: rounds, clients: clients, seed: seed ?? UInt64.random(in: 0...999_999_999),
            consistency: consistency)
        let options = FreshnessDrill.Options(
            run: run, nodes: nodes, directory: directory, printsJSON: json, keepsDirectory: keep)
        let code = await FreshnessDrill(options: options).run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}
