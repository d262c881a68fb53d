/// How hard a drill that changes a cluster loads it, and what it prints.

public struct ChangeDrillOptions: Hashable, Sendable {
    public var writers: Int
    public var readers: Int
    /// Acknowledged between two steps.
    public var writesPerStep: Int
    public var printsJSON: Bool
    public var keepsDirectory: Bool
    public init(
        writers: Int = 8, readers: Int = 5, writesPerStep: Int = 200, printsJSON: Bool = false,
        keepsDirectory: Bool = false
    ) {
        self.writers = writers
        self.readers = readers
        self.writesPerStep = writesPerStep
        self.printsJSON = printsJSON
        self.keepsDirectory = keepsDirectory
    }
}
