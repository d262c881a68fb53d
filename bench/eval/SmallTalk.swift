/// Memories that nobody asks about: greetings, opinions, half-made plans, and talk about the same things as the facts.
///
/// Owns: their wording. Must never: answer a question; statements here are wishes, questions, hearsay or noise.

enum SmallTalk {
    static let personal = [
        "Good morning! First a {drink}, then the list for today.", "Thanks, that was helpful. Talk to you tomorrow.",
        "The weather in {city} looks dreadful again, at least that is what the radio says.",
        "Could you remind me at {time} to call back? I keep forgetting it.",
        "I was wondering whether {hobby} would be something for me one day.",
        "Somebody on the train was reading about {subject} for the whole journey.",
        "It would be nice to see {city} some time, maybe in {month}, but nothing is booked.",
        "Maybe {food} tonight? Or something quick, I have not decided.", "What a {weekday}. I need a break.",
        "Everyone keeps talking about {country}. I have no opinion on it.",
        "Is {language} hard to learn, what do you think?",
        "A {pet} would be lovely, but not in this flat.", "I dreamt of a {adjective} {noun}, make of it what you will.",
        "The neighbours were loud until long after {time}.", "Please draft a friendly mail that says no.",
        "No idea what to do about the {room}. It can wait.", "{Friend} called, but only to chat.",
        "Heard a rumour that {company} is looking for a {profession}.", "Let us talk about the budget another time.",
        "Do you think {colour} goes with {colour2}?", "Ha, good one. You should be a {profession}.",
        "What is the difference between {illness} and {illness2}? Just curious.",
        "{Friend} thinks {city} is overrated. We argued for {minutes}.",
        "I should really try {hobby} before I am too old.",
        "An advertisement for {company} follows me everywhere.", "Could {ingredient} be in {food}? Never mind.",
        "My head is full. Summarise nothing today, please.", "Someone at the door sold {gift}s. I sent them away.",
        "How do people in {country} celebrate new year?", "The queue at {venue} was endless, so we left.",
        "Write me a limerick about a {pet} and a {profession}.",
        "That joke about the {pet} and the {profession} was silly.",
        "Which is better for a beginner, the {instrument} or the {instrument2}?",
        "Remind me what we were talking about.",
        "There was a film about {city} on television, I fell asleep.",
        "Spent {minutes} looking for a pen. Found {small}.",
        "If I ever win the lottery, I will open a shop for {gift}s in {city}.",
        "Not now, I am cooking. Later, after {time}.",
        "A colleague of {friend} once lived in {street}. Small world.", "The bus was late by {minutes} again.",
        "A podcast said that {hobby} is the new {hobby2}. I doubt it.", "Okay. Next topic.",
        "Agreed, let us leave it there.",
        "I have to think about what the doctor would say, but I have not asked.",
        "Why is {drink} so expensive these days?",
        "The book club discusses \"{book}\" next, but I do not think I will read it.",
        "{Friend} asked about the rent in {city}, I could not say.", "Tell me something funny about {subject}.",
        "Half the office has {illness}, it seems.", "{Weekday} is a holiday in {country}, as I just learned.",
    ]

    static let technical = [
        "Stand-up was short today, nobody was blocked.", "Can somebody look at the dashboard before {time}? Thanks.",
        "We might try {tool} one day, no decision.", "Saw \"{error}\" once on a laptop, could not reproduce it.",
        "{Person} asked whether {codeLanguage} would be an option at all.",
        "Reading up on {pattern}. Interesting, not urgent.",
        "The meeting about {metric} is postponed, again.", "Lunch talk: {database} against {database2}, no winner.",
        "Someone left {small} browser tabs with {tool} open on the shared screen.",
        "Build is green again, no idea why it was red.",
        "The question whether {setting} matters came up. Nobody measured it.",
        "Reminder: fill in the timesheets by {weekday}.",
        "{Person} is on holiday until {date}.", "New coffee machine in {city}: it speaks {language}.",
        "Discussed naming for {minutes}. {Type} or {type2}? Left open.",
        "Intern asked what {format} is good for. Good question.",
        "Retrospective: more pairing, fewer meetings, better {drink}.",
        "The projector in {region} (the meeting room!) is broken.",
        "Looked at the {service} code out of curiosity. Needs love.", "Is anybody against {weekday} for the next demo?",
        "{Company} sent cake. It is in the kitchen.",
        "Could the {service} be merged with the {service2}? Probably not.",
        "Noise in the alert channel, nothing real.", "Conference talk about {pattern} was cancelled.",
        "Has anybody used {tool} together with {tool2}? Asking for {person}.",
        "Draft of the quarterly plan is out, comments welcome.",
        "We keep confusing {function} and {function2}. Somebody should rename them.",
        "Fire drill at {time}. Bring a jacket.",
        "The linter complains about {path}, ignore it for today.",
        "Hypothetically, what would break if {region} went away?",
        "Tried to explain {metric} to sales. Partial success.", "Printed stickers with {errorCode} on them. Nerds.",
        "What is our policy on {format}? There is none, it seems.",
        "Old wiki page about the {service} is outdated, archived it.",
    ]

    /// Neutral headings that give nothing away.
    static let titles = [
        "Note", "Memo", "Diary", "Small things", "Loose ends", "Today", "Misc", "Scratch", "Jotted down", "In passing",
        "Remark", "Aside", "Catching up", "Odds and ends", "Overheard", "Journal", "Entry", "Snippet", "Thoughts",
        "Log",
    ]

    static let tags = [
        "personal", "todo", "chat", "important", "draft", "private", "idea", "archive", "follow-up", "team", "family",
        "preference", "fact", "decision", "ops", "health", "travel", "finance", "home", "work", "learning", "inbox",
    ]
}
