/// A cluster that changes completely under load: two nodes join, two are removed, the leader among them, one is replaced.

public struct MembershipDrill: Sendable {
    private let drill: ChangeDrill

    public init(options: ChangeDrillOptions, executable: String = SystemText.ownExecutable()) {
        drill = ChangeDrill(
            plan: ChangeDrill.Plan(
                name: "membership", founders: 5, joiners: 3, executable: executable,
                play: { (stage, ended) async throws(OperationsError) in
                    try await MembershipStory(stage: stage).play(ended)
                }),
            options: options)
    }

    /// - Returns: the exit code: 0 no violation, 1 any, 128 + signal when interrupted.
    public func run() async -> Int32 { await drill.run() }
}
