/// `mneme search`, `recall` and `list`.
///
/// Owns: their flags and output shapes.
import ArgumentParser
import Client
import JSON
import Operations

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find memories that contain all words.",
        discussion: """
            mneme search "deploy tuesday" -n my-project
            mneme search deploy --tags ops --limit 5 --json
            """)

    @Argument(help: "Words that must all occur.")
    var query: String

    @Option(name: .shortAndLong) var namespace: String?
    @Option(name: .shortAndLong, help: "short, mid or long.") var tier: String?
    @Option(name: .long) var limit = 20
    @Option(name: .long, help: "Created at or after this RFC 3339 time.") var since: String?
    @Option(name: .long, help: "Created at or before this RFC 3339 time.") var until: String?
    @Option(name: .long, help: "One tag, exactly.") var tags: String?
    @Option(name: .long, help: "Only memories of this agent.") var agentId: String?
    @Option(name: .long, help: "See what an agent of this namespace may see.") var asAgent: String?
    @OptionGroup var read: ReadArguments
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let filter = MemoryFilter(
            namespace: namespace, tier: TierFilter.known(tier), limit: limit, since: since, until: until, tag: tags,
            agentID: agentId, asAgent: asAgent)
        let page = try await client.client().search(query, filter, consistency: read.consistency)
        if client.json {
            var document = JSONObject()
            document["count"] = page.document["count"]
            document["results"] = page.document["results"]
            Output.json(document.text)
            return
        }
        guard !page.memories.isEmpty else {
            Console.error("no results for: \(query)")
            return
        }
        for memory in page.memories { print(Output.memoryText.line(memory)) }
        print("\n\(page.memories.count) result(s)")
    }
}

struct RecallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall",
        abstract: "Recall the memories that fit a context best.",
        discussion: """
            mneme recall "when do we deploy"
            mneme recall "deploy" -n team/project --limit 3 --budget-tokens 800 --json
            mneme recall "who fixed the build" -n team --subtree --tier long --explain --no-touch
            """)

    @Argument(help: "What it is about; any word may occur.")
    var context: String

    @Option(name: .shortAndLong, help: "With a slash: its ancestors too.") var namespace: String?
    @Option(name: .long) var limit = 10
    @Option(name: .long, help: "One tag, exactly.") var tags: String?
    @Option(name: .long, help: "Created at or after this RFC 3339 time.") var since: String?
    @Option(name: .long, help: "Created at or before this RFC 3339 time.") var until: String?
    @Option(name: .long, help: "See what an agent of this namespace may see.") var asAgent: String?
    @Option(name: .long, help: "Stop before the memories exceed this many tokens.") var budgetTokens: Int?
    @Option(name: .shortAndLong, help: "short, mid or long.") var tier: String?
    @Option(name: .long, help: "default, compat, keyword or vector.") var ranking: String?
    @Flag(name: .long, help: "The namespace stands for everything below it too.") var subtree = false
    @Flag(name: .long, help: "Say what each score is made of.") var explain = false
    @Flag(name: .long, help: "Do not count this as use of the memories.") var noTouch = false
    @OptionGroup var read: ReadArguments
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let filter = MemoryFilter(
            namespace: namespace, tier: tier, limit: limit, since: since, until: until, tag: tags, asAgent: asAgent)
        let page = try await client.client().recall(
            context, filter, budgetTokens: budgetTokens,
            manner: RecallManner(ranking: ranking, explains: explain, touches: !noTouch, reachesSubtree: subtree),
            consistency: read.consistency)
        if client.json {
            Output.json(page.document.text)
            return
        }
        guard !page.memories.isEmpty else {
            Console.error("no memories found for: \(context)")
            return
        }
        for memory in page.memories {
            print(Output.memoryText.recallLines(memory))
            if let parts = memory.fields["explain"] { print("  " + parts.text) }
            print()
        }
        print("\(page.memories.count) memory(ies) recalled [\(page.document["mode"]?.stringValue ?? "keyword")]")
    }
}

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List memories, highest priority first.",
        discussion: """
            mneme list -n my-project --limit 50
            mneme list --tags ops --json
            """)

    @Option(name: .shortAndLong) var namespace: String?
    @Option(name: .shortAndLong, help: "short, mid or long.") var tier: String?
    @Option(name: .long) var limit = 20
    @Option(name: .long) var offset = 0
    @Option(name: .long, help: "Created at or after this RFC 3339 time.") var since: String?
    @Option(name: .long, help: "Created at or before this RFC 3339 time.") var until: String?
    @Option(name: .long, help: "One tag, exactly.") var tags: String?
    @Option(name: .long, help: "Only memories of this agent.") var agentId: String?
    @OptionGroup var read: ReadArguments
    @OptionGroup var client: ClientArguments

    func run() async throws {
        let filter = MemoryFilter(
            namespace: namespace, tier: TierFilter.known(tier), limit: limit, offset: offset, since: since,
            until: until, tag: tags, agentID: agentId)
        let page = try await client.client().list(filter, consistency: read.consistency)
        if client.json {
            Output.json(page.document.text)
            return
        }
        guard !page.memories.isEmpty else {
            Console.error("no memories stored")
            return
        }
        for memory in page.memories { print(Output.memoryText.line(memory)) }
        print("\n\(page.memories.count) memory(ies)")
    }
}

/// The tier as a filter: the compatible command line ignores a name it does not know, where HTTP refuses it.
private enum TierFilter {
    static func known(_ tier: String?) -> String? {
        guard let tier else { return nil }
        guard ["short", "mid", "long"].contains(tier) else {
            Console.error("warning: unknown tier '\(tier)' (use short, mid, long): not filtering by tier")
            return nil
        }
        return tier
    }
}
