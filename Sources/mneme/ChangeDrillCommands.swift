/// `mneme drill membership` and `mneme drill upgrade`: a cluster that is changed under load.
///
/// Owns: their flags.
import ArgumentParser
import Operations

struct ChangeDrillFlags: ParsableArguments {
    @Option(name: .long, help: "Concurrent writers, 1 to 256.")
    var writers = 8
    @Option(name: .long, help: "Concurrent readers, 1 to 256.")
    var readers = 5
    @Option(name: .long, help: "Writes acknowledged after each step before the next.")
    var writes = 200
    @Flag(name: .long, help: "One line of JSON at the end instead of the table.")
    var json = false
    @Flag(name: .long, help: "Keep the directory with data and logs.")
    var keep = false

    func validate() throws {
        guard (1...256).contains(writers) else { throw ValidationError("--writers must be 1 to 256 (got \(writers))") }
        guard (1...256).contains(readers) else { throw ValidationError("--readers must be 1 to 256 (got \(readers))") }
        guard (1...100_000).contains(writes) else {
            throw ValidationError("--writes must be 1 to 100000 (got \(writes))")
        }
    }

    var options: ChangeDrillOptions {
        ChangeDrillOptions(
            writers: writers, readers: readers, writesPerStep: writes, printsJSON: json, keepsDirectory: keep)
    }
}

struct MembershipDrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "membership",
        abstract: "Change all of a cluster under load: two nodes join, two leave, one is replaced.",
        discussion: """
            mneme drill membership
            mneme drill membership --writers 16 --writes 1000 --json

            Five real nodes under continuous writes and linearizable reads through all of them; one of those removed is the
            leader. Exit code 1 on any wrong or failed read, on any lost, changed or doubled write, or when a step fails.
            """)

    @OptionGroup var flags: ChangeDrillFlags

    func run() async throws {
        let code = await MembershipDrill(options: flags.options).run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}

struct UpgradeDrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade",
        abstract: "Bring a cluster of another build to this one, node by node, under load.",
        discussion: """
            mneme drill upgrade --from OTHER-BUILD/mneme

            Three nodes begin with the executable of --from. The leader is always the next to be stopped and started with
            this one, so that each build leads the other for a while, and the first goes back once in between. Writes and
            linearizable reads go on throughout. Exit code 1 on any wrong or failed read, on any lost, changed or doubled
            write, or when a step fails.
            """)

    @Option(name: .long, help: ArgumentHelp("The executable to begin with.", valueName: "path"))
    var from: String
    @OptionGroup var flags: ChangeDrillFlags

    func run() async throws {
        let code = await UpgradeDrill(options: flags.options, before: from).run()
        if code != ExitStatus.success { throw ExitCode(code) }
    }
}
