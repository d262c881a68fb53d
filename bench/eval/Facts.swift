/// The shape of a fact: how it is said and how it is asked for.
///
/// Owns: the type that the fact tables are made of. Must never: let a question name the answer; the
/// tables' authors keep answer slots out of questions.

/// One kind of fact. A person or project has at most one fact of a kind, so that a question has one answer.
struct FactKind: Sendable {
    /// Short, used as a tag now and then.
    var name: String
    var titles: [String]
    /// Different ways to say it; each names all slots that questions use.
    var statements: [String]
    /// Share content words with the statements.
    var questions: [String]
    /// Clauses for questions full of small words, without the opening.
    var wordy: [String]

    init(_ name: String, titles: [String], statements: [String], questions: [String], wordy: [String]) {
        self.name = name
        self.titles = titles
        self.statements = statements
        self.questions = questions
        self.wordy = wordy
    }
}

enum Facts {
    /// Openings for questions that are mostly small words.
    static let wordyOpenings = [
        "Can you tell me, if it has ever come up,", "I would like to know, if you still have it somewhere,",
        "Do you by any chance know", "Is there anything in there that says", "Would you be so kind as to look up",
        "Could it be that you still know", "So, before I go on with this, I want to know",
        "Just out of interest, and because I can not do without it now,", "What I am after is",
        "Please say in a few words", "Let me ask you this:", "Going by all that was said so far, tell me",
        "Which of the things we once talked about says", "Hey, how was that again, I mean",
        "If I had to ask you for only one thing, it would be", "Out of everything you have been told, do you know",
    ]

    /// What a person may say about an answer before or after giving it; carries nothing that is asked for.
    static let asides = [
        "That took longer than it should have.", "It was a relief, honestly.", "No need to do anything about it.",
        "It came up again over breakfast.", "Everybody had an opinion about it.", "It is fine for now.",
        "That was not the plan at first.", "It had been on the list for weeks.", "Just so that it is on record.",
        "More about that another time.", "It still feels a little strange.", "Nothing else changed.",
        "There were a few jokes about it.", "It rained the whole time.", "It went better than feared.",
        "The paperwork is in the blue folder.", "Nobody expected that.", "It may change next year.",
        "A photograph of it exists somewhere.", "It was mentioned in passing.", "It is worth remembering.",
        "The neighbours noticed too.", "It sounded easier than it was.", "A second opinion would be nice.",
        "The rest of the evening was quiet.", "It will look different after the winter.",
        "Somebody made a drawing of it.",
        "It was cheaper last time.", "Everyone was tired afterwards.", "The instructions were missing.",
        "The telephone rang in the middle of it.", "It was a long story.", "The details are still open.",
        "It turned out to be a good idea.", "The radio played the whole afternoon.", "We laughed about it later.",
        "It had to be done twice.", "The receipt is somewhere.", "A friend of a friend knew about it.",
        "The window stayed open.", "It was almost forgotten.", "It gave everybody something to talk about.",
        "The light was bad.", "An old list mentioned it as well.", "It was the third attempt.",
        "Apparently that is normal.", "The cake afterwards helped.", "It needed some persuasion.",
        "There is no hurry.", "This should not be a surprise.", "That is all there is to say about it.",
    ]

    /// What an assistant writes when it notes something down.
    static let notePrefixes = [
        "Noted:", "For later:", "To remember:", "From today's chat:", "Learned today:", "Update:", "FYI:",
        "Note to self:",
        "Context:", "Mentioned while planning the week:",
    ]

    /// Between a question and its answer.
    static let hesitations = [
        "Hm, let me think for a moment.", "Good question.", "Wait, I have to look.", "One second, the door.",
        "Did we not settle that?", "Again? All right.", "I knew you would ask.", "Hold on.",
    ]

    static let everyday = home + social + routine
}
