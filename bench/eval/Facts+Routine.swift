/// Facts about work, habits, preferences and plans of a person.
///
/// Owns: the wording of these facts and their questions. Must never: use a word because a ranking likes
/// it.

extension Facts {
    static let routine: [FactKind] = [
        FactKind(
            "studies", titles: ["Studies", "University years", "{Subject} in {city}"],
            statements: [
                "{Subj} studied {subject} in {city} and graduated in {year} with a thesis supervised by {person}.",
                "Graduated {year}, {city}: {subject}. {Person} supervised {poss} thesis.",
                "{Poss} thesis on {subject} was supervised by {person} in {city}, {year}.",
            ],
            questions: [
                "Who supervised {poss} thesis?", "What did {subj} study in {city}?",
            ],
            wordy: ["who it was that had to look after {obj} while {subj} did all of that for the thesis"]),
        FactKind(
            "job", titles: ["Work", "First day at {company}", "Job"],
            statements: [
                "{Subj} started as a {profession} at {company} on {date}; the salary is {amount} a month.",
                "New job: {profession} at {company} since {date}, {amount} a month for {obj}.",
                "{Company} pays {obj} {amount} a month as a {profession}, starting {date}.",
            ],
            questions: [
                "What salary does {company} pay {obj}?", "As what did {subj} start at {company}?",
            ],
            wordy: ["how much it is that {subj} {v:get|gets} each month for being a {profession} over there"]),
        FactKind(
            "training", titles: ["Training plan", "{Hobby}", "Sport"],
            statements: [
                "{Subj} {v:train|trains} {hobby} every {weekday} at {time} with {friend}.",
                "{Hobby}: every {weekday}, {time}, {subj} and {friend} together.",
                "Every {weekday} from {time} on, {subj} {v:do|does} {hobby} with {friend}.",
            ],
            questions: [
                "On which day {does} {subj} train {hobby}?", "With whom {does} {subj} do {hobby}?",
            ],
            wordy: ["when in the week it is that {subj} and {friend} are off for some {hobby}"]),
        FactKind(
            "coffee", titles: ["Preferences", "Usual order", "At {venue}"],
            statements: [
                "{Poss} usual order at {venue} is a {drink} with two sugars.",
                "At {venue} {subj} always {v:order|orders} {drink}, two sugars.",
                "Preference: {drink} from {venue}, that is what {subj} always {v:order|orders}.",
            ],
            questions: [
                "What {does} {subj} usually order at {venue}?", "What is {poss} usual order?",
            ],
            wordy: ["what it is that they always have to do up for {obj} as soon as {subj} {is} in {venue}"]),
        FactKind(
            "wifi", titles: ["Network at home", "Guest access", "Passwords"],
            statements: [
                "The guest network in {poss} {room} has the password {password}.",
                "Guest password at {poss} place: {password}; the router stands in the {room}.",
                "{Subj} changed the guest network password to {password} and moved the router to the {room}.",
            ],
            questions: [
                "What is the password of {poss} guest network?", "In which room does {poss} router stand?",
            ],
            wordy: ["what one has to put in before one can be on the guest network at {poss} place"]),
        FactKind(
            "appointment", titles: ["Dentist", "Appointment {date}", "Calendar"],
            statements: [
                "{Subj} {v:have|has} a dentist appointment with Dr {person} on {date} at {time}.",
                "Dentist: Dr {person}, {date}, {time}. {Subj} must not forget it.",
                "Dr {person} expects {obj} for the dentist appointment on {date}, {time} sharp.",
            ],
            questions: [
                "At what time is {poss} dentist appointment?", "Which dentist expects {obj} on {date}?",
            ],
            wordy: ["when exactly it is that {subj} {v:have|has} to be there for the dentist"]),
        FactKind(
            "subscription", titles: ["Subscriptions", "Cancelled {company}", "Monthly costs"],
            statements: [
                "{Subj} cancelled the {company} subscription because {price} a month was too much.",
                "Subscription to {company}: cancelled by {obj} on {date}, it was {price} a month.",
                "{Company} got {poss} cancellation of the subscription ({price} a month) on {date}.",
            ],
            questions: [
                "Which subscription did {subj} cancel?", "How much a month was {poss} cancelled subscription?",
            ],
            wordy: ["which of those that one gives some of one's money to each month {subj} did cancel"]),
        FactKind(
            "marathon", titles: ["Race result", "Half marathon", "Running in {city}"],
            statements: [
                "{Subj} finished the {city} half marathon in 1:{count2} and came in at place {value}.",
                "Half marathon, {city}: 1:{count2} hours, place {value} for {obj}.",
                "Place {value}, 1:{count2} hours: that was {poss} half marathon in {city}.",
            ],
            questions: [
                "Which place did {subj} reach in the {city} half marathon?",
                "What was {poss} time in the half marathon in {city}?",
            ],
            wordy: ["how it all came out for {obj} in the end at that half marathon in {city}"]),
        FactKind(
            "seat", titles: ["Travel preferences", "On trains", "Seat"],
            statements: [
                "On trains to {city} {subj} always {v:reserve|reserves} a seat in the quiet coach, number {count}.",
                "Seat preference: quiet coach, number {count}, when {subj} {v:go|goes} to {city} by train.",
                "{Subj} {v:want|wants} seat {count} in the quiet coach for every train to {city}.",
            ],
            questions: [
                "Which seat {does} {subj} reserve on trains to {city}?", "In which coach {does} {subj} prefer to sit?",
            ],
            wordy: ["where it is that {subj} would like to sit whenever {subj} {is} on the train to {city}"]),
        FactKind(
            "savings", titles: ["Savings goal", "Money", "Saving for {gift}"],
            statements: [
                "{Subj} {v:put|puts} {amount} aside every month to travel to {country} in {month}.",
                "Savings goal: {country} in {month}; {subj} {v:save|saves} {amount} monthly.",
                "For the {country} journey in {month}, {subj} {v:save|saves} {amount} each month.",
            ],
            questions: [
                "How much {does} {subj} save every month for {country}?", "For which journey {does} {subj} save money?",
            ],
            wordy: ["what all of that is for that {subj} {v:put|puts} aside each and every month"]),
        FactKind(
            "instrument", titles: ["Music lessons", "The {instrument}", "Practice"],
            statements: [
                "{Subj} {v:play|plays} the {instrument} in {band}, a band led by {person}.",
                "{Band}: {person} leads the band, and {subj} {v:play|plays} the {instrument}.",
                "In the band of {person}, {band}, {subj} {v:play|plays} the {instrument}.",
            ],
            questions: [
                "Which instrument {does} {subj} play in {band}?", "Who leads the band in which {subj} {v:play|plays}?",
            ],
            wordy: ["what it is that {subj} {v:do|does} when {band} are on, I mean on what"]),
        FactKind(
            "writing style", titles: ["How to write to {obj}", "Style", "Instructions"],
            statements: [
                "{Subj} {v:want|wants} summaries of at most {count} words, written in {language}, without emoji.",
                "Summaries for {obj}: {language}, {count} words at most, no emoji.",
                "When summarising for {obj}, write {language} and stay below {count} words; emoji are unwelcome.",
            ],
            questions: [
                "How many words may a summary for {obj} have?", "In which language {does} {subj} want summaries?",
            ],
            wordy: ["how long it may be at the most when one has to do a summary for {obj}"]),
    ]
}
