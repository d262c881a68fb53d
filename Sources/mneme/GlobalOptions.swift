/// Options that every command of a client takes, and that may also stand before the command.
///
/// Owns: their names, defaults and environment variables.
import ArgumentParser
import Client
import Foundation
import Operations

struct ClientArguments: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Comma list of nodes, host:port or http://host:port, tried in order. (env MNEME_ENDPOINTS)",
            valueName: "a,b,c"))
    var endpoints: String?

    @Flag(name: .long, help: "One line of JSON on standard output.")
    var json = false

    @Option(name: .long, help: "Seconds that all attempts of a call may take together.")
    var timeout = 20

    @Option(name: .long, help: "API key of the nodes. (env MNEME_API_KEY)")
    var apiKey: String?

    mutating func validate() throws {
        guard (1...3600).contains(timeout) else {
            throw ValidationError("--timeout must be 1 to 3600 seconds (got \(timeout))")
        }
        do {
            _ = try parsedEndpoints()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func parsedEndpoints() throws(EndpointError) -> [Endpoint] {
        let environment = ProcessInfo.processInfo.environment["MNEME_ENDPOINTS"]
        guard let text = endpoints ?? environment.flatMap({ $0.isEmpty ? nil : $0 }) else { return [.standard] }
        return try Endpoint.list(parsing: text)
    }

    /// - Parameter agentID: sent with every request; nil sends none.
    func client(agentID: String? = nil) throws(EndpointError) -> MemoryClient {
        let milliseconds = Int64(timeout) * 1000
        let options = ClientOptions(
            agentID: agentID, apiKey: apiKey ?? ProcessInfo.processInfo.environment["MNEME_API_KEY"],
            attemptTimeoutMilliseconds: min(10_000, milliseconds), callTimeoutMilliseconds: milliseconds)
        return MemoryClient(endpoints: try parsedEndpoints(), options: options)
    }
}

/// How fresh a read must be.
struct ReadArguments: ParsableArguments {
    @Option(name: .long, help: "linearizable, lease or stale.")
    var consistency: Consistency = .linearizable
}

extension Consistency: ExpressibleByArgument {}

/// Lets options of the whole program stand before the command, as in `mneme --json store …`.
enum ArgumentOrder {
    private static let flags: Set<String> = ["--json"]
    private static let options: Set<String> = ["--endpoints", "--agent-id", "--timeout", "--api-key"]
    /// Commands that only hold others: their options belong behind the second word.
    private static let groups: Set<String> = ["cluster", "drill", "log", "help"]

    static func globalsBehindCommand(_ arguments: [String]) -> [String] {
        var globals: [String] = []
        var rest = arguments[...]
        while let word = rest.first {
            if flags.contains(word) || options.contains(where: { word.hasPrefix($0 + "=") }) {
                globals.append(word)
                rest = rest.dropFirst()
            } else if options.contains(word), rest.count >= 2 {
                globals += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        guard !globals.isEmpty, let command = rest.first else { return arguments }
        let words = rest.prefix(groups.contains(command) ? 2 : 1)
        return Array(words) + globals + rest.dropFirst(words.count)
    }
}

/// Output of the memory commands.
enum Output {
    /// One line of canonical JSON.
    static func json(_ text: String) { print(text) }

    static var memoryText: MemoryText {
        MemoryText(now: Int64(Date().timeIntervalSince1970), usesColor: SystemText.isTerminal(1))
    }
}
