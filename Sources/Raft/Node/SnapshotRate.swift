/// Bounds how fast snapshots are read and sent, over all peers together: a token bucket.
///
/// Owns: the tokens. Must never: read a clock; time is given.
struct SnapshotRate: Hashable, Sendable {
    /// Slower than this, a single piece would take longer than a transfer may stand still.
    static let bytesPerSecondMin = 64 << 10
    private static let second: UInt64 = 1_000_000_000

    private let bytesPerSecond: Int64
    /// What may be sent at once after a pause: a tenth of a second's worth, since tokens are looked at once per tick.
    private let burstBytes: Int64
    private var tokens: Int64
    private var filledNanoseconds: UInt64?

    init(bytesPerSecondMax: Int, chunkBytes: Int) {
        let rate = Int64(min(max(bytesPerSecondMax, Self.bytesPerSecondMin), 1 << 40))
        bytesPerSecond = rate
        burstBytes = max(Int64(chunkBytes), rate / 10)
        tokens = burstBytes
    }

    mutating func refill(nowNanoseconds now: UInt64) {
        guard let before = filledNanoseconds else {
            filledNanoseconds = now
            return
        }
        guard now > before else { return }
        let elapsed = Double(now - before) / Double(Self.second)
        let gained = Int64(min(elapsed * Double(bytesPerSecond), Double(1 << 50)))
        // Time too short for a byte is not thrown away: it counts with the next call.
        guard gained > 0 else { return }
        filledNanoseconds = now
        tokens = min(burstBytes, tokens + gained)
    }

    /// Whether a piece may go now. The last one may overdraw the bucket; the debt is waited for before the next.
    mutating func spend(_ bytes: Int) -> Bool {
        guard tokens > 0 else { return false }
        tokens -= Int64(bytes)
        return true
    }
}
