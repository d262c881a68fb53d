/// `mneme get` and `delete`: commands about one memory by its id.
///
/// Owns: their flags and output shapes.
import ArgumentParser
import Client
import JSON
import Operations

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one memory.",
        discussion: """
            mneme get 3f2a91c0
            mneme get 3f2a91c0-4b1d-4c9e-9a52-7f3c0f1f2e11 --json --consistency stale
            """)

    @Argument(help: "The id, or the beginning of exactly one.")
    var id: String
    @OptionGroup var read: ReadArguments
    @OptionGroup var client: ClientArguments

    func run() async throws {
        guard let found = try await client.client().memory(id: id, consistency: read.consistency) else {
            Console.error("not found: \(id)")
            throw ExitCode(ExitStatus.failure)
        }
        if client.json {
            var document = JSONObject()
            document["links"] = .array(found.links.map { .object($0.fields) })
            document["memory"] = .object(found.memory.fields)
            Output.json(document.text)
            return
        }
        print(FieldOrderJSON.text(found.memory))
        guard !found.links.isEmpty else { return }
        print("\nlinks:")
        for link in found.links { print("  \(link.sourceID) --[\(link.relation)]--> \(link.targetID)") }
    }
}

struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete one memory for good.",
        discussion: """
            mneme delete 3f2a91c0
            mneme delete 3f2a91c0-4b1d-4c9e-9a52-7f3c0f1f2e11 --json
            """)

    @Argument(help: "The id, or the beginning of exactly one.")
    var id: String
    @Option(name: .long, help: "Acting agent. (env AI_MEMORY_AGENT_ID)")
    var agentId: String?
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let cluster = try client.client(agentID: try CallerIdentity.agentID(flag: agentId))
        // The whole id is what the answer shows, and what a repeated attempt must name.
        guard let found = try await cluster.memory(id: id) else { try notFound() }
        let fullID = found.memory.id
        switch try await cluster.delete(id: fullID) {
        case .deleted:
            if client.json {
                let document: JSONValue = ["deleted": true, "id": .string(fullID)]
                Output.json(document.text)
            } else {
                print("deleted: \(fullID)")
            }
        case .notFound: try notFound()
        case .queued(let action):
            if client.json {
                Output.json(action.document.text)
            } else {
                print("delete queued for approval: pending_id=\(action.pendingID) id=\(fullID)")
            }
        }
    }

    private func notFound() throws -> Never {
        Console.error("not found: \(id)")
        throw ExitCode(ExitStatus.failure)
    }
}
