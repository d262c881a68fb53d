/// Sentence frames for paraphrased questions: the memory and the question share no content word.
///
/// Owns: for every category, what is said and how it is asked in other words. Must never: repeat a word; the
/// label check throws such a question away, and a table full of them gives no questions.

/// `{w}` is the word of the memory, `{o}` the other expression in the question.
struct ParaphraseFrame: Sendable {
    var statement: String
    var question: String

    init(_ statement: String, _ question: String) {
        self.statement = statement
        self.question = question
    }
}

enum ParaphraseFrames {
    static func table(_ category: SynonymCategory) -> [ParaphraseFrame] {
        switch category {
        case .object: objects
        case .person: people
        case .place: places
        case .ailment: ailments
        case .animal: animals
        case .occasion: occasions
        case .software: software
        case .failure: failures
        case .activity: activities
        case .food: foods
        }
    }

    static let objects = [
        ParaphraseFrame("{Subj} bought a second-hand {w} for {price}.", "How expensive was the {o}?"),
        ParaphraseFrame(
            "The {w} broke on {weekday}; fixing it will take {days}.", "For how long is the {o} being repaired?"),
        ParaphraseFrame("{Friend} gave {obj} a {colour} {w}.", "From whom did {subj} receive the {o}?"),
        ParaphraseFrame("{Subj} left the {w} at {poss} {relative}'s in {city}.", "Where did {subj} forget the {o}?"),
        ParaphraseFrame("{Subj} sold the old {w} to {friend}.", "Who is the buyer of the {o}?"),
        ParaphraseFrame("{Poss} {w} is {colour} and came from {company}.", "Which manufacturer made the {o}?"),
        ParaphraseFrame("Somebody stole {poss} {w} near {street}.", "What happened when the {o} was robbed?"),
        ParaphraseFrame(
            "{Subj} wanted a {w} ever since {year} and now got one.", "What had {subj} longed for: which {o}?"),
    ]

    static let people = [
        ParaphraseFrame("{Poss} {w} recommended a week at the sea near {city}.", "What was suggested by the {o}?"),
        ParaphraseFrame("{Poss} new {w} is called {person}.", "Name of the {o}?"),
        ParaphraseFrame("The {w} came from {city} and stayed until {weekday}.", "Which town is home for the {o}?"),
        ParaphraseFrame("{Subj} argued with the {w} over {amount}.", "What was the quarrel with the {o} about?"),
        ParaphraseFrame("The {w} retired, and {friend} took over.", "Who is the successor of the {o}?"),
        ParaphraseFrame("{Poss} {w} hates {food}.", "Which dish does the {o} dislike?"),
        ParaphraseFrame("The {w} charged {price} an hour.", "How costly is the {o}?"),
    ]

    static let places = [
        ParaphraseFrame("The {w} in {street} closed for good in {month}.", "When did the {o} shut down?"),
        ParaphraseFrame("{Subj} met {friend} behind the {w}.", "Who was encountered close to the {o}?"),
        ParaphraseFrame("The {w} is {kilometres} from {poss} home.", "How far away lies the {o}?"),
        ParaphraseFrame(
            "{Subj} visited the {w} with {poss} {relative} and liked it.", "Who came along to see the {o}?"),
        ParaphraseFrame("The {w} near {street} burned down in {year}.", "When was the {o} destroyed by flames?"),
        ParaphraseFrame(
            "Opening hours of the {w}: until {time} on {weekday}.", "How late can people get into the {o}?"),
    ]

    static let ailments = [
        ParaphraseFrame("{Subj} had {w} for {days} and stayed in bed.", "How long did the {o} last?"),
        ParaphraseFrame("{Poss} {relative} suffers from {w}.", "Which family member struggles with {o}?"),
        ParaphraseFrame("Against the {w}, {friend} swears by {drink}.", "Which remedy helps with {o}?"),
        ParaphraseFrame("The {w} began during a visit to {city}.", "Where were they when {o} started?"),
        ParaphraseFrame("Since {month}, the {w} is gone.", "When did {subj} recover from {o}?"),
    ]

