/// Answers that lie in two to four memories.
///
/// Owns: the wording of the members and of the question for all of them. Must never: make a memory elsewhere
/// that answers the question too; the fixed slots see to that.

struct Collection: Sendable {
    var titles: [String]
    /// One way to say it for each member; slots ending in 1 to 4 belong to one member, all others are shared.
    var members: [String]
    var questions: [String]

    init(_ titles: [String], members: [String], questions: [String]) {
        self.titles = titles
        self.members = members
        self.questions = questions
    }
}

enum Collections {
    /// `{it}` is what the members share.
    static let decoys = [
        "There was a long talk about {it}, nothing new came of it.", "{It} was mentioned again, only in passing.",
        "Somebody asked about {it} and got no answer.", "A joke about {it} made the round.",
        "{Subj} had a dream about {it}.", "What to think of {it}? Opinions differ.", "No news about {it} this week.",
        "{Friend} had never heard of {it}.", "Spelling matters: it is written {it}.",
        "Next week there is more time for {it}.",
    ]

    static let personal: [Collection] = [
        Collection(
            ["{Friend}", "Out with {friend}", "Evening"],
            members: [
                "{Subj} went to {venue1} with {person} and had {food1}.",
                "{Person} invited {obj} to {venue2} for {food2}.",
                "Late dinner with {person}: {venue3}, {food3}. {Subj} paid.",
                "{Subj} and {person} tried {venue4}; the {food4} was cold.",
            ],
            questions: [
                "At which places did {subj} eat with {person}?", "What have {subj} and {person} eaten together so far?",
            ]),
        Collection(
            ["Visit", "Travel diary", "On the road"],
            members: [
                "{Subj} spent {days1} in {city1} on the {noun} tour.",
                "On the {noun} tour, {subj} stayed {days2} in {city2}.",
                "Next stop of the {noun} tour was {city3} for {days3}, {subj} wrote.",
                "{City4} was the last stop of {obj} on the {noun} tour: {days4}.",
            ],
            questions: [
                "In which places did {subj} stop on the {noun} tour?",
                "How many days did {subj} spend on the {noun} tour altogether?",
            ]),
        Collection(
            ["Lent", "Things out of the house", "Borrowed"],
            members: [
                "{Subj} lent {person} a {gift1}.", "{Person} borrowed the {gift2} from {obj} and still has it.",
                "The {gift3} {subj} missed is at {person}'s place since {date3}.",
                "{Person} also took a {gift4}, {subj} agreed.",
            ],
            questions: [
                "Which things does {person} still have from {obj}?", "What did {person} borrow or take from {obj}?",
            ]),
        Collection(
            ["Fees", "Club", "{Company}"],
            members: [
                "{Subj} paid {company} {amount1} as a fee in {month1}.",
                "{Company} charged {obj} {amount2} in {month2}.",
                "Another {amount3} went from {obj} to {company} in {month3}.",
                "{Subj} sent {company} the rest, {amount4}, in {month4}.",
            ],
            questions: [
                "How much did {subj} pay {company} in total?", "Which payments did {subj} make to {company}?",
            ]),
        Collection(
            ["Symptoms", "Health diary", "Not well"],
            members: [
                "{Subj} had {illness1} in {month1} and saw Dr {person}.", "Dr {person} treated {obj} for {illness2}.",
                "{Subj} went back to Dr {person}, this time with {illness3}.",
                "Dr {person} sent {obj} home with {illness4} and a smile.",
            ],
            questions: [
                "For which complaints did {subj} see Dr {person}?", "What has Dr {person} treated {obj} for?",
            ]),
        Collection(
            ["Lessons", "{Instrument}", "Music"],
            members: [
                "{Subj} learned the {noun1} waltz on the {instrument}.",
                "On the {instrument}, {subj} now knows the {noun2} march.",
                "{Poss} {instrument} teacher added the {noun3} song.",
                "The {noun4} tango is next on the {instrument} for {obj}.",
            ],
            questions: [
                "Which pieces can {subj} play on the {instrument}?",
                "What has {subj} learned on the {instrument} until now?",
            ]),
        Collection(
            ["Gifts from {poss} {relative}", "Parcel", "{Poss} {relative}"],
            members: [
                "{Poss} {relative} sent a {gift1} from {city}.",
                "From {city} came a {gift2}, sent by {poss} {relative}.",
                "{Subj} got a {gift3} from {their} {relative} in {city}.",
                "A {gift4} was the surprise from {poss} {relative} in {city}.",
            ],
            questions: [
                "What has {poss} {relative} in {city} sent so far?",
                "Which gifts came from {poss} {relative} in {city}?",
            ]),
    ]

    static let technical: [Collection] = [
        Collection(
            ["Incident", "On call notes", "What broke"],
            members: [
                "{Company} complained: {place} answered with \"{error1}\".",
                "Second complaint of {company} about {place}: \"{error2}\" all {weekday2}.",
                "{Place} failed {company} again, \"{error3}\" for {minutes3}.",
                "{Company} opened {ticket4} because {place} returned \"{error4}\".",
            ],
            questions: [
                "Which errors of {place} did {company} complain about?",
                "What went wrong for {company} with {place} so far?",
            ]),
        Collection(
            ["Migration", "Progress", "Cutover"],
            members: [
                "{Place} in {region1} now runs on {database}.",
                "{Region2} followed: {place} is on {database} there too.",
                "Migration of {place} to {database} finished in {region3}.",
                "{Place} in {region4} is the last one moved to {database}.",
            ],
            questions: [
                "In which regions does {place} run on {database}?", "Where was {place} migrated to {database}?",
            ]),
        Collection(
            ["Review", "Work of {person}", "Merged"],
            members: [
                "{Person} rewrote {function1} in {place}.", "{Function2} in {place} was simplified by {person}.",
                "{Person} added tests for {function3} ({place}).", "Merged: {function4} of {place}, by {person}.",
            ],
            questions: [
                "Which functions of {place} did {person} work on?", "What has {person} changed in {place}?",
            ]),
        Collection(
            ["Costs", "Budget", "Bill"],
            members: [
                "{Tool} costs {place} {amount1} in {month1}.", "In {month2} we paid {amount2} for {tool} in {place}.",
                "The {month3} bill of {tool} for {place} was {amount3}.",
                "{Place} spent {amount4} on {tool} during {month4}.",
            ],
            questions: [
                "How much did {place} spend on {tool} altogether?", "What are all the bills for {tool} in {place}?",
            ]),
        Collection(
            ["Decision", "Meeting with {company}", "Agreed"],
            members: [
                "{Company} agreed that {place} drops {format1}.", "{Place} and {company}: also {format2} goes away.",
                "With {company} it was settled to stop {format3} in {place}.",
                "{Company} lets {place} end {format4} on {date4}.",
            ],
            questions: [
                "Which formats of {place} did {company} agree to drop?",
                "What goes away in {place} as settled with {company}?",
            ]),
    ]
}
