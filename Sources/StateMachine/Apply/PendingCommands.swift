/// Decisions about queued actions: votes, approval with execution, rejection.
///
/// Owns: that an approved action takes effect exactly once, in the same command as its approval. Must never: mark an
/// action approved that could not be carried out.
import JSON

/// A row of `pending`.
struct PendingRow: Hashable {
    static let pending = "pending"
    static let approved = "approved"
    static let rejected = "rejected"

    var number: Int64
    var id: String
    var action: ActionKind
    var memoryID: String?
    var namespace: String
    /// JSON text, for people.
    var payload: String
    /// The governed command, encoded: what is executed.
    var command: [UInt8]
    var requestedBy: String
    var requestedAt: String
    var status: String
    var decidedBy: String?
    var decidedAt: String?
    /// JSON text: votes in order.
    var approvals: String

    static let columns = Table.pending.columns.joined(separator: ", ")

    var values: [Value] {
        [
            .integer(number), .text(id), .integer(Int64(action.rawValue)), .optional(memoryID), .text(namespace),
            .text(payload), .blob(command), .text(requestedBy), .text(requestedAt), .text(status),
            .optional(decidedBy), .optional(decidedAt), .text(approvals),
        ]
    }
}

extension PendingRow {
    /// Reads the current row of a statement that selected `columns`.
    init(_ statement: Statement) throws(StoreError) {
        guard let action = ActionKind(rawValue: UInt8(truncatingIfNeeded: statement.int64(2))) else {
            throw StoreError(doing: "read a pending action", message: "its action is \(statement.int64(2))")
        }
        number = statement.int64(0)
        id = statement.text(1)
        self.action = action
        memoryID = statement.optionalText(3)
        namespace = statement.text(4)
        payload = statement.text(5)
        command = statement.blob(6)
        requestedBy = statement.text(7)
        requestedAt = statement.text(8)
        status = statement.text(9)
        decidedBy = statement.optionalText(10)
        decidedAt = statement.optionalText(11)
        approvals = statement.text(12)
    }
}

extension ApplyContext {
    func decide(_ command: DecideCommand) throws(StoreError) -> Outcome {
        guard
            var row = try row(
                "SELECT \(PendingRow.columns) FROM pending WHERE id = ?1", [.text(command.pendingID)],
                { statement throws(StoreError) in try PendingRow(statement) })
        else { return .refused(.pendingMissing, detail: command.pendingID) }
        guard row.status == PendingRow.pending else { return .refused(.alreadyDecided, detail: row.status) }
        guard command.isApproval else {
            row.status = PendingRow.rejected
            row.decidedBy = command.caller
            row.decidedAt = command.at
            try update(.pending, row.values)
            return .decided(memoryID: nil, by: command.caller)
        }
        // The policy as it is now, not as it was when the action was queued.
        switch try policy(of: row.namespace)?.policy.approver ?? .human {
        case .human:
            return try approve(&row, by: command.caller, command)
        case .agent(let agent):
            guard agent.hasSameBytes(as: command.caller) else { return .refused(.wrongApprover, detail: agent) }
            return try approve(&row, by: command.caller, command)
        case .consensus(let quorum):
            return try vote(&row, quorum: quorum, command)
        }
    }

    private func vote(
        _ row: inout PendingRow, quorum: Int, _ command: DecideCommand
    ) throws(StoreError) -> Outcome {
        guard try isRegistered(command.caller) else { return .refused(.voterUnknown, detail: command.caller) }
        let voter = String(decoding: command.caller.utf8.map { ASCIIFold.lowercased($0) }, as: UTF8.self)
        var votes = PendingVotes.decode(row.approvals)
        if votes.contains(where: { $0.agentID.hasSameBytes(as: voter) }) {
            return .voted(votes: votes.count, quorum: quorum)
        }
        votes.append(PendingVotes.Vote(agentID: voter, approvedAt: command.at))
        row.approvals = PendingVotes.encode(votes)
        if votes.count >= quorum { return try approve(&row, by: voter, command) }
        try update(.pending, row.values)
        return .voted(votes: votes.count, quorum: quorum)
    }

    private func approve(
        _ row: inout PendingRow, by decider: String, _ command: DecideCommand
    ) throws(StoreError) -> Outcome {
        var reader = ByteReader(row.command)
        let queued: GovernedCommand
        do {
            queued = try GovernedCommand(from: &reader)
        } catch {
            throw StoreError(doing: "approve \(row.id)", message: "its command does not decode: \(error)")
        }
        let memoryID: String
        switch try execute(queued.action, of: queued.caller, command) {
        case .stored(let id, _, _), .deleted(let id), .promoted(let id): memoryID = id
        case .notFound: memoryID = row.memoryID ?? ""
        case let outcome:
            // Refusals come before the first change, so nothing has happened, and the action can be decided again.
            return .refused(.notExecuted, detail: "\(outcome)")
        }
        row.status = PendingRow.approved
        row.decidedBy = decider
        row.decidedAt = command.at
        try update(.pending, row.values)
        return .decided(memoryID: memoryID.isEmpty ? nil : memoryID, by: decider)
    }

    /// What was queued, as of now: fresh id, this command's time.
    private func execute(
        _ action: GovernedCommand.Action, of caller: String, _ command: DecideCommand
    ) throws(StoreError) -> Outcome {
        switch action {
        case .store(var store):
            store.id = command.freshID
            store.at = command.at
            return try perform(.store(store), caller: caller)
        case .delete(let delete):
            return try self.delete(DeleteCommand(id: delete.id))
        case .promote(var promote):
            promote.at = command.at
            promote.cloneID = command.freshID
            return try self.promote(promote)
        }
    }
}

/// The votes of one pending action, as the JSON text that is stored and shown.
enum PendingVotes {
    struct Vote: Hashable {
        var agentID: String
        var approvedAt: String
    }

    static func encode(_ votes: [Vote]) -> String {
        JSONValue.array(
            votes.map { ["agent_id": .string($0.agentID), "approved_at": .string($0.approvedAt)] }
        ).text
    }

    /// Written by this module alone, so what does not read is no vote.
    static func decode(_ text: String) -> [Vote] {
        do {
            return try JSONValue.parse(text).arrayValue?.compactMap { value in
                guard let agent = value["agent_id"]?.stringValue, let at = value["approved_at"]?.stringValue else {
                    return nil
                }
                return Vote(agentID: agent, approvedAt: at)
            } ?? []
        } catch {
            return []
        }
    }
}

enum ASCIIFold {
    static func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }
}