    static let animals = [
        ParaphraseFrame("The {w} got a checkup at {company}.", "By whom was the {o} examined?"),
        ParaphraseFrame("The {w} ran off toward {street} on {weekday}.", "Where did the {o} escape to?"),
        ParaphraseFrame("{Subj} feeds the {w} {food}, nothing else.", "What does the {o} eat?"),
        ParaphraseFrame("{Friend} is scared of the {w}.", "Who fears the {o}?"),
        ParaphraseFrame("The {w} is {small} years old.", "What is the age of the {o}?"),
        ParaphraseFrame("{Poss} {relative} found a {w} in the {room}.", "Who discovered the {o}?"),
    ]

    static let occasions = [
        ParaphraseFrame("The {w} is on {date} in {city}.", "When does the {o} take place?"),
        ParaphraseFrame("{Subj} wore {colour} to the {w}.", "How {was} {subj} dressed for the {o}?"),
        ParaphraseFrame("{Friend} cried during the {w}.", "Who was in tears at the {o}?"),
        ParaphraseFrame("The {w} was called off because of {illness}.", "Why was the {o} cancelled?"),
        ParaphraseFrame("After the {w}, {subj} went straight to {venue}.", "Where did {subj} head once the {o} ended?"),
        ParaphraseFrame("For the {w} {subj} paid {amount}.", "How expensive was the {o}?"),
    ]

    static let software = [
        ParaphraseFrame("The {w} was rewritten in {codeLanguage}.", "Which technology is behind the {o}?"),
        ParaphraseFrame("{Person} owns the {w}.", "Who is responsible for the {o}?"),
        ParaphraseFrame("Deleting the {w} broke the {service}.", "What stopped functioning once the {o} was removed?"),
        ParaphraseFrame("We moved the {w} to {region}.", "Where does the {o} live nowadays?"),
        ParaphraseFrame("Buying the {w} cost {amount}.", "How much money was spent on the {o}?"),
        ParaphraseFrame("The {w} stays disabled until {month}.", "When will the {o} be switched on again?"),
        ParaphraseFrame("{Person} wants the {w} faster.", "Who demands better performance of the {o}?"),
    ]

    static let failures = [
        ParaphraseFrame("The {w} in the {service} came from {cause}.", "What is the root of the {o}?"),
        ParaphraseFrame("{Person} found the {w} first.", "Who discovered the {o}?"),
        ParaphraseFrame("After the {w} we paid {company} {amount}.", "How much compensation followed the {o}?"),
        ParaphraseFrame("The {w} began at {time} on {weekday}.", "When did the {o} start?"),
        ParaphraseFrame("Adding {pattern} cured the {w}.", "Which remedy got rid of the {o}?"),
    ]

    static let activities = [
        ParaphraseFrame(
            "{Subj} {v:love|loves} {w} and {v:go|goes} every {weekday}.", "When {is} {subj} busy with {o}?"),
        ParaphraseFrame("{Friend} got {obj} into {w}.", "Who introduced {obj} to {o}?"),
        ParaphraseFrame("{Subj} quit {w} after {illness}.", "Why did {subj} give up {o}?"),
        ParaphraseFrame("{Poss} gear for {w} is in the {room}.", "Where is the equipment for {o}?"),
        ParaphraseFrame("The club for {w} costs {price} a month.", "How expensive is membership for {o}?"),
    ]

    static let foods = [
        ParaphraseFrame("{Subj} never {v:touch|touches} {w} since {city}.", "Which {o} {does} {subj} refuse to eat?"),
        ParaphraseFrame("{Friend} makes the best {w}.", "Whose {o} is unbeatable?"),
        ParaphraseFrame("{Poss} {relative} cannot stand {w}.", "Who in the family hates {o}?"),
        ParaphraseFrame("{Subj} bought {w} at the market in {street}.", "Where did {subj} get {o}?"),
        ParaphraseFrame("The {w} at {venue} made {obj} sick.", "Where {was} {subj} poisoned by {o}?"),
    ]
}
