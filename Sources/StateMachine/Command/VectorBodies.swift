/// Vectors on their way through the log: beside a command that writes texts, or as a command of their own.
///
/// Owns: the shapes and their bytes. A vector is computed by whoever proposes, never by a replica, and belongs to a text,
/// which it names by a digest: where a row turns out to hold another text, the vector is not taken. Must never: compute
/// one.

/// What a vector is of.
public struct TextDigest: Hashable, Sendable {
    public static let byteCount = 16
    public var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The first half of the SHA-256 of the embedded text.
    public init(_ text: String) { bytes = Array(SHA256Digest.of(Array(text.utf8)).prefix(Self.byteCount)) }

    public init(title: String, content: String) { self.init(EmbeddedText.of(title: title, content: content)) }
}

public enum EmbeddedText {
    /// What of a memory is embedded (v0.6.3).
    public static func of(title: String, content: String) -> String { title + " " + content }
}

/// Vectors of one model for texts that a command may write.
public struct TextVectors: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var text: TextDigest
        /// Little-endian 32-bit floats, of unit length together.
        public var vector: [UInt8]
        public init(text: TextDigest, vector: [UInt8]) {
            self.text = text
            self.vector = vector
        }
    }
    /// Which model computed them; vectors of different models cannot be compared.
    public var model: String
    public var entries: [Entry]
    public init(model: String, entries: [Entry]) {
        self.model = model
        self.entries = entries
    }
}

/// Gives rows that have no vector of this model, or one of another text, the one they need.
public struct SetVectorsCommand: CommandBody {
    public struct Item: Hashable, Sendable {
        /// Of the memory.
        public var id: String
        public var entry: TextVectors.Entry
        public init(id: String, entry: TextVectors.Entry) {
            self.id = id
            self.entry = entry
        }
    }
    public var model: String
    public var items: [Item]
    public init(model: String, items: [Item]) {
        self.model = model
        self.items = items
    }

    func write(to writer: inout ByteWriter) {
        writer.text(model)
        writer.varint(UInt64(items.count))
        for item in items {
            writer.text(item.id)
            item.entry.write(to: &writer)
        }
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        model = try reader.text("model", max: CommandLimits.modelBytesMax)
        let count = try reader.length("items", max: CommandLimits.vectorsMax)
        items = []
        for _ in 0..<count {
            let id = try reader.text("id")
            items.append(Item(id: id, entry: try TextVectors.Entry(from: &reader)))
        }
    }
}

extension TextVectors {
    func write(to writer: inout ByteWriter) {
        writer.text(model)
        writer.varint(UInt64(entries.count))
        for entry in entries { entry.write(to: &writer) }
    }
    init(from reader: inout ByteReader) throws(CodecError) {
        model = try reader.text("model", max: CommandLimits.modelBytesMax)
        let count = try reader.length("vectors", max: CommandLimits.vectorsMax)
        entries = []
        for _ in 0..<count { entries.append(try Entry(from: &reader)) }
    }
}

extension TextVectors.Entry {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.blob(text.bytes)
        writer.blob(vector)
    }
    fileprivate init(from reader: inout ByteReader) throws(CodecError) {
        let digest = try reader.blob("text digest", max: TextDigest.byteCount)
        guard digest.count == TextDigest.byteCount else {
            throw reader.failure("text digest: \(digest.count) bytes, must be \(TextDigest.byteCount)")
        }
        text = TextDigest(bytes: digest)
        vector = try reader.blob("vector", max: CommandLimits.vectorBytesMax)
        guard !vector.isEmpty, vector.count.isMultiple(of: 4) else {
            throw reader.failure("vector: \(vector.count) bytes are no 32-bit floats")
        }
    }
}
