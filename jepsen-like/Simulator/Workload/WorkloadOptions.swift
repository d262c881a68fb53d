import Checkers
import Raft

/// How much the clients of one run ask, of what, and how often.
///
/// Owns: plain numbers, drawn from a seed or set by hand. Must never: depend on anything but the seed.
public struct WorkloadOptions: Sendable {
    public var clients = 4
    /// Requests of all clients together; each is asked until it is answered. Opening sessions and the reads at the end
    /// come on top.
    public var requests = 200
    public var limits = RegisterLimits()
    /// How long a client waits for one answer before it asks again.
    public var timeoutNanoseconds: UInt64 = 1_000_000_000
    /// Between two requests of a client within a burst; between bursts it is up to thirty times as long.
    public var thinkNanosecondsMax: UInt64 = 20_000_000
    /// Out of a thousand requests.
    public var readsPerThousand = 400
    public var swapsPerThousand = 150
    public var appendsPerThousand = 250
    /// Out of a thousand reads.
    public var leaseReadsPerThousand = 0
    public var staleReadsPerThousand = 100
    /// How often, out of a thousand finished requests, an old one is sent once more.
    public var duplicatesPerThousand = 100
    /// How many clients, out of a thousand, talk to one node only.
    public var pinnedPerThousand = 500
    /// How many clients, out of a thousand, only read, from one node each. Whoever writes through a node that is cut off
    /// waits there and asks nothing more; only readers go on asking a leader that is none any longer.
    public var readersPerThousand = 250
    /// Registers take values 1 to 5, so that compare-and-set succeeds often; otherwise every write is unique.
    public var hasFewValues = false
    /// Commands are up to this much longer than they need be.
    public var ballastBytesMax = 0
    /// How many operations a key sees before it is retired, at most; one key in ten sees eight times as many.
    public var operationsPerKeyMax = 60
    /// When set, stale reads are held to the age they report, with this much slack.
    public var stalenessSlackNanoseconds: UInt64?

    public init() {}

    /// A mix as one seed draws it.
    public static func drawn(seed: UInt64) -> WorkloadOptions {
        var random = SplitMix64(seed: seed ^ 0x776f_726b_6c6f_6164)
        var options = WorkloadOptions()
        options.clients = 1 + random.next(below: 8)
        options.requests = 50 + random.next(below: 350)
        options.readsPerThousand = [100, 400, 400, 800][random.next(below: 4)]
        let changes = 1_000 - options.readsPerThousand
        options.swapsPerThousand = [0, 100, 300][random.next(below: 3)] * changes / 1_000
        options.appendsPerThousand = [100, 400, 700][random.next(below: 3)] * changes / 1_000
        options.staleReadsPerThousand = [0, 100, 400][random.next(below: 3)]
        options.duplicatesPerThousand = [0, 100, 500][random.next(below: 3)]
        options.pinnedPerThousand = [0, 500, 750, 1_000][random.next(below: 4)]
        options.readersPerThousand = [0, 300, 600][random.next(below: 3)]
        options.thinkNanosecondsMax = [500_000, 5_000_000, 50_000_000][random.next(below: 3)]
        options.timeoutNanoseconds = [200_000_000, 1_000_000_000, 3_000_000_000][random.next(below: 3)]
        options.hasFewValues = random.next(below: 2) == 0
        options.ballastBytesMax = [0, 0, 64, 2_000][random.next(below: 4)]
        options.operationsPerKeyMax = [12, 40, 100][random.next(below: 3)]
        options.limits.slots = [1, 3, 8][random.next(below: 3)]
        options.limits.sessionsMax = random.next(below: 3) == 0 ? 2 : 64
        options.limits.sessionTTLNanoseconds = random.next(below: 3) == 0 ? 2_000_000_000 : 120_000_000_000
        options.limits.outcomesPerSession = [1, 4][random.next(below: 2)]
        options.limits.listLengthMax = [16, 128][random.next(below: 2)]
        return options
    }
}
