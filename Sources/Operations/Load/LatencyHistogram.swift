/// Counts latencies in bounded memory, whatever the length of the run.
///
/// Buckets are exact below 256 and at most 1/128 wide relative to their value above, so a quantile is off by less than
/// 0.8 %. Owns: the counts. Must never: grow with the number of samples.

struct LatencyHistogram: Sendable {
    /// Sub-buckets of every power of two.
    private static let stepsPerOctave = 128
    private static let octaves = 40
    private var counts: [UInt64]
    private(set) var total: UInt64 = 0

    init() {
        counts = [UInt64](repeating: 0, count: LatencyHistogram.stepsPerOctave * (LatencyHistogram.octaves + 2))
    }

    mutating func add(microseconds: UInt64) {
        counts[min(LatencyHistogram.bucket(of: microseconds), counts.count - 1)] += 1
        total += 1
    }

    /// The smallest latency that at least `quantile` (0…1) of all samples do not exceed, up to the width of its bucket;
    /// 0 without samples.
    func microseconds(at quantile: Double) -> UInt64 {
        guard total > 0 else { return 0 }
        let wanted = max(1, UInt64((quantile * Double(total)).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, count) in counts.enumerated() where count > 0 {
            seen += count
            if seen >= wanted { return LatencyHistogram.lowerBound(of: bucket) }
        }
        return LatencyHistogram.lowerBound(of: counts.count - 1)
    }

    static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(2 * stepsPerOctave) else { return Int(value) }
        // The value shifted down until it lies in 128..<256, and how often that took.
        let shift = UInt64.bitWidth - value.leadingZeroBitCount - 8
        return shift * stepsPerOctave + Int(value >> UInt64(shift))
    }

    static func lowerBound(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * stepsPerOctave else { return UInt64(bucket) }
        let shift = bucket / stepsPerOctave - 1
        return UInt64(bucket - shift * stepsPerOctave) << UInt64(shift)
    }
}
