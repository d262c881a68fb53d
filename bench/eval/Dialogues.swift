/// Two turns of a conversation: a question in it, and an answer that means nothing alone.
///
/// Owns: the wording of both and of the question that is asked much later. Must never: let the answer turn share a
/// content word with the later question; the label check throws such a question away.

struct Dialogue: Sendable {
    var asking: String
    var answer: String
    var question: String
    /// The kind of fact about the same service that would answer the question as well.
    var rival: String?

    init(_ asking: String, _ answer: String, _ question: String, rival: String? = nil) {
        self.asking = asking
        self.answer = answer
        self.question = question
        self.rival = rival
    }
}

enum Dialogues {
    static let personal: [Dialogue] = [
        Dialogue(
            "Where should we spend the summer holidays this year?", "{Country}, and nowhere else.",
            "Where will the summer holidays be spent?"),
        Dialogue(
            "What does the {relative} want for the anniversary?", "A {gift}, I heard.",
            "What does the {relative} want for the anniversary?"),
        Dialogue(
            "Who is going to look after the plants while nobody is home?", "{Friend} said yes.",
            "Who looks after the plants?"),
        Dialogue(
            "Which colour do we take for the sofa covers?", "{Colour}, the other one is ugly.",
            "Which colour was taken for the sofa covers?"),
        Dialogue(
            "How much may the new washing machine cost at most?", "{Amount}, not a cent more.",
            "How much may the washing machine cost?"),
        Dialogue(
            "What time does the choir rehearsal start on {weekday}?", "{Time}, as always.",
            "When does the choir rehearsal start on {weekday}?"),
        Dialogue(
            "Do you remember the name of the guide in {city}?", "That was {person}.",
            "What was the name of the guide in {city}?"),
        Dialogue(
            "Which dish should be served at the {role}'s party?", "{Food}, with lots of parsley.",
            "Which dish is served at the party of the {role}?"),
        Dialogue(
            "What is the alarm code of the holiday cabin?", "{DoorCode}. Do not write it down.",
            "What is the alarm code of the cabin?"),
        Dialogue(
            "Who broke the window of the greenhouse?", "{Friend}, with a football.",
            "Who broke the greenhouse window?"),
        Dialogue(
            "Which course did you sign up for at the community college?", "{Subject}, twice a week.",
            "Which course was chosen at the community college?"),
        Dialogue(
            "What did the mechanic say is wrong with the brakes?", "Worn out, {price} for new ones.",
            "What did the mechanic say about the brakes?"),
        Dialogue(
            "When is the chimney sweep coming to {street}?", "On the {date}, before noon.",
            "When does the chimney sweep come to {street}?"),
        Dialogue(
            "Which team do you support in the quiz league?", "{Band}, since forever.",
            "Which team is supported in the quiz league?"),
        Dialogue(
            "What made you give up {hobby}?", "{Illness}, and then no time.",
            "What was the reason to give up {hobby}?"),
        Dialogue(
            "Where did you hide the presents for the kids?", "In the {room}, behind the boxes.",
            "Where are the presents for the kids hidden?"),
        Dialogue(
            "Which station do I get off at when I visit {friend}?", "{Noun} Hill, then left.",
            "Which station is it when visiting {friend}?"),
        Dialogue("What is the dog not allowed to eat?", "No {ingredient}, ever.", "What must the dog not eat?"),
        Dialogue("Who inherits the violin one day?", "The {relative}, it is in the will.", "Who inherits the violin?"),
        Dialogue(
            "How long did the marathon take you in {city}?", "{Minutes} more than hoped.",
            "How did the marathon in {city} go?"),
        Dialogue(
            "Which seats did you get for the theatre in {city}?", "Row {count}, on the aisle.",
            "Which seats are it for the theatre in {city}?"),
        Dialogue(
            "Who is baking the cake for the school fair?", "{Friend}, with cherries.",
            "Who bakes the cake for the school fair?"),
        Dialogue(
            "What was the parrot's favourite word?", "\"{Noun}\", all day long.",
            "What was the favourite word of the parrot?"),
        Dialogue(
            "How did the driving test go for the {relative}?", "Failed by {small} points.",
            "How did the driving test of the {relative} go?"),
        Dialogue(
            "Which wine goes with {food}?", "{Drink}, actually. I never touch alcohol.",
            "Which wine goes with {food}?"),
        Dialogue(
            "What is the locker number at the swimming baths?", "{DoorCode}, top row.",
            "Which locker number is it at the swimming baths?"),
        Dialogue(
            "Why did the book club reject \"{book}\"?", "Too long, and {friend} hated it.",
            "Why was \"{book}\" rejected by the book club?"),
        Dialogue(
            "When does the heating inspection take place?", "{Weekday} morning, {time}.",
            "When does the heating inspection take place?"),
        Dialogue(
            "Which charity should get the money from the flea market?", "{Company}, as every spring.",
            "Which charity gets the flea market money?"),
        Dialogue(
            "How far is the cabin from the nearest village?", "{Kilometres} through the woods.",
            "How far is the nearest village from the cabin?"),
        Dialogue("Who won the pub quiz in {month}?", "{Band}, by a whisker.", "Who won the pub quiz in {month}?"),
        Dialogue(
            "What should the new sign above the workshop say?", "\"{Adjective} {noun}\", in {colour}.",
            "What does the sign above the workshop say?"),
        Dialogue(
            "Which tablets did the clinic prescribe for {illness}?", "Something against pain, {small} times a day.",
            "How often are the tablets for {illness} taken as prescribed?"),
        Dialogue(
            "Do we invite the {role} to the housewarming?", "Rather not, after what happened with {friend}.",
            "Is the {role} invited to the housewarming?"),
    ]

