/// How the bodies of commands from version 2 on are written and read.
///
/// Owns: the protocol and the readers that several bodies share. Must never: know an individual command.

protocol CommandBody: Hashable, Sendable {
    func write(to writer: inout ByteWriter)
    /// - Throws: naming the field, for any bytes that `write` does not make.
    init(from reader: inout ByteReader) throws(CodecError)
}

extension ByteReader {
    /// Any text of a command: ids, names, times, content.
    mutating func text(_ what: String) throws(CodecError) -> String {
        try text(what, max: CommandLimits.textBytesMax)
    }

    mutating func optionalText(_ what: String) throws(CodecError) -> String? {
        try bool(what) ? try text(what) : nil
    }

    mutating func ids(_ what: String) throws(CodecError) -> [String] {
        try texts(what, countMax: CommandLimits.idsMax, bytesMax: CommandLimits.textBytesMax)
    }

    mutating func tier(_ what: String) throws(CodecError) -> Tier {
        let raw = try byte(what)
        guard let tier = Tier(rawValue: raw) else { throw failure("\(what): \(raw) is unknown") }
        return tier
    }

    mutating func optionalTier(_ what: String) throws(CodecError) -> Tier? {
        try bool(what) ? try tier(what) : nil
    }

    /// Several bodies in a row; each takes at least one byte.
    mutating func bodies<Body: CommandBody>(
        _ what: String, countMax: Int, as type: Body.Type
    ) throws(CodecError) -> [Body] {
        let count = try length(what, max: countMax)
        var found: [Body] = []
        for _ in 0..<count { found.append(try Body(from: &self)) }
        return found
    }
}

extension ByteWriter {
    mutating func optionalText(_ value: String?) { optional(value) { $0.text($1) } }

    mutating func optionalTier(_ value: Tier?) { optional(value) { $0.byte($1.rawValue) } }

    mutating func bodies(_ bodies: [some CommandBody]) {
        varint(UInt64(bodies.count))
        for body in bodies { body.write(to: &self) }
    }
}
