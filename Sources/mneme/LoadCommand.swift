/// `mneme load`: keeps a number of clients busy on a cluster and prints what they saw as one line of JSON.
///
/// Owns: the flags. Must never: measure; `LoadGenerator` does.
import ArgumentParser
import Client
import Operations

struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Measure a cluster with closed-loop clients.",
        discussion: """
            Each client has one connection and one request under way; clients are spread over the endpoints. Times run
            from just before a request is sent to just after its answer has come. The writing operations really write:
            use a cluster whose data you can do without.

            Operations: memory, register, get-memory, get-register; fill-memory and fill-register write every key once,
            which is what the two reading operations need.

            Examples:
              mneme load --endpoints 127.0.0.1:9077 --clients 16 --seconds 10 --op memory
              mneme load --op fill-register --keys 10000 && mneme load --op get-register --keys 10000 --clients 64
            """)

    @Option(help: "Nodes to load, as host:port,host:port.")
    var endpoints = Endpoint.standard.description
    @Option(help: "Closed-loop clients, 1 to 4096.")
    var clients = 64
    @Option(help: "Measured seconds.")
    var seconds = 5.0
    @Option(help: "Seconds before them that are not counted.")
    var warmup = 0.5
    @Option(name: .customLong("op"), help: "What each client does, again and again.")
    var operation = LoadOperation.memory
    @Option(help: "Bytes of content or value.")
    var size = 256
    @Option(help: "Keys, chosen uniformly.")
    var keys = 100_000
    @Option(help: "Words of common vocabulary in each title, 0 to 8.")
    var titleWords = 0
    @Option(help: "Seed of the choice of keys and words.")
    var seed: UInt64 = 1
    @Option(help: "Seconds after which an operation counts as an error.")
    var timeout = 5.0

    func run() async throws {
        let nodes: [Endpoint]
        do {
            nodes = try Endpoint.list(parsing: endpoints)
        } catch {
            throw ValidationError("--endpoints: \(error)")
        }
        let options = LoadOptions(
            endpoints: nodes, clients: clients, seconds: seconds, warmupSeconds: warmup, operation: operation,
            sizeBytes: size, keys: keys, titleWords: titleWords, seed: seed, timeoutSeconds: timeout)
        do {
            try options.validate()
        } catch {
            throw ValidationError(error.description)
        }
        print(try await LoadGenerator.run(options).jsonLine)
    }
}

extension LoadOperation: ExpressibleByArgument {}