    static let technical: [Dialogue] = [
        Dialogue(
            "Which database do we take for the {service}?", "{Database}. It runs elsewhere here anyway.",
            "Which database was taken for the {service}?", rival: "decision"),
        Dialogue(
            "Who signs off the security review of the {service}?", "{Person} will.",
            "Who signs off the security review of the {service}?"),
        Dialogue(
            "What was the root cause when the {service} stalled?", "{Cause}, embarrassingly.",
            "What was the root cause of the stalled {service}?", rival: "incident"),
        Dialogue(
            "How many replicas does the {service} get in {region}?", "{Count}, to begin with.",
            "How many replicas has the {service} in {region}?", rival: "setting"),
        Dialogue(
            "Which language should the rewrite of the {service} use?", "{CodeLanguage}, all hands agreed.",
            "Which language does the rewrite of the {service} use?", rival: "convention"),
        Dialogue(
            "When do we switch off the old {service}?", "{Date}, after the invoices.",
            "When is the old {service} switched off?"),
        Dialogue(
            "What is the memory ceiling for the {service} workers?", "{Value} MB each.",
            "What memory ceiling do the {service} workers have?", rival: "setting"),
        Dialogue(
            "Why did we drop the {format} export from the {service}?", "Because {reason}.",
            "Why was the {format} export of the {service} dropped?", rival: "format"),
        Dialogue(
            "Which ticket tracks the flaky tests in the {service}?", "{Ticket}, still open.",
            "Which ticket tracks flaky tests in the {service}?"),
        Dialogue(
            "Who holds the admin account of {tool}?", "{Person}, and a sealed copy is in the safe.",
            "Who holds the {tool} admin account?"),
        Dialogue(
            "Which version of {tool} should developers install?", "{Version}, pinned.",
            "Which {tool} version should developers install?"),
        Dialogue(
            "Which pattern did the architects pick for the {service}?", "{Pattern}, to keep it simple.",
            "Which pattern was picked for the {service}?", rival: "decision"),
        Dialogue(
            "What budget did {company} grant for the {service}?", "{Amount} until winter.",
            "What budget was granted by {company} for the {service}?"),
        Dialogue(
            "How long may a deploy of the {service} block others?", "{Minutes}, then it is aborted.",
            "How long may deploys of the {service} block others?"),
        Dialogue(
            "Which port is free on the {service} machines?", "Take {port}.",
            "Which port is free on machines of the {service}?", rival: "port"),
        Dialogue(
            "What should happen when {setting} is missing?", "Fall back to {value} and warn.",
            "What happens if {setting} is missing?"),
        Dialogue(
            "Which certificate authority signs the {service} certificates?", "{Company}, until {month}.",
            "Which authority signs certificates of the {service}?"),
        Dialogue(
            "Who breaks the tie when the {service} reviewers disagree?", "{Person}, reluctantly.",
            "Who breaks a tie of {service} reviewers?"),
        Dialogue(
            "What is the nickname of the {service} among customers?", "\"The {adjective} {noun}\".",
            "Which nickname do customers have for the {service}?"),
        Dialogue(
            "Where do the {service} dumps go at night?", "To {region}, encrypted.",
            "Where do dumps of the {service} go at night?"),
        Dialogue(
            "How often does the {service} poll {company}?", "Every {minutes}.",
            "How often is {company} polled by the {service}?"),
        Dialogue(
            "Which header carries the tenant in calls to the {service}?", "X-{noun}, lowercase.",
            "Which header carries the tenant for the {service}?"),
        Dialogue(
            "What blocked the {service} launch in {month}?", "Legal did, over {format}.",
            "What blocked the launch of the {service} in {month}?"),
        Dialogue(
            "Which load did the {service} survive in the rehearsal?", "{Value} per second, then it fell over.",
            "Which load did the {service} survive in rehearsal?"),
        Dialogue(
            "Who wrote the original {service} prototype?", "{Person}, in {codeLanguage}.",
            "Who wrote the {service} prototype?"),
        Dialogue(
            "What do we name the successor of {tool}?", "{Noun}. The vote was close.",
            "What is the successor of {tool} named?"),
    ]
}
