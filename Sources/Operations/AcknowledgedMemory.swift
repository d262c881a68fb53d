/// A write that a node said is done: from then on it may never be missing.
///
/// Owns: what is needed to check that later, and to send the same request again.
import Client

public struct AcknowledgedMemory: Hashable, Sendable {
    public var id: String
    public var namespace: String
    public var title: String
    public var content: String
    public var idempotencyKey: String
    /// The row's version at the acknowledgement, when the node named it. It moves only when the row is written again, so
    /// a write that was applied twice shows here.
    public var entityTag: String?
    /// The node that acknowledged.
    public var endpoint: Endpoint

    public init(
        id: String, namespace: String, title: String, content: String, idempotencyKey: String, entityTag: String?,
        endpoint: Endpoint
    ) {
        self.id = id
        self.namespace = namespace
        self.title = title
        self.content = content
        self.idempotencyKey = idempotencyKey
        self.entityTag = entityTag
        self.endpoint = endpoint
    }

    public init(receipt: StoreReceipt, request: StoreRequest) {
        self.init(
            id: receipt.id, namespace: receipt.namespace, title: request.title, content: request.content,
            idempotencyKey: receipt.idempotencyKey, entityTag: receipt.entityTag, endpoint: receipt.endpoint)
    }
}
