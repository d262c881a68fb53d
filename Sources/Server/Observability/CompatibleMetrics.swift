/// The `ai_memory_` families that dashboards of v0.6.3 read.
///
/// Owns: names and help texts. Labelled families appear only once they have a sample, so those that nothing here moves
/// are absent, as they are there. Must never: invent a value for something that is not measured.

enum CompatibleMetrics {
    /// - Parameter memories: rows now; nil leaves the gauge out.
    static func write(memories: Int?, to text: inout PrometheusText) {
        zero("ai_memory_contradiction_detected_total", .counter, "Contradictions confirmed.", &text)
        zero("ai_memory_curator_cycles_total", .counter, "Curator cycles completed.", &text)
        zero("ai_memory_hnsw_size", .gauge, "Vectors in the index.", &text)
        if let memories {
            text.family("ai_memory_memories", .gauge, "Memories stored, expired ones included.")
            text.sample("ai_memory_memories", memories)
        }
        zero("ai_memory_subscriptions_active", .gauge, "Active subscriptions.", &text)
        zero("ai_memory_webhook_dispatched_total", .counter, "Webhooks dispatched.", &text)
        zero("ai_memory_webhook_failed_total", .counter, "Webhooks failed.", &text)
    }

    private static func zero(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ text: inout PrometheusText
    ) {
        text.family(name, kind, help)
        text.sample(name, 0)
    }
}
