/// `GET /health`, `/capabilities`, `/stats` and the two metrics paths.
///
/// Owns: their shapes. Health, capabilities and metrics are about this node and answer without a leader. Must never:
/// claim a feature that is not built.
import JSON
import StateMachine

extension MemoryAPI {
    func health() async -> APIResponse {
        var healthy = true
        do throws(APIFailure) {
            try await read("health") { (reader) throws(StoreError) in
                _ = try reader.count()
                try reader.integrityProbe()
            }
        } catch {
            healthy = false
        }
        let body: JSONValue = [
            "embedder_ready": .bool(embedding != nil), "federation_enabled": false, "service": "ai-memory",
            "status": healthy ? "ok" : "error", "version": .string(MemoryAPI.compatibleVersion),
        ]
        return .json(healthy ? 200 : 503, body.encoded())
    }

    /// Schema 2 for the tier keyword or semantic, with the counts of this node; zeros when its store does not answer.
    func capabilities() async -> APIResponse {
        var rules = 0
        var hooks = 0
        var pending = 0
        do throws(APIFailure) {
            (rules, hooks, pending) = try await read("capabilities") { (reader) throws(StoreError) in
                (try reader.policyCount(), try reader.subscriptionCount(), try reader.pendingCount())
            }
        } catch {
            (rules, hooks, pending) = (0, 0, 0)
        }
        let hasModel = embedding != nil
        let features: JSONValue = [
            "keyword_search": true, "semantic_search": .bool(hasModel), "hybrid_recall": .bool(hasModel),
            "query_expansion": false, "auto_consolidation": false, "auto_tagging": false,
            "contradiction_analysis": false, "cross_encoder_reranking": false, "memory_reflection": false,
            "embedder_loaded": .bool(hasModel),
        ]
        let body: JSONValue = [
            "schema_version": "2", "tier": hasModel ? "semantic" : "keyword",
            "version": .string(MemoryAPI.compatibleVersion),
            "features": features,
            "models": [
                "embedding": hasModel ? "sentence-transformers/all-MiniLM-L6-v2" : "none",
                "embedding_dim": .integer(Int64(embedding?.model.dimension ?? 0)), "llm": "none",
                "cross_encoder": "none",
            ],
            "permissions": ["mode": "ask", "active_rules": .integer(Int64(rules)), "rule_summary": []],
            "hooks": ["registered_count": .integer(Int64(hooks)), "by_event": [:]],
            "compaction": ["enabled": false, "interval_minutes": .null, "last_run_at": .null, "last_run_stats": .null],
            "approval": [
                "subscribers": 0, "pending_requests": .integer(Int64(pending)), "default_timeout_seconds": 30,
            ],
            "transcripts": ["enabled": false, "total_count": 0, "total_size_mb": 0],
        ]
        return .json(200, body.encoded())
    }

    func stats(_ request: APIRequest) async throws(APIFailure) -> APIResponse {
        let point = try await barrier(request)
        let now = Timestamp.text(nanoseconds: options.clockNanoseconds())
        let stats = try await read("stats") { (reader) throws(StoreError) in try reader.stats(now: now) }
        let body: JSONValue = [
            "by_namespace": .array(
                stats.byNamespace.map { ["count": .integer(Int64($0.count)), "namespace": .string($0.namespace)] }),
            "by_tier": .array(
                stats.byTier.map { ["count": .integer(Int64($0.count)), "tier": .string($0.tier.name)] }),
            "db_size_bytes": .integer(Int64(clamping: stats.databaseSizeBytes)),
            "expiring_soon": .integer(Int64(stats.expiringSoon)),
            "links_count": .integer(Int64(stats.linksCount)),
            "total": .integer(Int64(stats.total)),
        ]
        var response = APIResponse.json(200, body.encoded())
        point.mark(&response)
        return response
    }

    /// Families sorted by name: the compatible ones, then this server's own.
    func metrics() async -> APIResponse {
        var text = PrometheusText()
        CompatibleMetrics.write(memories: await memoryCount(), to: &text)
        return await metricsAnswer(text)
    }

    func clusterMetrics() async -> APIResponse { await metricsAnswer(PrometheusText()) }

    private func metricsAnswer(_ start: PrometheusText) async -> APIResponse {
        var text = start
        counters.write(to: &text)
        text.append(await service.metricsText())
        return APIResponse(
            status: 200,
            headers: APIHeaders([.init(name: "content-type", value: PrometheusText.contentType)]),
            body: text.bytes)
    }

    /// nil when the store does not answer; the scrape still works and the sample is left out.
    private func memoryCount() async -> Int? {
        do throws(APIFailure) {
            return try await read("count") { (reader) throws(StoreError) in try reader.count() }
        } catch {
            return nil
        }
    }
}
