/// Memories that differ in one detail only, and memories that are found by one exact token.
///
/// Owns: the wording of both. Must never: ask for a detail that two siblings share.

/// Siblings share every slot but the varying ones; a question names what is one sibling's own and asks for its answer.
struct Cluster: Sendable {
    var titles: [String]
    var statement: String
    var questions: [String]
    /// Drawn again for every sibling: first what the question names, then the answer.
    var varying: [String]

    init(_ titles: [String], _ statement: String, _ questions: [String], varying: [String]) {
        self.titles = titles
        self.statement = statement
        self.questions = questions
        self.varying = varying
    }
}

/// A memory around one token, and siblings around tokens that look almost the same.
struct ExactToken: Sendable {
    var slot: String
    var titles: [String]
    var statements: [String]
    var questions: [String]

    init(_ slot: String, titles: [String], statements: [String], questions: [String]) {
        self.slot = slot
        self.titles = titles
        self.statements = statements
        self.questions = questions
    }
}

enum Clusters {
    static let personal: [Cluster] = [
        Cluster(
            ["Invoice", "Payments to {company}"],
            "{Subj} paid {company} {amount} on {date} for the work in the {room}.",
            ["How much did {subj} pay {company} on {date}?", "What was the bill of {company} on {date} for {obj}?"],
            varying: ["date", "amount", "room"]),
        Cluster(
            ["Clothes sizes", "Sizes"], "{Poss} {relative} wears shoes in size {count} and likes {colour}.",
            ["Which shoe size does {poss} {relative} wear?", "What size are shoes for {poss} {relative}?"],
            varying: ["relative", "count", "colour"]),
        Cluster(
            ["Door codes", "Code"], "The door code of {poss} office in {city} is {doorCode}.",
            [
                "What is the door code of {poss} office in {city}?",
                "How {does} {subj} open the door of the office in {city}?",
            ], varying: ["city", "doorCode"]),
        Cluster(
            ["Appointments", "Next visit"], "{Subj} {v:see|sees} the {role} on {weekday}, {date}, at {time}.",
            ["At what time {does} {subj} see the {role}?", "When exactly is the {role} due for {obj}?"],
            varying: ["role", "weekday", "date", "time"]),
        Cluster(
            ["Blood values", "Lab report"], "{Poss} blood test in {month} showed an iron value of {count}.",
            [
                "What iron value did {poss} blood test in {month} show?",
                "How much iron was in {poss} blood in {month}?",
            ], varying: ["month", "count"]),
        Cluster(
            ["Parcels", "Delivery"], "The parcel from {company} to {obj} has the tracking number {reference}.",
            [
                "What is the tracking number of the parcel {company} sent to {obj}?",
                "Under which number can {poss} parcel from {company} be tracked?",
            ], varying: ["company", "reference"]),
        Cluster(
            ["Training log", "Running"], "{Subj} ran {kilometres} in {minutes} along the river in {city}.",
            [
                "In how many minutes did {subj} run {kilometres} in {city}?",
                "How fast {was} {subj} over {kilometres} along the river?",
            ], varying: ["kilometres", "minutes"]),
        Cluster(
            ["Birthdays", "Birthday"], "The birthday of {person}, {poss} friend, is on {date}.",
            ["When is the birthday of {person}?", "On which day was {person} born?"], varying: ["person", "date"]),
        Cluster(
            ["Meter reading", "Electricity"], "{Poss} electricity meter in {street} read {value} in {month}.",
            [
                "What did {poss} electricity meter read in {month}?",
                "What was the reading of {poss} meter for {month}?",
            ], varying: ["month", "value"]),
        Cluster(
            ["Recipe notes", "In the kitchen"],
            "For {food} {subj} {v:use|uses} {small} cloves of garlic and {minutes} of simmering.",
            ["How many cloves of garlic {does} {subj} use for {food}?", "How much garlic goes into {poss} {food}?"],
            varying: ["food", "small", "minutes"]),
        Cluster(
            ["Train tickets", "Ticket to {city}"], "{Poss} train to {city} on {date} leaves at {time}, seat {count}.",
            [
                "When does {poss} train to {city} on {date} leave?",
                "Which seat and what departure has {poss} train on {date}?",
            ], varying: ["date", "time", "count"]),
        Cluster(
            ["Library card", "Loans"], "{Subj} must return \"{book}\" to the library by {date}.",
            ["By which date must {subj} return \"{book}\"?", "Until when may {subj} keep \"{book}\"?"],
            varying: ["book", "date"]),
    ]

