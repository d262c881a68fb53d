import Synchronization

/// Counters that operators see, written on several lanes, read by anyone. Never used for a decision of the node.
public final class NodeGauges: Sendable {
    public struct Values: Sendable, Equatable {
        public var logSyncs: UInt64 = 0
        public var logRequests: UInt64 = 0
        public var logBytes: UInt64 = 0
        public var applyBatches: UInt64 = 0
        public var appliedEntries: UInt64 = 0
        public var elections: UInt64 = 0
        public var snapshotsSent: UInt64 = 0
        public var snapshotsInstalled: UInt64 = 0
        /// Why an incoming snapshot was refused or not installed, the last time.
        public var snapshotProblem: String?
    }
    private let values = Mutex(Values())

    public init() {}
    public var current: Values { values.withLock { $0 } }

    func update(_ change: (inout Values) -> Void) { values.withLock { change(&$0) } }

    func recordLogBatch(requests: Int, logBytes: UInt64) {
        update {
            $0.logSyncs += requests > 0 ? 1 : 0
            $0.logRequests += UInt64(requests)
            $0.logBytes = logBytes
        }
    }
    func recordApplyBatch(entries: Int) {
        update {
            $0.applyBatches += 1
            $0.appliedEntries += UInt64(entries)
        }
    }
}
