/// Who the memories are about: people who talk to an agent, and projects whose agents keep notes.
///
/// Owns: drawing them, with namespaces and manner of speech. Must never: give two of them the same name.

/// How a namespace's memories speak and how questions to it are put.
struct Manner: Sendable {
    var statement: Voice
    var question: Voice
    /// For questions that must not share even the name.
    var anonymous: Voice
    /// A text that occurs nowhere else in the store: a question that has it can be asked of the whole store.
    var identifier: String?
}

/// How turns of conversations are marked; stores differ in that.
enum TurnMarking: Int, CaseIterable, Sendable {
    case title
    case tag
    case metadata
    case nothing
}

/// One person or project, and everything that is drawn once for it.
struct CastMember: Sendable {
    var name: String
    var manner: Manner
    /// One for a person; parent first, then children, for a project.
    var namespaces: [String]
    var isProject: Bool
    /// A project's; places are made of them.
    var services: [String] = []
    var marking: TurnMarking
    /// Whether contents begin with who speaks.
    var showsSpeakers: Bool
    /// How much there is, around 1.
    var size: Double
}

struct Cast: Sendable {
    private var usedNames: Set<String> = []
    private var usedFirstNames: Set<String> = []

    mutating func person(number: Int, _ draw: inout Draw) -> CastMember {
        let (first, last, their) = freshName(&draw)
        let name = "\(first) \(last)"
        let manner: Manner
        switch number % 10 {
        case 0, 4:
            manner = Manner(statement: .speaker, question: .speaker, anonymous: .speaker, identifier: nil)
        case 2:
            manner = Manner(statement: .user, question: .user, anonymous: .someone, identifier: nil)
        case 6:
            let voice = Voice.named(first, their: their)
            manner = Manner(statement: voice, question: voice, anonymous: .someone, identifier: nil)
        default:
            let voice = Voice.named(name, their: their)
            manner = Manner(statement: voice, question: voice, anonymous: .someone, identifier: name)
        }
        let slug = "\(first)-\(last)".lowercased()
        let namespace = draw.any(of: ["users/\(slug)", "assistant/\(slug)/diary", slug, "home/\(slug)", "chat-\(slug)"])
        return CastMember(
            name: name, manner: manner, namespaces: [namespace], isProject: false, marking: marking(&draw),
            showsSpeakers: draw.chance(0.3), size: size(&draw))
    }

    mutating func project(_ name: String, _ draw: inout Draw) -> CastMember {
        let company = draw.one(of: Words.companies).lowercased().replacing(" ", with: "-")
        let parent = "\(company)/\(name.lowercased())"
        let children = draw.several(2, of: ["api", "ops", "web", "data", "mobile"]).map { "\(parent)/\($0)" }
        let team = Voice(subject: "we", possessive: "our", object: "us", their: "our", number: .plural)
        let manner = Manner(statement: team, question: team, anonymous: team, identifier: name)
        return CastMember(
            name: name, manner: manner, namespaces: [parent] + children, isProject: true,
            services: draw.several(4, of: Words.services), marking: marking(&draw), showsSpeakers: draw.chance(0.2),
            size: size(&draw))
    }

    private func marking(_ draw: inout Draw) -> TurnMarking { draw.any(of: TurnMarking.allCases) }

    /// Some talk a lot, some little.
    private func size(_ draw: inout Draw) -> Double { 0.6 + 0.8 * draw.fraction() }

    private mutating func freshName(_ draw: inout Draw) -> (first: String, last: String, their: String) {
        while true {
            let kind = draw.integer(0...9)
            let (table, their) =
                kind < 5 ? (Words.namesShe, "her") : kind < 9 ? (Words.namesHe, "his") : (Words.namesThey, "their")
            let first = draw.one(of: table)
            let last = draw.one(of: Words.lastNames)
            // A few people share a first name, as in life; none shares both.
            guard !usedNames.contains("\(first) \(last)"), !usedFirstNames.contains(first) || draw.chance(0.2) else {
                continue
            }
            usedNames.insert("\(first) \(last)")
            usedFirstNames.insert(first)
            return (first, last, their)
        }
    }
}
