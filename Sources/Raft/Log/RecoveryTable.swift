/// What recovery concludes from what it sees where the valid records of a segment end. Data, not code: each row is one
/// rule with its reason; the first row that matches decides; a test proves that every combination of facts has a row.
///
/// Owns: the line between "a write was interrupted" and "the disk lost something". Must never: call damage torn that an
/// interrupted write of this program cannot have made (Protocol-Aware Recovery, FAST'18, §3.3): a wrong "torn" drops an
/// acknowledged entry, a wrong "corrupt" only costs a restart by hand.

/// The observations.
struct RecoveryFacts: Hashable, Sendable {
    /// No segment follows this one.
    var isLastSegment: Bool
    /// Everything from the first invalid record to the end of the file is zero.
    var isZeroToEnd: Bool
    /// Valid records of a batch without its end stand before it.
    var hasOpenBatch: Bool
    /// A valid record of a later batch stands beyond it.
    var hasLaterBatch: Bool
    /// The state machine has applied an index at or beyond the first one that is missing here.
    var isBelowKnownDurable: Bool
    /// Bytes that are not zero reach further than one batch can.
    var exceedsBatch: Bool
    /// A whole sector under the first invalid record is as it was before the batch.
    var isSectorShaped: Bool
    /// The record's checksums hold but its content makes no sense.
    var isNonsense: Bool
}

enum RecoveryDecision: Hashable, Sendable {
    /// The segment ends here; go on with the next one.
    case nextSegment
    /// The log ends here, nothing is missing.
    case clean
    /// The log ends here, before what the state machine has applied. Only an installed snapshot whose log reset was not
    /// written yet explains that; the node compares and decides.
    case endsBeforeState
    /// The last batch was interrupted: drop it whole, zero its place, go on.
    case torn
    /// Refuse, change nothing.
    case corrupt(String)
}

struct RecoveryRow: Sendable {
    var isLastSegment: Bool?
    var isZeroToEnd: Bool?
    var hasOpenBatch: Bool?
    var hasLaterBatch: Bool?
    var isBelowKnownDurable: Bool?
    var exceedsBatch: Bool?
    var isSectorShaped: Bool?
    var isNonsense: Bool?
    var decision: RecoveryDecision

    func matches(_ facts: RecoveryFacts) -> Bool {
        func agrees(_ wanted: Bool?, _ seen: Bool) -> Bool { wanted == nil || wanted == seen }
        return agrees(isLastSegment, facts.isLastSegment) && agrees(isZeroToEnd, facts.isZeroToEnd)
            && agrees(hasOpenBatch, facts.hasOpenBatch) && agrees(hasLaterBatch, facts.hasLaterBatch)
            && agrees(isBelowKnownDurable, facts.isBelowKnownDurable) && agrees(exceedsBatch, facts.exceedsBatch)
            && agrees(isSectorShaped, facts.isSectorShaped) && agrees(isNonsense, facts.isNonsense)
    }
}

enum RecoveryTable {
    static let rows: [RecoveryRow] = [
        // 1. Checksums that hold over nonsense were computed over nonsense: not a matter of interrupted writes.
        RecoveryRow(isNonsense: true, decision: .corrupt("a record with valid checksums makes no sense")),
        // 2. A segment is left when the next batch does not fit: records, then zeros.
        RecoveryRow(isLastSegment: false, isZeroToEnd: true, hasOpenBatch: false, decision: .nextSegment),
        // 3. A segment is begun only after the one before was synced to its end, so nothing in it can be torn.
        RecoveryRow(
            isLastSegment: false, decision: .corrupt("a later segment exists, so this one was completely durable")),
        // 4. A batch is begun only after the one before was synced, so what a later batch follows was durable.
        RecoveryRow(
            hasLaterBatch: true, decision: .corrupt("a later valid write follows, so this one was completely durable")),
        // 5. The log ends, but the state machine is further. No half batch: an interrupted reset after a snapshot looks
        //    like this, and nothing of the log itself is damaged.
        RecoveryRow(isZeroToEnd: true, hasOpenBatch: false, isBelowKnownDurable: true, decision: .endsBeforeState),
        // 6. The ordinary end.
        RecoveryRow(isZeroToEnd: true, hasOpenBatch: false, decision: .clean),
        // 7. Entries are applied only once they are durable: the damaged batch cannot have been in flight.
        RecoveryRow(
            isBelowKnownDurable: true,
            decision: .corrupt("the state machine has applied entries that should stand here, so they were durable")),
        // 8. One write in flight, of bounded size: what lies further is not from it (catalogue bug 63).
        RecoveryRow(
            exceedsBatch: true, decision: .corrupt("the damage is larger than the one write that can be interrupted")),
        // 9. Sectors are written whole or not at all, and unwritten ones are zero (catalogue bug 62).
        RecoveryRow(isSectorShaped: true, decision: .torn),
        // 10. Ambiguous, such as a flipped bit in the very last batch: it may have been acknowledged.
        RecoveryRow(decision: .corrupt("the damage is not the shape of an interrupted write")),
    ]

    static func decide(_ facts: RecoveryFacts) -> RecoveryDecision {
        if Mutant.takesDamageForEnd && !facts.isZeroToEnd { return .torn }
        for row in rows where row.matches(facts) { return row.decision }
        // The last row matches everything; without it, refusing is the only safe answer.
        return .corrupt("no recovery rule applies")
    }
}
