/// Facts about other people, journeys, tastes and events.
///
/// Owns: the wording of these facts and their questions. Must never: use a word because a ranking likes
/// it.

extension Facts {
    static let social: [FactKind] = [
        FactKind(
            "gift", titles: ["Present for {poss} {relative}", "Birthday idea", "Gift list"],
            statements: [
                "{Subj} gave {their} {relative} a {gift} for the birthday on {date}.",
                "Birthday present for {poss} {relative} ({date}): a {gift}.",
                "A {gift} it was that {poss} {relative} unwrapped on the birthday, {date}.",
            ],
            questions: [
                "What present did {subj} give {their} {relative} for the birthday?",
                "When is the birthday of {poss} {relative}?",
            ],
            wordy: ["what it was that {subj} had for {their} {relative} when that birthday was on again"]),
        FactKind(
            "concert", titles: ["Concert in {city}", "Live music", "Tickets"],
            statements: [
                "{Subj} heard {band} live in {city} on {date}; the ticket cost {price}.",
                "Concert: {band}, {city}, {date}. {Subj} paid {price} for the ticket.",
                "The ticket for {band} in {city} ({date}) cost {obj} {price}.",
            ],
            questions: [
                "Which band did {subj} hear live in {city}?", "What did {poss} concert ticket in {city} cost?",
            ],
            wordy: ["who was on when {subj} went to that concert which was in {city}, the live one"]),
        FactKind(
            "book", titles: ["Reading list", "A novel", "{Book}"],
            statements: [
                "{Person} lent {obj} the novel \"{book}\", and {subj} finished it in {days}.",
                "{Subj} finished the novel \"{book}\" within {days}; it was {person} who lent it.",
                "The novel {person} lent {obj} is \"{book}\". It took {days} to finish.",
            ],
            questions: [
                "Which novel did {person} lend {obj}?", "How long did {subj} take to finish the novel {person} lent?",
            ],
            wordy: ["what the one that {person} let {obj} have for a while, that novel, is called"]),
        FactKind(
            "wedding", titles: ["Wedding", "{Friend} gets married", "Save the date"],
            statements: [
                "{Friend} marries on {date} in {city}, and {subj} {is} asked to give a speech.",
                "Wedding of {friend}: {date}, {city}. {Subj} will give a speech.",
                "{Subj} will give a speech at the wedding of {friend}, {city}, {date}.",
            ],
            questions: [
                "When and where is the wedding of {friend}?", "At whose wedding in {city} will {subj} give a speech?",
            ],
            wordy: ["when it is that {friend} will say yes with all of us there, and where that will be"]),
        FactKind(
            "restaurant", titles: ["Dinner at {venue}", "Restaurant tip", "Eating out in {city}"],
            statements: [
                "At {venue} in {city} {subj} had {food} with {friend} and liked it a lot.",
                "{Friend} took {obj} to {venue} in {city}; the {food} was the best of the year.",
                "Dinner in {city}: {venue}, {food}, with {friend}. {Subj} would go again.",
            ],
            questions: [
                "At which restaurant in {city} did {subj} have {food}?", "What did {subj} eat at {venue}?",
            ],
            wordy: ["where it was over in {city} that {friend} and {subj} had such a good {food}"]),
        FactKind(
            "language", titles: ["Language course", "Learning {language}", "Evening class"],
            statements: [
                "{Subj} started to learn {language} with a tutor named {person}, every {weekday} at {time}.",
                "{Language} lessons with {person}: {weekday}, {time}. {Subj} started this month.",
                "Every {weekday} at {time} {subj} {v:have|has} a {language} lesson with {person}.",
            ],
            questions: [
                "Who teaches {obj} {language}?", "On which day and at what time is {poss} {language} lesson?",
            ],
            wordy: ["who it is with whom {subj} {v:sit|sits} down each week so as to get better at {language}"]),
        FactKind(
            "flight", titles: ["Flight to {city}", "Travel booking", "Trip"],
            statements: [
                "{Subj} booked flight {flight} to {city} on {date}, booking code {reference}.",
                "Flight {flight}, {date}, to {city}; {poss} booking code is {reference}.",
                "{Poss} booking code for {city} is {reference} (flight {flight} on {date}).",
            ],
            questions: [
                "What is {poss} booking code for the flight to {city}?", "Which flight did {subj} book to {city}?",
            ],
            wordy: ["what that code is which they gave to {obj} for when {subj} will be off to {city}"]),
        FactKind(
            "lost", titles: ["Lost and found", "Gone missing", "The lost {gift}"],
            statements: [
                "{Subj} forgot a {gift} on the tram in {city}; the lost property office has it under {reference}.",
                "Lost property office, {city}: {poss} {gift} is there, reference {reference}.",
                "The {gift} {subj} lost on a tram in {city} was handed in, reference {reference}.",
            ],
            questions: [
                "Under which reference does the lost property office keep {poss} {gift}?",
                "What did {subj} lose on the tram in {city}?",
            ],
            wordy: ["what it was that {subj} no longer had with {obj} after that tram in {city}"]),
        FactKind(
            "game night", titles: ["Game night", "The bet", "Cards with {friend}"],
            statements: [
                "{Subj} lost a bet against {friend} and now {v:owe|owes} a bottle of {drink}.",
                "The bet with {friend} is lost: {subj} {v:owe|owes} {drink}.",
                "{Friend} won the bet, so {subj} must bring {drink}.",
            ],
            questions: [
                "What {does} {subj} owe {friend} for the lost bet?", "Against whom did {subj} lose the bet?",
            ],
            wordy: ["what it is that {friend} is still to get from {obj} because of that bet of theirs"]),
        FactKind(
            "phone", titles: ["Phone number of {person}", "Contact", "{Person}"],
            statements: [
                "{Poss} {role} is {person}, reachable under {phone}.",
                "{Person}, {poss} {role}: {phone}.",
                "Phone number of {poss} {role} {person}: {phone}, best after {time}.",
            ],
            questions: [
                "What is the phone number of {person}?", "Who is {poss} {role}?",
            ],
            wordy: ["how one can get hold of {person}, I mean under which number that would be"]),
        FactKind(
            "festival", titles: ["Volunteering", "Festival in {city}", "Shift plan"],
            statements: [
                "{Subj} volunteered at the {noun} festival in {city}, at the {food} stand, with {friend}.",
                "{Noun} festival, {city}: {subj} and {friend} ran the {food} stand as volunteers.",
                "With {friend}, {subj} sold {food} at the {noun} festival in {city}, as volunteers.",
            ],
            questions: [
                "At which stand did {subj} volunteer during the {noun} festival?",
                "With whom did {subj} volunteer at the festival in {city}?",
            ],
            wordy: ["who else was there with {obj} when {subj} did that for nothing at the {noun} festival"]),
        FactKind(
            "sibling job", titles: ["Family news", "{Poss} {relative}", "A new job"],
            statements: [
                "{Poss} {relative} works as a {profession} at {company} in {city}.",
                "{Subj} mentioned that {their} {relative} is now a {profession} with {company}, {city}.",
                "{Company} in {city} hired {poss} {relative} as a {profession}.",
            ],
            questions: [
                "What does {poss} {relative} do at {company}?", "At which company does {poss} {relative} work?",
            ],
            wordy: ["what it is that {poss} {relative} does all day now that {company} is who pays for it"]),
    ]
}
