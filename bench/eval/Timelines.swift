/// Facts that change: before and after an event, at first and now, in one month and in another.
///
/// Owns: the wording of the topics and events. Must never: let the statement name the event; only time connects them.

/// Something that is said again and again with another value.
struct ChangingTopic: Sendable {
    var titles: [String]
    /// Ways to say it; each names the answer slot.
    var statements: [String]
    /// Without the time; followed by a clause of time.
    var question: String
    /// The slot that changes.
    var answer: String
    /// The kind of fact that would answer the question as well.
    var rival: String?

    init(_ titles: [String], _ statements: [String], _ question: String, answer: String, rival: String? = nil) {
        self.titles = titles
        self.statements = statements
        self.question = question
        self.answer = answer
        self.rival = rival
    }
}

/// A turning point.
struct TurningPoint: Sendable {
    var statement: String
    var before: String
    var after: String

    init(_ statement: String, before: String, after: String) {
        self.statement = statement
        self.before = before
        self.after = after
    }
}

enum Timelines {
    static let topics: [ChangingTopic] = [
        ChangingTopic(
            ["Rent", "Housing costs"],
            ["{Poss} rent is {amount} a month.", "Rent came to {amount} this month for {obj}."],
            "How much was {poss} rent", answer: "amount", rival: "flat"),
        ChangingTopic(
            ["Commute", "Way to work"],
            ["{Poss} commute takes {minutes}.", "{Subj} needed {minutes} for the commute."],
            "How long was {poss} commute", answer: "minutes"),
        ChangingTopic(
            ["Sleep", "Nights"],
            ["{Subj} only slept {small} hours a night.", "Sleep: {small} hours per night for {obj}."],
            "How many hours a night did {subj} sleep", answer: "small"),
        ChangingTopic(
            ["Breakfast", "Mornings"], ["Breakfast is {food} for {obj}.", "{Subj} had {food} for breakfast again."],
            "What did {subj} have for breakfast", answer: "food"),
        ChangingTopic(
            ["Team lead", "Reporting line"],
            ["{Subj} {v:report|reports} to {person}.", "{Person} is {poss} team lead."],
            "To whom did {subj} report as team lead", answer: "person", rival: "job"),
        ChangingTopic(
            ["Training", "Sports"], ["{Subj} trained {hobby} twice a week.", "{Hobby} is what {subj} trained mostly."],
            "Which sport or hobby did {subj} train", answer: "hobby", rival: "training"),
        ChangingTopic(
            ["Weekend", "Saturdays"],
            ["Weekends went into {hobby} with {friend}, {subj} said.", "{Subj} spent weekends on {hobby}."],
            "What did {subj} spend weekends on", answer: "hobby", rival: "training"),
        ChangingTopic(
            ["Knee", "Health"],
            ["The knee pain of {obj} was at {percent}.", "{Subj} rated the knee pain at {percent}."],
            "How bad was the knee pain that {subj} rated", answer: "percent"),
        ChangingTopic(
            ["Coffee", "Drinks"],
            ["{Subj} only {v:drink|drinks} {drink}.", "{Drink} is the only thing {subj} {v:drink|drinks} at work."],
            "What did {subj} drink", answer: "drink", rival: "coffee"),
        ChangingTopic(
            ["Savings", "Balance"], ["{Poss} savings stand at {amount}.", "Savings of {obj}: {amount}."],
            "How high were {poss} savings", answer: "amount", rival: "savings"),
        ChangingTopic(
            ["Language app", "Vocabulary"],
            ["{Subj} {v:know|knows} {value} words of {language} by now.", "Vocabulary: {value} words for {obj}."],
            "How many words of vocabulary did {subj} know", answer: "value", rival: "language"),
        ChangingTopic(
            ["Car", "Mileage"],
            ["{Subj} drove {value} km that month.", "Mileage of the month: {value} km, {subj} said."],
            "How many kilometres was {poss} mileage", answer: "value"),
        ChangingTopic(
            ["Phone plan", "Provider"],
            ["{Poss} phone plan is with {company}.", "{Subj} {v:have|has} a phone plan from {company}."],
            "With which provider was {poss} phone plan", answer: "company"),
        ChangingTopic(
            ["Desk", "Office life"],
            ["{Poss} desk is next to {person}.", "{Subj} {v:share|shares} a desk row with {person}."],
            "Next to whom was {poss} desk", answer: "person"),
        ChangingTopic(
            ["Reading", "Bedside table"],
            ["{Subj} {is} reading \"{book}\".", "On {poss} bedside table lies \"{book}\"."],
            "Which book lay on {poss} bedside table for reading", answer: "book", rival: "book"),
        ChangingTopic(
            ["Market day", "Shopping"],
            ["{Subj} {v:shop|shops} for groceries on {weekday}.", "Groceries are bought on {weekday}, {subj} said."],
            "On which day did {subj} shop for groceries", answer: "weekday"),
    ]

    static let turningPoints: [TurningPoint] = [
        TurningPoint(
            "{Subj} moved to {city}.", before: "before moving to {city}", after: "after moving to {city}"),
        TurningPoint(
            "{Subj} joined {company}.", before: "before {subj} joined {company}", after: "after {subj} joined {company}"
        ),
        TurningPoint(
            "{Subj} came home from a long stay in {country}.", before: "before the long stay in {country}",
            after: "after coming home from {country}"),
        TurningPoint(
            "{Subj} adopted {petName}, a {pet}.", before: "before {petName} the {pet} was adopted",
            after: "since {petName} the {pet} was adopted"),
        TurningPoint(
            "{Subj} broke an ankle while {hobby} was on the plan.", before: "before the ankle was broken",
            after: "after the broken ankle"),
        TurningPoint(
            "{Subj} passed the {subject} exam.", before: "before the {subject} exam",
            after: "after the {subject} exam"),
        TurningPoint(
            "{Poss} {relative} moved in.", before: "before {their} {relative} moved in",
            after: "once {their} {relative} had moved in"),
        TurningPoint(
            "{Subj} stopped working at {company} for good.", before: "while still working at {company}",
            after: "after leaving {company}"),
    ]

    static let nowClauses = [
        "at the latest count", "most recently", "according to the newest entry", "currently, by the last word",
    ]
    static let firstClauses = [
        "at the very beginning", "when it was first mentioned", "originally", "in the earliest entry",
    ]
}
