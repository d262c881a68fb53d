/// `mneme store`.
///
/// Owns: its flags and output shapes.
import ArgumentParser
import Client
import Foundation
import JSON
import Operations

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Store a memory, or replace the one of the same title and namespace.",
        discussion: """
            mneme store -T "Deploy day" -c "We deploy on Tuesdays" --tags ops,calendar -p 8
            git log -1 | mneme store -T "Last commit" -c - -n my-project --json
            mneme store -T t -c c --endpoints 127.0.0.1:9077,127.0.0.1:9078,127.0.0.1:9079
            """)

    @Option(name: [.customShort("T"), .long], parsing: .unconditional, help: "Title, unique in its namespace.")
    var title: String

    @Option(name: .shortAndLong, parsing: .unconditional, help: "Content; - reads standard input.")
    var content: String

    @Option(name: .shortAndLong, help: "Lifetime class: short, mid or long.")
    var tier = "mid"

    @Option(name: .shortAndLong, help: "Namespace. (default: name of the git repository, else of the directory)")
    var namespace: String?

    @Option(name: .long, help: "Comma list of tags.")
    var tags: String?

    @Option(name: .shortAndLong, help: "1 to 10.")
    var priority = 5

    @Option(name: .long, help: "0 to 1.")
    var confidence = 1.0

    @Option(name: [.customShort("S"), .long], help: "Where it comes from.")
    var source = "cli"

    @Option(name: .long, help: "RFC 3339 time in the future at which it expires.")
    var expiresAt: String?

    @Option(name: .long, help: "Seconds until it expires.")
    var ttlSecs: Int?

    @Option(name: .long, help: "private, team, unit, org or collective.")
    var scope: String?

    @Option(name: .long, help: "Acting agent. (env AI_MEMORY_AGENT_ID)")
    var agentId: String?

    @Option(name: .long, help: "Key that makes repeating this very store safe; made up unless given.")
    var idempotencyKey: String?

    @OptionGroup var client: ClientArguments

    private static let contentBytesMax = 1 << 20

    func run() async throws {
        guard ["short", "mid", "long"].contains(tier) else {
            throw OperationsError("invalid tier: \(tier) (use short, mid, long)")
        }
        let tagList = (tags ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let request = StoreRequest(
            title: title, content: content == "-" ? try Self.standardInput() : content, tier: tier,
            namespace: namespace ?? CallerIdentity.defaultNamespace(), tags: tagList.filter { !$0.isEmpty },
            priority: priority, confidence: confidence, source: source, expiresAt: expiresAt, ttlSeconds: ttlSecs,
            scope: scope, idempotencyKey: idempotencyKey)
        let cluster = try client.client(agentID: try CallerIdentity.agentID(flag: agentId))
        switch try await cluster.store(request) {
        case .queued(let action):
            if client.json {
                Output.json(action.document.text)
            } else {
                print("store queued for approval: pending_id=\(action.pendingID) ns=\(request.namespace ?? "")")
            }
        case .stored(let receipt):
            if client.json {
                Output.json(await Self.document(request, receipt, cluster).text)
            } else {
                print("stored: \(receipt.id) [\(receipt.tier)] (ns=\(receipt.namespace))")
                let count = receipt.potentialContradictions.count
                if count > 0 {
                    Console.error(
                        "warning: \(count) similar memories found in same namespace (potential contradictions)")
                }
            }
        }
    }

    /// The row as the node keeps it, with the submitted values in the fields a merge may have changed.
    private static func document(
        _ request: StoreRequest, _ receipt: StoreReceipt, _ cluster: MemoryClient
    ) async -> JSONObject {
        var fields = JSONObject()
        do throws(ClientError) {
            if let stored = try await cluster.memory(id: receipt.id) { fields = stored.memory.fields }
        } catch {
            // The store is acknowledged; only the stamps of the row are unknown here.
            Console.error("warning: stored, but the row could not be read back: \(error)")
        }
        fields["id"] = .string(receipt.id)
        fields["tier"] = .string(receipt.tier)
        fields["namespace"] = .string(receipt.namespace)
        fields["title"] = .string(request.title)
        fields["content"] = .string(request.content)
        fields["tags"] = .array((request.tags ?? []).map(JSONValue.string))
        fields["priority"] = .integer(Int64(request.priority ?? 5))
        fields["confidence"] = .double(request.confidence ?? 1)
        fields["source"] = .string(request.source ?? "cli")
        if !receipt.potentialContradictions.isEmpty {
            fields["potential_contradictions"] = .array(receipt.potentialContradictions.map(JSONValue.string))
        }
        return fields
    }

    private static func standardInput() throws(OperationsError) -> String {
        let data: Data
        do {
            data = try FileHandle.standardInput.read(upToCount: contentBytesMax + 1) ?? Data()
        } catch {
            throw OperationsError("cannot read standard input: \(error.localizedDescription)")
        }
        guard data.count <= contentBytesMax else {
            throw OperationsError("content from standard input exceeds \(contentBytesMax) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw OperationsError("content from standard input is not valid UTF-8")
        }
        return text
    }
}
