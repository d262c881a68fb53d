/// What the routes say and do on a node that has an embedder; where a node looks for its model; and who waits for it.
import Dispatch
import Foundation
import JSON
import Logging
import StateMachine
import Synchronization
import Testing

@testable import Server

/// Three words, an axis each; any other text points elsewhere.
private struct Axes: TextEmbedding {
    let model = VectorModel(tag: "axes", dimension: 16)
    func embed(_ text: String) -> [Float] {
        var vector = [Float](repeating: 0, count: 16)
        for (axis, word) in ["sea", "hill", "town"].enumerated() {
            vector[axis] = Float(text.components(separatedBy: word).count - 1)
        }
        if vector.allSatisfy({ $0 == 0 }) { vector[15] = 1 }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 / length }
    }
}

@Suite struct EmbeddedRouteTests {
    private static func run(_ body: (MemoryAPI) async throws -> Void) async throws {
        let embedding = EmbeddingService(Axes())
        let api = MemoryAPI(service: try LocalService(vectorModel: embedding.model), embedding: embedding)
        do {
            try await body(api)
        } catch {
            try await embedding.stop()
            throw error
        }
        try await embedding.stop()
    }

    private static func send(
        _ api: MemoryAPI, _ method: String, _ path: String, _ json: String = ""
    ) async -> APIResponse {
        await api.respond(
            to: APIRequest(
                method: method, path: path, rawQuery: nil,
                headers: APIHeaders(json.isEmpty ? [] : [("Content-Type", "application/json")]), body: Array(json.utf8),
                bodyExceedsLimit: false))
    }

    @Test func `health and capabilities say that there is an embedder`() async throws {
        try await Self.run { api in
            #expect(await Self.send(api, "GET", "/api/v1/health").json["embedder_ready"] == true)
            let capabilities = await Self.send(api, "GET", "/api/v1/capabilities").json
            #expect(capabilities["tier"] == "semantic")
            for name in ["embedder_loaded", "hybrid_recall", "semantic_search", "keyword_search"] {
                #expect(capabilities["features"]?[name] == true, "\(name)")
            }
            #expect(capabilities["models"]?["embedding"] != "none" && capabilities["models"]?["embedding_dim"] == 16)
        }
    }

