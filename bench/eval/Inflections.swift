/// Words in one form in the memory and in another in the question.
///
/// Owns: the forms and the sentences around them. Must never: repeat the form of the memory in the question.

/// A verb and how a memory continues after it.
struct Inflection: Sendable {
    var base: String
    var past: String
    var continuous: String
    var tail: String
}

/// A sentence that uses one form, and a question that uses another.
struct InflectionFrame: Sendable {
    var statement: String
    var question: String

    init(_ statement: String, _ question: String) {
        self.statement = statement
        self.question = question
    }
}

enum Inflections {
    /// `{base}`, `{past}` and `{continuous}` are the forms, `{tail}` the rest.
    static let frames = [
        InflectionFrame(
            "On {weekday} {subj} {past} {tail}, together with {friend}.", "Who was {continuous} with {obj}?"),
        InflectionFrame("{Subj} {past} {tail} for {minutes}.", "For how long {was} {subj} {continuous}?"),
        InflectionFrame("{Subj} {past} {tail} while in {city}.", "Where did {subj} {base}?"),
        InflectionFrame("{Subj} spent {minutes} {continuous} {tail}.", "How many minutes passed while {subj} {past}?"),
        InflectionFrame(
            "{Continuous} {tail} made {obj} late for {friend}.", "For whom was it too late because {subj} {past}?"),
        InflectionFrame("{Subj} will {base} {tail} in {month}.", "In which month is {continuous} planned?"),
        InflectionFrame("{Subj} {past} {tail}, which cost {price}.", "How much did {continuous} cost {obj}?"),
        InflectionFrame("{Subj} {past} {tail} before {weekday}.", "By which day had {poss} {continuous} been done?"),
    ]

    static let verbs: [Inflection] = Words.list(
        """
        run ran running along the canal, swim swam swimming across the bay,
        teach taught teaching a class of beginners, write wrote writing a long complaint,
        drive drove driving a rented lorry, fly flew flying a small glider, sing sang singing in the cathedral,
        draw drew drawing the old harbour, sew sewed sewing a theatre costume, bake baked baking a four-layer cake,
        hike hiked hiking up the northern ridge, knit knitted knitting a striped hat,
        plant planted planting a row of hazels, dig dug digging a pond, build built building a shed,
        ride rode riding a borrowed horse, catch caught catching a huge pike, sell sold selling old vinyl records,
        fight fought fighting with the tax office, choose chose choosing a wedding suit,
        steal stole stealing apples as a joke, break broke breaking a porcelain bowl, dye dyed dyeing three shirts,
        fall fell falling off a stepladder, feed fed feeding the swans, grow grew growing giant radishes,
        hang hung hanging a chandelier, lend lent lending out a trailer, pack packed packing for the move,
        shave shaved shaving a sheep, skate skated skating on the frozen moat, speak spoke speaking at a rally,
        stitch stitched stitching a torn sail, study studied studying for the harbour licence,
        sweep swept sweeping the church yard, tie tied tying climbing knots,
        travel travelled travelling by night coach, try tried trying a zip line,
        vary varied varying the sourdough recipe, wash washed washing a muddy tent,
        weave wove weaving a willow basket, win won winning at backgammon, freeze froze freezing plum puree,
        shoot shot shooting a short film, buy bought buying a used kiln, bury buried burying a time capsule,
        carry carried carrying a wardrobe downstairs, copy copied copying hundreds of slides, cut cut cutting a hedge,
        dance danced dancing the polka, deny denied denying a parking offence, hide hid hiding easter eggs,
        juggle juggled juggling with lemons, tune tuned tuning the upright piano, lose lost losing at table football,
        nap napped napping in a deck chair, plan planned planning a treasure hunt,
        quarrel quarrelled quarrelling about the fence, row rowed rowing to the lighthouse,
        shear sheared shearing an alpaca, slide slid sliding down a dune, spin spun spinning wool,
        stir stirred stirring a cauldron of jam, strip stripped stripping old varnish, swap swapped swapping stamps,
        wrap wrapped wrapping presents, skip skipped skipping over a rope, peel peeled peeling a crate of quinces
        """
    ).compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 3 else { return nil }
        return Inflection(
            base: words[0], past: words[1], continuous: words[2], tail: words.dropFirst(3).joined(separator: " "))
    }

    /// Plural in the memory, singular in the question.
    static let plurals: [(plural: String, singular: String)] = [
        ("mice", "mouse"), ("knives", "knife"), ("geese", "goose"), ("children", "child"), ("leaves", "leaf"),
        ("stories", "story"), ("batteries", "battery"), ("shelves", "shelf"), ("teeth", "tooth"), ("wolves", "wolf"),
        ("feet", "foot"), ("matches", "match"), ("diaries", "diary"), ("loaves", "loaf"), ("puppies", "puppy"),
        ("scarves", "scarf"), ("berries", "berry"), ("addresses", "address"), ("libraries", "library"),
        ("thieves", "thief"), ("candles", "candle"), ("branches", "branch"), ("ponies", "pony"), ("oxen", "ox"),
    ]

    static let pluralFrames = [
        InflectionFrame("{Friend} told {obj} about {small} {plural} in the {room}.", "Who mentioned a {singular}?"),
        InflectionFrame("{Subj} counted {count} {plural} near {street}.", "Near which street was a {singular} seen?"),
        InflectionFrame(
            "The {plural} came from {company}, {subj} said.", "Which company does each {singular} come from?"),
    ]

    /// A verb in the memory, its noun in the question.
    static let nominals: [(past: String, noun: String, tail: String)] = [
        ("arrived", "arrival", "by ferry"), ("refused", "refusal", "to sign the lease"),
        ("applied", "application", "for a market stall"), ("complained", "complaint", "about the drains"),
        ("discovered", "discovery", "a Roman coin"), ("proposed", "proposal", "a car-free street"),
        ("failed", "failure", "at the sailing exam"), ("departed", "departure", "without the trunk"),
        ("reserved", "reservation", "a whole carriage"), ("decided", "decision", "to go back to school"),
        ("resigned", "resignation", "from the board"), ("performed", "performance", "a puppet play"),
        ("recovered", "recovery", "from the fall"), ("invented", "invention", "a folding desk"),
        ("announced", "announcement", "a second child"), ("invested", "investment", "in a vineyard"),
        ("divided", "division", "the orchard"), ("published", "publication", "a cookbook"),
    ]

    static let nominalFrames = [
        InflectionFrame("{Subj} {past} {tail} in {city} on {date}.", "Where did {poss} {noun} happen?"),
        InflectionFrame(
            "In {month} {subj} {past} {tail}, to the surprise of {friend}.", "Whom did the {noun} surprise?"),
        InflectionFrame("{Subj} {past} {tail} on a {weekday}.", "What day of the week was the {noun}?"),
    ]
}
