/// Turns groups of drafts into conversations with times, titles, tags and ids.
///
/// Owns: when things are said and how turns are marked. Must never: change the order of what was placed in order.
import JSON

struct Timetable {
    /// The last day of the story, as days since 1970.
    let endDay: Int
    static let days = 240

    /// A memory together with the key questions know it by.
    struct Entry {
        var key: Int
        var memory: EvalMemory
    }

    func entries(of builder: NamespaceBuilder, _ draw: inout Draw) -> [Entry] {
        builder.member.namespaces.indices.flatMap { namespace in
            entries(
                builder.groups.filter { $0.namespace == namespace }, member: builder.member,
                namespace: builder.member.namespaces[namespace], &draw)
        }
    }

    private func entries(
        _ groups: [DraftGroup], member: CastMember, namespace: String, _ draw: inout Draw
    ) -> [Entry] {
        // By place in the list where positions are equal: sorting must not depend on the library.
        let order = groups.indices.sorted {
            (groups[$0].position, $0) < (groups[$1].position, $1)
        }
        var titles: Set<String> = []
        var entries: [Entry] = []
        var conversation = 0
        var clock = 0
        var rest = order[...]
        while let first = rest.first {
            conversation += 1
            let length = draw.integer(2...7)
            let drafts = rest.prefix(length).flatMap { groups[$0].drafts }
            rest = rest.dropFirst(length)
            clock = max(clock + 3600, start(at: groups[first].position, &draw))
            for (turn, draft) in drafts.enumerated() {
                clock += draw.integer(12...140)
                let place = Turn(conversation: conversation, number: turn + 1, second: clock)
                var memory = finished(draft, member: member, namespace: namespace, turn: place, &draw)
                memory.title = unique(memory.title, &titles)
                entries.append(Entry(key: draft.key, memory: memory))
            }
        }
        return entries
    }

    private struct Turn {
        var conversation: Int
        var number: Int
        var second: Int
    }

    private func start(at position: Double, _ draw: inout Draw) -> Int {
        let day = endDay - Timetable.days + Int(position * Double(Timetable.days))
        return day * CalendarTime.secondsPerDay + draw.integer(7 * 3600...21 * 3600)
    }

    private func finished(
        _ draft: Draft, member: CastMember, namespace: String, turn: Turn, _ draw: inout Draw
    ) -> EvalMemory {
        var content = draft.content
        if member.showsSpeakers {
            let speaker = draft.isAssistant ? "Assistant" : member.manner.statement == .speaker ? "User" : "Agent"
            content = "\(speaker): \(content)"
        }
        var tags = draw.several(draw.integer(0...2), of: SmallTalk.tags)
        if let tag = draft.tag { tags.append(tag) }
        var metadata = JSONObject()
        switch member.marking {
        case .tag: tags.append("conversation-\(turn.conversation)")
        case .metadata:
            metadata["conversation"] = .integer(Int64(turn.conversation))
            metadata["turn"] = .integer(Int64(turn.number))
        case .title, .nothing: break
        }
        let accessCount = draw.chance(0.25) ? draw.integer(1...12) : 0
        return EvalMemory(
            id: uuid(&draw), namespace: namespace, title: title(draft, member: member, turn: turn, &draw),
            content: content, tags: tags, tier: draw.any(of: ["short", "mid", "mid", "long", "long"]),
            priority: draw.any(of: [1, 2, 3, 4, 5, 5, 5, 5, 6, 7, 8, 9, 10]),
            confidencePercent: draw.integer(4...10) * 10,
            source: draw.any(of: ["user", "claude", "api", "import", "cli", "hook"]), accessCount: accessCount,
            createdAt: turn.second, updatedAt: turn.second + (draw.chance(0.1) ? draw.integer(60...86_400) : 0),
            metadata: metadata)
    }

    private func title(_ draft: Draft, member: CastMember, turn: Turn, _ draw: inout Draw) -> String {
        if let title = draft.title { return title }
        if member.marking == .title { return "Conversation \(turn.conversation), turn \(turn.number)" }
        if draw.chance(0.5) { return "Chat \(CalendarTime.isoDate(turn.second)) #\(turn.number)" }
        let words = draft.content.split(separator: " ").prefix(draw.integer(3...5))
        return words.joined(separator: " ")
    }

    private func unique(_ title: String, _ titles: inout Set<String>) -> String {
        var number = 1
        var candidate = title
        while !titles.insert(candidate).inserted {
            number += 1
            candidate = "\(title) (\(number))"
        }
        return candidate
    }

    private func uuid(_ draw: inout Draw) -> String {
        let digits = Array("0123456789abcdef")
        var text = (0..<32).map { _ in draw.any(of: digits) }
        text[12] = "4"
        text[16] = draw.any(of: ["8", "9", "a", "b"])
        for place in [20, 16, 12, 8] { text.insert("-", at: place) }
        return String(text)
    }
}
