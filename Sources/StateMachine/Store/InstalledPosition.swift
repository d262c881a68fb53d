/// Where a generation's state came from when a snapshot brought it: a small file beside the database.
///
/// Consensus needs it after a crash: a state beyond the end of the log is right when a snapshot put it there and the log
/// was not reset yet, and a lost log otherwise. Not in the database, because replicas must not differ in a single row.
struct InstalledPosition: Hashable, Sendable {
    var index: UInt64 = 0
    var term: UInt64 = 0

    private static let name = "installed"

    /// Zero for a generation that began empty.
    static func read(generationPath: String, files: any StoreFiles) throws(StoreError) -> InstalledPosition {
        let path = generationPath + "/" + name
        guard try files.exists(path) else { return InstalledPosition() }
        let what = "an index and a term"
        let text = try CheckedLine.decode(try files.read(path, bytesMax: 128), path: path, what: what)
        let numbers = text.split(separator: " ").map { UInt64($0) }
        guard numbers.count == 2, let index = numbers[0], let term = numbers[1] else {
            throw StoreError(doing: "read \(path)", message: "does not hold \(what)")
        }
        return InstalledPosition(index: index, term: term)
    }

    func write(generationPath: String, files: any StoreFiles) throws(StoreError) {
        try files.replace(
            generationPath + "/" + Self.name, with: CheckedLine.encode("\(index) \(term)"),
            directory: generationPath)
    }
}
