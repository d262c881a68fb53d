/// Says of one answer to a recall what must not be in it, and what has to be.
///
/// Owns: the verdict; it is pure. Must never: excuse a row because of its rank, or judge a memory whose last write has an
/// unknown outcome.
import Client

struct FreshnessFault: Hashable, Sendable {
    enum Kind: String, Sendable {
        /// A memory that has to be found is not.
        case miss = "MISS"
        /// Something is found that is no more: deleted, or not as it was made since.
        case ghost = "GHOST"
        /// Anything else that is against the contract.
        case wrong = "WRONG"
    }
    var kind: Kind
    /// Of the memory; empty when the answer is about none.
    var id: String
    var reason: String
}

struct FreshnessJudge {
    var question: FreshnessQuestion
    /// Has to be among the hits.
    var wanted: FreshnessMemory?
    /// The memories of the client that asks, by id, as they are for certain.
    var own: [String: FreshnessMemory]
    /// Ids of its memories that are gone for certain.
    var gone: Set<String>
    /// Whether it was acknowledged before the question was sent, to any client, that no memory says this any more.
    var isBuried: (String) -> Bool

    func faults(in hits: [MemoryRecord]) -> [FreshnessFault] {
        var faults = hits.compactMap { ghost($0) ?? stranger($0) }
        if let wanted, !hits.contains(where: { $0.id == wanted.id }) {
            faults.append(
                FreshnessFault(kind: .miss, id: wanted.id, reason: "it is not among the \(hits.count) memories found"))
        }
        let ids = Set(hits.map(\.id))
        if ids.count != hits.count {
            faults.append(FreshnessFault(kind: .wrong, id: "", reason: "a memory is in the answer twice"))
        }
        return faults
    }

    private func ghost(_ hit: MemoryRecord) -> FreshnessFault? {
        if gone.contains(hit.id) {
            return FreshnessFault(kind: .ghost, id: hit.id, reason: "it was deleted before")
        }
        if let known = own[hit.id] {
            return known.difference(from: hit).map { FreshnessFault(kind: .ghost, id: hit.id, reason: $0) }
        }
        guard isBuried(hit.content) else { return nil }
        return FreshnessFault(
            kind: .ghost, id: hit.id, reason: "another client deleted or changed it before; content '\(hit.content)'")
    }

    private func stranger(_ hit: MemoryRecord) -> FreshnessFault? {
        question.objection(to: hit).map {
            FreshnessFault(kind: .wrong, id: hit.id, reason: "it does not pass the question's filter: \($0)")
        }
    }
}
