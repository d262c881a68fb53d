/// Three nodes of one build are brought to another, one by one, under load: while it lasts, two builds are one cluster.
import Foundation

public struct UpgradeDrill: Sendable {
    private let drill: ChangeDrill
    private let before: String
    private let after: String

    /// - Parameters:
    ///   - before: the executable that the cluster is founded with.
    ///   - after: the executable it is brought to.
    public init(options: ChangeDrillOptions, before: String, after: String = SystemText.ownExecutable()) {
        self.before = before
        self.after = after
        drill = ChangeDrill(
            plan: ChangeDrill.Plan(
                name: "upgrade", founders: 3, joiners: 0, executable: before,
                play: { (stage, ended) async throws(OperationsError) in
                    try await UpgradeStory(stage: stage, before: before, after: after).play(ended)
                }),
            options: options)
    }

    /// - Returns: the exit code: 0 no violation, 1 any, 128 + signal when interrupted.
    public func run() async -> Int32 {
        let files = FileManager.default
        guard files.isExecutableFile(atPath: before) else {
            Console.error("Error: \(before) is not an executable file")
            return 1
        }
        guard !files.contentsEqual(atPath: before, andPath: after) else {
            Console.error("Error: \(before) is the same build as \(after): nothing would be mixed")
            return 1
        }
        return await drill.run()
    }
}
