/// Where a generation's state came from when a snapshot brought it: a small file beside the database.
///
/// Consensus needs it after a crash: a state beyond the end of the log is right when a snapshot put it there and the log
/// was not reset yet, and a lost log otherwise. Not in the database, because replicas must not differ in a single row.
struct InstalledPosition: Hashable, Sendable {
    var index: UInt64 = 0
    var term: UInt64 = 0

    private static let name = "installed"

    /// Zero for a generation that began empty.
    static func read(generationPath: String) throws(StoreError) -> InstalledPosition {
        let path = generationPath + "/" + name
        guard DurableFile.exists(path) else { return InstalledPosition() }
        let numbers = String(decoding: try DurableFile.read(path, bytesMax: 64), as: UTF8.self)
            .split(whereSeparator: { $0 == " " || $0 == "\n" }).map { UInt64($0) }
        guard numbers.count == 2, let index = numbers[0], let term = numbers[1] else {
            throw StoreError(doing: "read \(path)", message: "does not hold an index and a term")
        }
        return InstalledPosition(index: index, term: term)
    }

    func write(generationPath: String) throws(StoreError) {
        try DurableFile.replace(
            generationPath + "/" + Self.name, with: Array("\(index) \(term)\n".utf8), directory: generationPath)
    }
}
