/// Real nodes of this executable on loopback, as children of this process.
///
/// Owns: their processes. Must never: leave one behind, or restart one by itself.
import Client
import Synchronization

public final class LocalCluster: Sendable {
    public let layout: ClusterLayout
    private let executable: String
    private let environment: [String: String]
    /// By place in the layout; nil before the first start.
    private let children: Mutex<[ChildProcess?]>

    /// - Parameter embeds: whether the nodes may use an embedding model, if there is one; drills of the consensus are
    ///   not to measure that.
    public init(layout: ClusterLayout, executable: String, embeds: Bool = true) {
        environment = embeds ? [:] : ["MNEME_EMBEDDINGS": "off"]
        self.layout = layout
        self.executable = executable
        children = Mutex(Array(repeating: nil, count: layout.members.count))
    }

    public var endpoints: [Endpoint] { layout.endpoints }

    /// Starts every founder that is not running.
    public func startAll() throws(OperationsError) {
        try layout.prepareDirectories()
        for place in layout.founders.indices { try start(place) }
    }

    /// Starts one member that has a directory, or a founder.
    /// - Parameter place: index in the layout.
    /// - Parameter executable: another build than the cluster's.
    /// - Returns: its process id.
    @discardableResult
    public func start(_ place: Int, executable: String? = nil) throws(OperationsError) -> Int32 {
        try start(place, layout.arguments(for: layout.members[place]), executable: executable)
    }

    /// Ends one member in order, and forgets it.
    /// - Throws: when it does not end in time, or ends with anything but code 0.
    public func stop(_ place: Int, within limit: Duration) async throws(OperationsError) {
        child(place)?.send(SignalNumber.terminate)
        try await ended(place, "was stopped", within: limit)
    }

    /// Starts a member that is to join the cluster of these endpoints.
    public func join(
        _ place: Int, through endpoints: [Endpoint], replacing replaced: UInt64? = nil
    )
        throws(OperationsError)
    {
        let member = layout.members[place]
        try start(place, layout.arguments(for: member, joining: endpoints, replacing: replaced))
    }

    /// Waits until a member that the cluster removed has ended by itself, as it should, and forgets it.
    /// - Throws: when it does not end in time, or ends with anything but code 0.
    public func retire(_ place: Int, within limit: Duration) async throws(OperationsError) {
        try await ended(place, "was removed", within: limit)
    }

    private func ended(_ place: Int, _ why: String, within limit: Duration) async throws(OperationsError) {
        let id = layout.members[place].id
        guard let exit = await child(place)?.exited(within: limit) else {
            throw OperationsError("node \(id) \(why) and did not end within \(limit.milliseconds) ms")
        }
        guard exit == .code(0) else {
            throw OperationsError(
                "node \(id) \(why) and ended with \(exit)\(LogTail.text(of: layout.members[place].logPath))")
        }
        children.withLock { $0[place] = nil }
    }

    @discardableResult
    private func start(
        _ place: Int, _ arguments: [String], executable other: String? = nil
    ) throws(OperationsError) -> Int32 {
        let member = layout.members[place]
        if let running = child(place), running.exit == nil { return running.processID }
        for port in [member.httpPort, member.raftPort] where !LoopbackPorts.isFree(port) {
            throw OperationsError("node \(member.id): port \(port) on 127.0.0.1 is in use")
        }
        let child = try ChildProcess(
            executable: other ?? executable, arguments: arguments, outputPath: member.logPath,
            environment: environment)
        children.withLock { $0[place] = child }
        return child.processID
    }

    public func child(_ place: Int) -> ChildProcess? { children.withLock { $0[place] } }

    /// kill -9, and wait until the process is gone.
    public func kill(_ place: Int) async throws(OperationsError) {
        guard let child = child(place) else { return }
        child.send(SignalNumber.kill)
        guard await child.exited(within: .seconds(10)) != nil else {
            throw OperationsError("node \(layout.members[place].id) did not die of signal 9 within 10 s")
        }
    }

    /// Signals all children without waiting; for signal handlers and error paths.
    public func signalAll(_ signal: Int32) {
        for child in children.withLock({ $0 }) { child?.send(signal) }
    }

    /// Asks all to end, waits, and kills those that have not.
    /// - Returns: ids of the members that had to be killed.
    @discardableResult
    public func stopAll(within limit: Duration = .seconds(10)) async -> [UInt64] {
        signalAll(SignalNumber.terminate)
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        var killed: [UInt64] = []
        for (place, member) in layout.members.enumerated() {
            guard let child = child(place), child.exit == nil else { continue }
            let remaining = max(.zero, deadline - clock.now)
            if await child.exited(within: remaining) == nil {
                child.send(SignalNumber.kill)
                _ = await child.exited(within: .seconds(10))
                killed.append(member.id)
            }
        }
        return killed
    }

    /// Waits for a member that was started to end.
    public func exited(_ place: Int, within limit: Duration) async -> ChildExit? {
        await child(place)?.exited(within: limit)
    }

    /// The children that ended although nobody stopped them, as a sentence each.
    public func deaths() -> [String] {
        layout.members.enumerated().compactMap { place, member in
            guard let exit = child(place)?.exit else { return nil }
            return "node \(member.id) ended with \(exit)\(LogTail.text(of: member.logPath))"
        }
    }
}

/// The three signals that are used here, by name.
enum SignalNumber {
    static let interrupt: Int32 = 2
    static let kill: Int32 = 9
    static let terminate: Int32 = 15
}
