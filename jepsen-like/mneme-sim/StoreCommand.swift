/// Whole clusters over the real SQLite store on simulated disks. Owns its flags and the sum.
import ArgumentParser
import StoreSimulation

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Run clusters over the real SQLite store on simulated disks.",
        discussion: """
            Every node's database lives on the same simulated disk as its log: power cuts, kills, failing and filling \
            disks meet both. At the end every store passes SQLite's integrity check, the full-text index equals the \
            rows, and all nodes hold equal content.
            """)

    @Option(help: "Seeds, a..b.")
    var seeds = SeedRange(first: 1, last: 20)
    @Option(help: "Nodes.")
    var nodes = 3
    @Option(help: "Simulated seconds under faults, each seed.")
    var seconds: UInt64 = 12

    func validate() throws {
        guard (1...9).contains(nodes) else { throw ValidationError("--nodes must be 1 to 9 (got \(nodes))") }
        guard (1...3_600).contains(seconds) else {
            throw ValidationError("--seconds must be 1 to 3600 (got \(seconds))")
        }
    }

    func run() throws {
        var counts: [StoreLedger.Count: Int] = [:]
        var virtualNanoseconds: UInt64 = 0
        var failed = 0
        for seed in seeds.first...seeds.last {
            let run = StoreRun(seed: seed, nodeCount: nodes, faultNanoseconds: seconds * 1_000_000_000)
            let outcome = try run.perform()
            virtualNanoseconds += outcome.virtualNanoseconds
            for (what, count) in outcome.counts { counts[what, default: 0] += count }
            guard !outcome.findings.isEmpty else { continue }
            failed += 1
            for finding in outcome.findings.prefix(5) { print("seed \(seed): \(finding)") }
            print("again: mneme-sim store --seeds \(seed)..\(seed) --nodes \(nodes) --seconds \(seconds)")
        }
        let sums = StoreLedger.Count.allCases.map { "\($0.rawValue) \(counts[$0, default: 0])" }
        print(
            "store seeds \(seeds.first)..\(seeds.last): \(failed) failed, \(virtualNanoseconds / 1_000_000_000) "
                + "simulated s; " + sums.joined(separator: ", "))
        if failed > 0 { throw ExitCode(129) }
    }
}