    static let technical: [Cluster] = [
        Cluster(
            ["Timeouts", "Settings per environment"], "In {environment}, {place} has {setting} set to {value}.",
            [
                "What is {setting} of {place} in {environment}?",
                "Which value has {setting} for {place} if it is {environment}?",
            ], varying: ["environment", "value"]),
        Cluster(
            ["Regions", "Capacity"], "{Place} runs {count} instances in {region}.",
            ["How many instances of {place} run in {region}?", "How big is {place} in {region}, in instances?"],
            varying: ["region", "count"]),
        Cluster(
            ["On call", "Rota"], "In {month}, {person} is on call for {place}.",
            ["Who is on call for {place} in {month}?", "Whom do we call about {place} during {month}?"],
            varying: ["month", "person"]),
        Cluster(
            ["Benchmarks", "Numbers"], "With {database}, {place} handled {value} requests per second in the test.",
            [
                "How many requests per second did {place} handle with {database}?",
                "How fast was {place} on top of {database}?",
            ], varying: ["database", "value"]),
        Cluster(
            ["Deprecations", "Endpoint removal"], "The endpoint /{function} of {place} will be removed on {date}.",
            [
                "When will the endpoint /{function} of {place} be removed?",
                "Until when can clients of {place} use /{function}?",
            ], varying: ["function", "date"]),
        Cluster(
            ["Owners of modules", "Code owners"], "{Person} owns the module {type} in {place}.",
            ["Who owns the module {type} in {place}?", "Whose module is {type} in {place}?"],
            varying: ["type", "person"]),
        Cluster(
            ["Costs", "Cloud bill"], "The cloud bill of {place} for {month} was {amount}.",
            ["How high was the cloud bill of {place} for {month}?", "What did running {place} cost us in {month}?"],
            varying: ["month", "amount"]),
        Cluster(
            ["Keys", "Key rotation"],
            "The key for {company} in {place} was rotated on {date}; the new one ends in {commit}.",
            [
                "When was the key for {company} in {place} rotated?",
                "On what day did {company} get its new key in {place}?",
            ], varying: ["company", "date", "commit"]),
        Cluster(
            ["Test durations", "Slow tests"], "The {format} tests of {place} take {minutes} with {tool}.",
            ["How many minutes do the {format} tests of {place} take?", "How slow are {format} tests in {place}?"],
            varying: ["format", "minutes"]),
        Cluster(
            ["Customers' limits", "Agreed limits"], "{Company} may send {place} {value} events per minute.",
            [
                "How many events per minute may {company} send {place}?",
                "What is the event limit of {company} at {place}?",
            ], varying: ["company", "value"]),
    ]

    static let tokens: [ExactToken] = [
        ExactToken(
            "ticket", titles: ["{Ticket}", "Ticket of the day", "Tracker"],
            statements: [
                "{Ticket} is about {cause} in the {service}; {person} picked it up.",
                "{Person} opened {ticket}: the {service} suffers from {cause}.",
            ],
            questions: ["What is {ticket} about?", "Who works on {ticket}?"]),
        ExactToken(
            "errorCode", titles: ["{ErrorCode}", "Error seen", "Log line"],
            statements: [
                "The {service} returned {errorCode} when {company} sent {format}.",
                "{ErrorCode} came up in {environment} after the {tool} upgrade to {version}.",
            ],
            questions: ["When did {errorCode} come up?", "{ErrorCode}?"]),
        ExactToken(
            "commit", titles: ["Commit {commit}", "Bisect result", "Review"],
            statements: [
                "Commit {commit} by {person} removed {function} from {path}.",
                "Bisecting ended at {commit}: {person} had changed {function}.",
            ],
            questions: ["What did commit {commit} change?", "Who wrote {commit}?"]),
        ExactToken(
            "reference", titles: ["Order {reference}", "Reference number", "Paper trail"],
            statements: [
                "Order {reference} with {company} contains a {gift}, delivery on {date}.",
                "{Company} confirmed {reference}: a {gift}, to be delivered on {date}.",
            ],
            questions: ["What is in order {reference}?", "When is {reference} delivered?"]),
        ExactToken(
            "phone", titles: ["Missed call", "Call back", "Number"],
            statements: [
                "{Phone} called at {time}: it was the {role} of {person}.",
                "Missed call from {phone}; {person} answers there.",
            ],
            questions: ["Whose number is {phone}?", "Who called from {phone}?"]),
        ExactToken(
            "address", titles: ["Host {address}", "Machines", "Network notes"],
            statements: [
                "{Address} is the host of the {service} in {region}.",
                "The {service} moved to {address}, rack {count}, {region}.",
            ],
            questions: ["What runs on {address}?", "Which host is {address}?"]),
        ExactToken(
            "function", titles: ["{Function}", "Code tour", "Call graph"],
            statements: [
                "The function {function} in {path} is called twice for every request; {person} wants to cache it.",
                "{Person} marked {function} in {path} as deprecated from {version} on.",
            ],
            questions: ["In which file is {function}?", "What is known about {function}?"]),
        ExactToken(
            "person", titles: ["{Person}", "New contact", "Who is who"],
            statements: [
                "{Person} is a {profession} from {city} and joined {company} on {date}.",
                "Met {person}, a {profession} at {company}, in {city}.",
            ],
            questions: ["Who is {person}?", "Where does {person} work?", "What does {person} do?"]),
        ExactToken(
            "flight", titles: ["Flight {flight}", "Delay", "Airport"],
            statements: [
                "Flight {flight} to {city} is delayed by {minutes} and leaves at {time}.",
                "{Flight}: gate {count}, {city}, boarding at {time}.",
            ],
            questions: ["Where does flight {flight} go?", "When does {flight} leave?"]),
        ExactToken(
            "serial", titles: ["Device {serial}", "Inventory", "Asset list"],
            statements: [
                "Device {serial} stands in the {room} and belongs to {person}.",
                "{Serial} was sent to {company} for repair on {date}.",
            ],
            questions: ["Where is device {serial}?", "What happened to {serial}?"]),
        ExactToken(
            "path", titles: ["{Path}", "Where it lives", "File notes"],
            statements: [
                "The file {path} holds the {format} reader; {person} reviews changes to it.",
                "Do not edit {path} by hand, {tool} generates it in {version}.",
            ],
            questions: ["What is in {path}?", "Who or what takes care of {path}?"]),
        ExactToken(
            "version", titles: ["Release {version}", "Changelog", "What is new"],
            statements: [
                "Release {version} brought {pattern} and dropped {format}.",
                "In {version} we replaced {tool}, since {reason}.",
            ],
            questions: ["What did release {version} bring?", "What changed in {version}?"]),
    ]
}