    @Test func `explain tells the parts of a score, and touch=false leaves no trace`() async throws {
        try await Self.run { api in
            _ = await Self.send(api, "POST", "/api/v1/memories", #"{"title":"coast","content":"sea sea hill"}"#)
            let question = #"{"context":"the sea","explain":true,"touch":false}"#
            let answer = await Self.send(api, "POST", "/api/v1/recall", question).json
            #expect(answer["mode"] == "hybrid")
            let memory = answer["memories"]?.arrayValue?.first
            let parts = memory?["explain"]
            #expect(parts?["cosine"]?.doubleValue == 0.894427, "2 / sqrt 5")
            #expect(parts?["nearness"] == 1.0 && parts?["neighbours"] == 0.0)
            #expect(parts?["text_rank"]?.doubleValue != nil)
            let plain = await Self.send(api, "POST", "/api/v1/recall", #"{"context":"the sea","ranking":"vector"}"#)
                .json
            #expect(plain["memories"]?.arrayValue?.first?["explain"] == nil)
            #expect(plain["memories"]?.arrayValue?.first?["score"]?.doubleValue == 0.894)
            #expect(plain["memories"]?.arrayValue?.first?["access_count"] == 0)
        }
    }

    @Test func `a duplicate is what is as near as the threshold, before anything is rounded`() async throws {
        try await Self.run { api in
            let made = await Self.send(
                api, "POST", "/api/v1/memories", #"{"title":"x","content":"sea sea hill","namespace":"n"}"#
            ).json
            func check(_ threshold: String) async -> JSONValue {
                await Self.send(
                    api, "POST", "/api/v1/check_duplicate",
                    #"{"title":"y","content":"sea sea sea hill hill","namespace":"n","threshold":\#(threshold)}"#
                ).json
            }
            // 8 / sqrt 65 = 0.99228, shown as 0.992.
            let near = await check("0.9922")
            #expect(near["is_duplicate"] == true && near["suggested_merge"] == made["id"])
            #expect(near["candidates_scanned"] == 1 && near["nearest"]?["id"] == made["id"])
            let similarity = try #require(near["nearest"]?["similarity"]?.doubleValue)
            #expect(abs(similarity - 0.992) < 1e-6)
            let far = await check("0.9925")
            #expect(far["is_duplicate"] == false && far["suggested_merge"] == .null)
            #expect(far["nearest"]?["id"] == made["id"])
            let other = await Self.send(
                api, "POST", "/api/v1/check_duplicate", #"{"title":"y","content":"sea","namespace":"empty"}"#
            ).json
            #expect(other["nearest"] == .null && other["candidates_scanned"] == 0)
        }
    }

    @Test func `a report of vectors says what it is short of`() {
        let report = VectorReport(vectors: 7, rows: 9, unlinked: 2, bytes: 4_096, refused: 1, refusal: "no room")
        let document = MemoryAPI.document(report)
        #expect(
            document.text
                == #"{"count":7,"last_refusal":"no room","memories":9,"memory_bytes":4096,"refused":1,"unlinked":2}"#)
    }

    @Test func `a model that was named has to be there, one that was not may be absent`() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let home = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)")
        let usual = home.appendingPathComponent(".cache/mneme/model")
        try FileManager.default.createDirectory(at: usual, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: home) } catch { Issue.record("\(error)") }
        }
        let environment = ["HOME": home.path]
        // As an interrupted set-up leaves it.
        #expect(try ModelChoice.usual.open(logger: logger, environment: environment) == nil)
        try Data("not a model".utf8).write(to: usual.appendingPathComponent("model.safetensors"))
        #expect(throws: (any Error).self) { try ModelChoice.usual.open(logger: logger, environment: environment) }
        let off = environment.merging(["MNEME_EMBEDDINGS": "off"]) { $1 }
        #expect(try ModelChoice.usual.open(logger: logger, environment: off) == nil)
        let named = environment.merging(["MNEME_MODEL_DIR": home.path + "/none"]) { $1 }
        #expect(throws: (any Error).self) { try ModelChoice.usual.open(logger: logger, environment: named) }
        #expect(throws: (any Error).self) {
            try ModelChoice.directory(home.path + "/none").open(logger: logger, environment: [:])
        }
        #expect(try ModelChoice.none.open(logger: logger, environment: named) == nil)
    }

    /// Does not answer before it is let go.
    private final class Held: TextEmbedding {
        let model = VectorModel(tag: "held", dimension: 16)
        let began = DispatchSemaphore(value: 0)
        let mayEnd = DispatchSemaphore(value: 0)
        func embed(_ text: String) -> [Float] {
            began.signal()
            mayEnd.wait()
            return [1] + [Float](repeating: 0, count: 15)
        }
    }

    @Test func `whoever would wait too long goes without a vector, and the others get theirs`() async throws {
        let held = Held()
        var options = EmbeddingService.Options()
        // A text counts as five milliseconds before one was measured: a write may have two before it.
        (options.threads, options.writeWaitMillisecondsMax, options.waitingQueriesMax) = (1, 16, 2)
        let service = EmbeddingService(held, options: options)
        let waiting = (0..<2).map { number in Task { await service.query("question \(number)") != nil } }
        await service.untilWaiting(writes: 0, queries: 2)
        #expect(await service.query("one too many") == nil)
        let write = Task { await service.attachment(["text"]) != nil }
        await service.untilWaiting(writes: 1, queries: 2)
        // Three are before it.
        #expect(await service.attachment(["another"]) == nil)
        for _ in 0..<3 { held.mayEnd.signal() }
        for task in waiting + [write] { #expect(await task.value) }
        try await service.stop()
        #expect(await service.query("after the end") == nil)
    }
}
