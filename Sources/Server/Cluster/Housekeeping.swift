import Logging
import Raft
import StateMachine

/// What the cluster does by itself: expired memories are collected, old archives purged. The leader proposes it, like any
/// other writer, so that every node removes the same rows at the same index.
///
/// Owns: when. Must never: remove anything on a node by itself, or propose a command that is slow to apply.
struct Housekeeping: Sendable {
    struct Options: Sendable {
        /// Pause between two looks.
        var intervalSeconds: Int64 = 1_800
        var archivesOnCollect = true
        /// Archived memories older than this many days are purged; nil keeps them.
        var archiveDaysMax: Int64?
    }
    private static let batch = 500
    private static let nanosecondsPerDay: Int64 = 86_400_000_000_000

    let service: MemoryCluster
    let options: Options
    let isLeader: @Sendable () -> Bool
    let clock: any Clock
    let logger: Logger

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(options.intervalSeconds)) } catch { return }
            guard isLeader(), service.hasTables() else { continue }
            do throws(ServiceError) {
                try await collect()
                try await purge()
            } catch {
                // Whoever leads next tries again; nothing depends on when it happens.
                logger.notice("housekeeping was put off: \(error)")
            }
        }
    }

    /// - Returns: memories collected.
    @discardableResult
    func collect() async throws(ServiceError) -> Int {
        let now = clock.wallNanoseconds()
        let at = Timestamp.text(nanoseconds: now)
        var total = 0
        while try await service.read({ reader throws(StoreError) in try reader.hasExpired(at: at) }) {
            let command = CollectCommand(at: at, archives: options.archivesOnCollect, countMax: Self.batch)
            let committed = try await service.submit(
                CommandEnvelope(timeNanoseconds: now, command: .collect(command)), timeoutMilliseconds: 10_000)
            guard case .counted(let count) = committed.outcome, count > 0 else { break }
            total += count
        }
        if total > 0 { logger.info("collected \(total) expired memories") }
        return total
    }

    private func purge() async throws(ServiceError) {
        guard let days = options.archiveDaysMax else { return }
        let now = clock.wallNanoseconds()
        let (age, overflow) = days.multipliedReportingOverflow(by: Self.nanosecondsPerDay)
        guard !overflow else { return }
        let before = Timestamp.text(nanoseconds: now.subtractingSaturated(age))
        var total = 0
        while true {
            let command = PurgeCommand(archivedBefore: before, countMax: Self.batch)
            let committed = try await service.submit(
                CommandEnvelope(timeNanoseconds: now, command: .purge(command)), timeoutMilliseconds: 10_000)
            guard case .counted(let count) = committed.outcome else { break }
            total += count
            if count < Self.batch { break }
        }
        if total > 0 { logger.info("purged \(total) archived memories") }
    }
}
