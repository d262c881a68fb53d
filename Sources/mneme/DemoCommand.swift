/// `mneme demo` and `mneme drill`: the store under a kill -9, told or measured.
///
/// Owns: their flags.
import ArgumentParser
import Operations

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Three nodes, real text, a leader killed in the middle, and the proof that nothing was lost.",
        discussion: """
            mneme demo
            mneme demo --memories 2000

            Runs in a fresh temporary directory on free ports and removes it afterwards. Exit code 1 when an
            acknowledged memory is missing anywhere.
            """)

    @Option(name: .long, help: "How many memories to store at most.")
    var memories = 600
    @Flag(name: .long, help: "Keep the directory with data and logs.")
    var keep = false

    func validate() throws {
        guard (60...100_000).contains(memories) else {
            throw ValidationError("--memories must be 60 to 100000 (got \(memories))")
        }
    }

    func run() async throws {
        let code = await Demo(options: Demo.Options(memories: memories, keepsDirectory: keep)).run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}

struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Break a cluster on purpose and check that it kept its promises.",
        subcommands: [
            KillLeaderCommand.self, MembershipDrillCommand.self, UpgradeDrillCommand.self, FreshnessDrillCommand.self,
        ])
}

struct KillLeaderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill-leader",
        abstract: "kill -9 the leader under load, again and again.",
        discussion: """
            mneme drill kill-leader --repetitions 20
            mneme drill kill-leader --repetitions 3 --writers 32 --json

            Exit code 1 on any lost, changed or doubled write, or when the nodes' states differ.
            """)

    @Option(name: .long, help: "1 to 1000.")
    var repetitions = 20
    @Option(name: .long, help: "Concurrent writers, 1 to 256.")
    var writers = 12
    @Option(name: .long, help: "Writes acknowledged before each kill, and again after it.")
    var writes = 200
    @Flag(name: .long, help: "One line of JSON at the end instead of the table.")
    var json = false
    @Flag(name: .long, help: "Keep the directory with data and logs.")
    var keep = false

    func validate() throws {
        guard (1...1000).contains(repetitions) else {
            throw ValidationError("--repetitions must be 1 to 1000 (got \(repetitions))")
        }
        guard (1...256).contains(writers) else { throw ValidationError("--writers must be 1 to 256 (got \(writers))") }
        guard (1...100_000).contains(writes) else {
            throw ValidationError("--writes must be 1 to 100000 (got \(writes))")
        }
    }

    func run() async throws {
        let options = KillLeaderDrill.Options(
            repetitions: repetitions, writers: writers, writesPerPhase: writes, printsJSON: json, keepsDirectory: keep)
        let code = await KillLeaderDrill(options: options).run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}
