/// Links between memories: made, cut, given an end.
///
/// Owns: the table `links`. Must never: link what does not exist, or leave a link to what was removed.

extension ApplyContext {
    func link(_ command: LinkCommand) throws(StoreError) -> Outcome {
        let key = command.key
        for id in [key.sourceID, key.targetID] where try memory(id: id) == nil {
            return .refused(.memoryMissing, detail: id)
        }
        return .linked(
            created: try linkIfAbsent(
                ImportedLink(key: key, createdAt: command.at, validFrom: command.at), at: command.at))
    }

    /// - Returns: whether it is new; one that exists stays as it is.
    func linkIfAbsent(_ link: ImportedLink, at: String) throws(StoreError) -> Bool {
        let key = link.key
        if try validity(of: key) != nil { return false }
        let createdAt = link.createdAt ?? at
        try insert(
            .links,
            [
                .text(key.sourceID), .text(key.targetID), .text(key.relation), .text(createdAt),
                .text(link.validFrom ?? createdAt), .optional(link.validUntil), .optional(link.observedBy),
            ])
        return true
    }

    func unlink(_ command: UnlinkCommand) throws(StoreError) -> Outcome {
        let relations = try rows(
            "SELECT relation FROM links WHERE source_id = ?1 AND target_id = ?2 ORDER BY relation",
            [.text(command.sourceID), .text(command.targetID)]
        ) { $0.text(0) }
        for relation in relations {
            try remove(.links, key: [.text(command.sourceID), .text(command.targetID), .text(relation)])
        }
        return .counted(relations.count)
    }

    func invalidate(_ command: InvalidateCommand) throws(StoreError) -> Outcome {
        let key = command.key
        guard let link = try validity(of: key) else { return .notFound }
        try update(
            .links,
            [
                .text(key.sourceID), .text(key.targetID), .text(key.relation), .text(link.createdAt),
                .optional(link.validFrom), .text(command.validUntil), .optional(link.observedBy),
            ])
        return .invalidated(previous: link.validUntil)
    }

    private struct Validity {
        var createdAt: String
        var validFrom: String?
        var validUntil: String?
        var observedBy: String?
    }

    private func validity(of key: LinkKey) throws(StoreError) -> Validity? {
        try row(
            """
            SELECT created_at, valid_from, valid_until, observed_by FROM links
            WHERE source_id = ?1 AND target_id = ?2 AND relation = ?3
            """, [.text(key.sourceID), .text(key.targetID), .text(key.relation)]
        ) { statement in
            Validity(
                createdAt: statement.text(0), validFrom: statement.optionalText(1),
                validUntil: statement.optionalText(2), observedBy: statement.optionalText(3))
        }
    }

    /// Links go with either end.
    func removeLinks(of id: String) throws(StoreError) {
        let keys = try rows(
            """
            SELECT source_id, target_id, relation FROM links WHERE source_id = ?1
            UNION SELECT source_id, target_id, relation FROM links WHERE target_id = ?1 ORDER BY 1, 2, 3
            """, [.text(id)]
        ) { statement -> [Value] in [.text(statement.text(0)), .text(statement.text(1)), .text(statement.text(2))] }
        for key in keys { try remove(.links, key: key) }
    }
}
