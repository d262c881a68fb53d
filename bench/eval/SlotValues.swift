/// What a slot of a template may hold.
///
/// Owns: the map from slot names to word tables, and the made-up numbers, codes and dates. Must never: return the same
/// few values again and again, or a value that exists outside this set (telephone numbers are of no real range).

enum SlotValues {
    private static let tables: [String: [String]] = [
        "relative": Words.relatives, "role": Words.roles, "profession": Words.professions, "city": Words.cities,
        "country": Words.countries, "street": Words.streets, "company": Words.companies, "petName": Words.petNames,
        "pet": Words.pets, "food": Words.foods, "ingredient": Words.ingredients, "drink": Words.drinks,
        "hobby": Words.hobbies, "illness": Words.illnesses, "instrument": Words.instruments,
        "language": Words.languages, "adjective": Words.adjectives, "noun": Words.nouns, "colour": Words.colours,
        "weekday": Words.weekdays, "month": Words.months, "room": Words.rooms, "gift": Words.gifts,
        "subject": Words.subjects, "service": Words.services, "database": Words.databases,
        "tool": Words.tools, "codeLanguage": Words.languagesOfCode, "error": Words.errors, "cause": Words.causes,
        "setting": Words.settingNames, "environment": Words.environments, "region": Words.regions,
        "format": Words.formats, "pattern": Words.patterns, "reason": Words.reasons, "metric": Words.metricsNames,
    ]

    /// - Precondition: the slot exists; a template that names another one is a mistake in this program.
    static func value(_ name: String, _ draw: inout Draw) -> String {
        if let table = tables[name] { return draw.one(of: table) }
        if let text = composed(name, &draw) ?? number(name, &draw) ?? code(name, &draw) { return text }
        preconditionFailure("no such slot: \(name)")
    }

    static func fullName(_ draw: inout Draw) -> String {
        let first = draw.one(of: draw.chance(0.5) ? Words.namesShe : Words.namesHe)
        return "\(first) \(draw.one(of: Words.lastNames))"
    }

    private static func composed(_ name: String, _ draw: inout Draw) -> String? {
        switch name {
        case "friend":
            let full = fullName(&draw)
            return draw.chance(0.6) ? full : String(full.split(separator: " ")[0])
        case "person": return fullName(&draw)
        case "book": return "The \(Template.capitalized(draw.one(of: Words.adjectives))) \(draw.one(of: Words.nouns))"
        case "venue":
            let kinds = ["Cafe", "Hall", "Tavern", "Cinema", "House", "Kitchen", "Arms"]
            return "the \(Template.capitalized(draw.one(of: Words.adjectives))) \(draw.any(of: kinds))"
        case "band": return "the \(Template.capitalized(draw.one(of: Words.adjectives))) \(draw.one(of: Words.nouns))s"
        case "function": return draw.one(of: Words.verbsOfCode) + draw.one(of: Words.nounsOfCode)
        case "type": return draw.one(of: Words.nounsOfCode) + draw.one(of: Words.nounsOfCode)
        case "path":
            let directory = draw.any(of: ["src", "lib", "core", "internal", "modules", "app"])
            let folder = draw.one(of: Words.nounsOfCode).lowercased()
            let file = draw.one(of: Words.nounsOfCode) + draw.one(of: Words.nounsOfCode)
            return "\(directory)/\(folder)/\(file).\(draw.one(of: Words.extensionsOfCode))"
        case "password":
            let words = draw.several(2, of: Words.nouns).map { $0.lowercased() }
            return words.joined(separator: "-") + "-\(draw.integer(10...99))"
        default: return nil
        }
    }

    private static func number(_ name: String, _ draw: inout Draw) -> String? {
        switch name {
        case "amount": return grouped(draw.integer(11...980) * 10 + draw.integer(0...9)) + " euros"
        case "price": return "\(draw.integer(3...94)).\(draw.any(of: ["00", "20", "50", "80", "95"])) euros"
        case "count": return "\(draw.integer(3...48))"
        case "small": return draw.any(of: ["two", "three", "four", "five", "six", "seven", "eight", "nine"])
        case "percent": return "\(draw.integer(2...97)) percent"
        case "date": return "\(draw.integer(1...28)) \(draw.one(of: Words.months))"
        case "time":
            return "\(draw.integer(7...21)):\(draw.any(of: ["00", "05", "10", "15", "20", "30", "40", "45", "50"]))"
        case "year": return "\(draw.integer(1961...2019))"
        case "days": return "\(draw.integer(2...90)) days"
        case "minutes": return "\(draw.integer(4...95)) minutes"
        case "kilometres": return "\(draw.integer(3...42)) km"
        case "value": return "\(draw.any(of: [2, 3, 5, 7, 9]) * draw.any(of: [1, 8, 10, 32, 64, 100, 250, 512, 1000]))"
        case "phone": return "0199 \(draw.integer(100...999)) \(draw.integer(1000...9999))"
        case "port": return "\(draw.integer(3100...9899))"
        default: return nil
        }
    }

    private static func code(_ name: String, _ draw: inout Draw) -> String? {
        switch name {
        case "version": return "\(draw.integer(0...14)).\(draw.integer(0...31)).\(draw.integer(0...19))"
        case "ticket": return "\(draw.one(of: Words.ticketPrefixes))-\(draw.integer(100...9899))"
        case "commit": return hex(7, &draw)
        case "errorCode": return "\(draw.any(of: ["E", "ERR_", "X", "F-"]))\(draw.integer(1000...9899))"
        case "doorCode": return "\(draw.integer(1000...9999))"
        case "plate": return "\(letters(2, &draw)) \(draw.integer(100...999)) \(letters(2, &draw))"
        case "reference": return "\(letters(3, &draw))\(draw.integer(10000...99999))"
        case "flight": return "\(letters(2, &draw)) \(draw.integer(100...2999))"
        case "address": return "10.\(draw.integer(0...99)).\(draw.integer(0...254)).\(draw.integer(1...254))"
        case "serial": return "\(letters(2, &draw))-\(draw.integer(100...999))-\(hex(4, &draw).uppercased())"
        default: return nil
        }
    }

    private static func hex(_ count: Int, _ draw: inout Draw) -> String {
        String((0..<count).map { _ in draw.any(of: Array("0123456789abcdef")) })
    }

    private static func letters(_ count: Int, _ draw: inout Draw) -> String {
        String((0..<count).map { _ in draw.any(of: Array("ABCDEFGHJKLMNPRSTUVWXYZ")) })
    }

    private static func grouped(_ number: Int) -> String {
        guard number >= 1000 else { return "\(number)" }
        let rest = "\(number % 1000)"
        return "\(number / 1000),\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
