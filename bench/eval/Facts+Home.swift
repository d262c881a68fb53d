/// Facts about home, health and belongings.
///
/// Owns: the wording of these facts and their questions. Must never: use a word because a ranking likes
/// it.

extension Facts {
    static let home: [FactKind] = [
        FactKind(
            "pet", titles: ["{PetName}", "A new animal", "{Poss} {pet}"],
            statements: [
                "{Subj} adopted a {pet} from a shelter in {city} and named it {petName}.",
                "The {pet} that {subj} adopted in {city} is called {petName}.",
                "{PetName} moved in: {subj} adopted the {pet} from the {city} shelter.",
            ],
            questions: [
                "What is the name of the {pet} {subj} adopted in {city}?",
                "How is {poss} {pet} from the {city} shelter called?",
            ],
            wordy: ["what the one that {subj} took in as a {pet} goes by, I mean what it is called"]),
        FactKind(
            "allergy", titles: ["Allergy", "Careful with food", "{Poss} allergy test"],
            statements: [
                "The allergy test in {month} showed that {subj} {v:react|reacts} to {ingredient}.",
                "{Subj} {is} allergic to {ingredient}, the test in {month} left no doubt.",
                "Allergy: {ingredient}. {Subj} learned it from a test in {month}.",
            ],
            questions: [
                "What did {poss} allergy test in {month} show?", "What {is} {subj} allergic to?",
            ],
            wordy: ["what the thing is that {subj} can not have because {subj} {is} allergic to it"]),
        FactKind(
            "flat", titles: ["Address", "The new flat", "{Street}"],
            statements: [
                "{Subj} rented a flat in {street}, on the {small}-th floor, for {amount} a month.",
                "The flat in {street} costs {amount} a month; {subj} signed the rental contract.",
                "{Subj} signed for the flat in {street}; rent is {amount} per month.",
            ],
            questions: [
                "How much rent per month does the flat in {street} cost?",
                "What does {poss} flat in {street} cost a month?",
            ],
            wordy: [
                "how much it is that {subj} {v:have|has} to give each month for where {subj} {v:live|lives} in {street}"
            ]),
        FactKind(
            "illness", titles: ["Doctor's visit", "Diagnosis", "Health, {month}"],
            statements: [
                "The doctor in {city} diagnosed {illness} after {subj} had complained for {days}.",
                "Diagnosis from the {city} clinic: {illness}. {Subj} had waited {days}.",
                "{Subj} saw a doctor in {city}, who diagnosed {illness}.",
            ],
            questions: [
                "What did the doctor in {city} diagnose?", "What was {poss} diagnosis at the {city} clinic?",
            ],
            wordy: ["what it was that was wrong with {obj} when {subj} went to that doctor over in {city}"]),
        FactKind(
            "paint", titles: ["Painting the {room}", "Colours at home", "The {room}"],
            statements: [
                "{Subj} painted the {room} {colour} and needed {small} tins of paint.",
                "The {room} walls are {colour} now, {subj} painted them over a {weekday}.",
                "Paint for the {room}: {colour}, {small} tins, done by {obj}.",
            ],
            questions: [
                "Which colour did {subj} paint the {room}?", "What colour are the walls in {poss} {room}?",
            ],
            wordy: ["what it is that the walls of the {room} look like since {subj} did them all over again"]),
        FactKind(
            "heirloom", titles: ["From {poss} {relative}", "The watch", "An heirloom"],
            statements: [
                "{Subj} inherited a pocket watch from {their} {relative}; it was made in {city} in {year}.",
                "The watch {subj} inherited from {their} {relative} is a {city} piece of {year}.",
                "{Poss} {relative} left {obj} a watch made in {city}, {year}.",
            ],
            questions: [
                "In which year was the watch made that {subj} inherited from {their} {relative}?",
                "Where was the watch from {poss} {relative} made?",
            ],
            wordy: ["when and where that watch is from which {subj} got once {their} {relative} was no more"]),
        FactKind(
            "car plate", titles: ["Car papers", "Licence plate", "Registration"],
            statements: [
                "{Poss} van has the licence plate {plate} and is parked in {street}.",
                "Licence plate of the van {subj} {v:park|parks} in {street}: {plate}.",
                "The parking permit in {street} is for the van with plate {plate}, {poss} own.",
            ],
            questions: [
                "What is the licence plate of {poss} van?", "Which plate has the van parked in {street}?",
            ],
            wordy: ["what it says on the plate of the van that {subj} will not let anyone else have"]),
        FactKind(
            "insurance", titles: ["Insurance", "Policy with {company}", "Papers"],
            statements: [
                "{Poss} household insurance is with {company}, policy number {reference}.",
                "Household insurance moved to {company}; {poss} policy is {reference}.",
                "Policy {reference} at {company} is what covers {poss} household.",
            ],
            questions: [
                "What is {poss} policy number at {company}?", "Which company insures {poss} household?",
            ],
            wordy: ["who it is that would have to pay if something were to happen to the household of {obj}"]),
        FactKind(
            "leak", titles: ["Water damage", "Leak in the {room}", "Repairs"],
            statements: [
                "A pipe burst in {poss} {room} on {date}; the plumber from {company} charged {amount}.",
                "Burst pipe, {room}, {date}: {subj} paid the plumber ({company}) {amount}.",
                "The plumber {company} sent after the pipe burst in {poss} {room} cost {amount}, on {date}.",
            ],
            questions: [
                "How much did the plumber charge for the burst pipe in {poss} {room}?",
                "On which date did the pipe burst in {poss} {room}?",
            ],
            wordy: ["how much they had to have from {obj} when that pipe was no longer up to it in the {room}"]),
        FactKind(
            "garden", titles: ["Allotment", "Garden plans", "Plot {count}"],
            statements: [
                "{Subj} took over allotment plot {count} behind {street} and planted {small} apple trees.",
                "Allotment: plot {count} behind {street}. {Subj} planted {small} apple trees there.",
                "On plot {count} of the allotment behind {street}, {subj} planted {small} apple trees.",
            ],
            questions: [
                "Which allotment plot did {subj} take over behind {street}?",
                "How many apple trees did {subj} plant on the allotment?",
            ],
            wordy: ["which one of all the plots it is that {subj} {v:have|has} over there behind {street}"]),
        FactKind(
            "serial", titles: ["Warranty", "The camera", "Serial numbers"],
            statements: [
                "Serial number of {poss} camera: {serial}, bought at {company} with {count} months of warranty.",
                "{Poss} camera ({company}, warranty {count} months) has serial {serial}.",
                "For the warranty: {poss} camera from {company} carries the serial {serial} and {count} months.",
            ],
            questions: [
                "What is the serial number of {poss} camera?", "How many months of warranty has {poss} camera?",
            ],
            wordy: ["what that long number is which one can find on the camera that {subj} {v:have|has}"]),
        FactKind(
            "spare key", titles: ["Spare key", "Keys", "Where the key is"],
            statements: [
                "{Subj} left the spare key with {person} in {street}, in an envelope marked {colour}.",
                "The spare key is with {person} ({street}); {subj} put it in a {colour} envelope.",
                "{Person} in {street} keeps {poss} spare key in a {colour} envelope.",
            ],
            questions: [
                "Who keeps {poss} spare key?", "With whom did {subj} leave the spare key in {street}?",
            ],
            wordy: ["who it is that has what one needs when {subj} can not get in any more, the spare one"]),
    ]
}
