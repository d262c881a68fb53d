/// What the edge takes from its surroundings: clock, chance, limits, lifetimes.
///
/// Owns: the defaults. Must never: be read by anything that applies commands; replicas get values, not these.
import Logging

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

public struct APIOptions: Sendable {
    /// Wall clock, nanoseconds since 1970 UTC.
    public var clockNanoseconds: @Sendable () -> Int64
    /// 64 unpredictable bits.
    public var random: @Sendable () -> UInt64
    public var timeToLive: TimeToLive
    /// Whether what expires or is forgotten goes to the archive.
    public var archivesOnCollect: Bool
    /// How long a write may wait for its outcome, milliseconds.
    public var writeTimeoutMilliseconds: Int
    /// How long a read may wait to be fresh enough, milliseconds.
    public var readTimeoutMilliseconds: Int
    /// Largest request body, bytes.
    public var bodyBytesMax: Int
    public var logger: Logger

    public init(
        clockNanoseconds: @escaping @Sendable () -> Int64 = APIOptions.wallClockNanoseconds,
        random: @escaping @Sendable () -> UInt64 = APIOptions.systemRandom,
        timeToLive: TimeToLive = TimeToLive(), archivesOnCollect: Bool = true, writeTimeoutMilliseconds: Int = 10_000,
        readTimeoutMilliseconds: Int = 5_000, bodyBytesMax: Int = 2_097_152,
        logger: Logger = Logger(label: "mneme.api")
    ) {
        self.clockNanoseconds = clockNanoseconds
        self.random = random
        self.timeToLive = timeToLive
        self.archivesOnCollect = archivesOnCollect
        self.writeTimeoutMilliseconds = writeTimeoutMilliseconds
        self.readTimeoutMilliseconds = readTimeoutMilliseconds
        self.bodyBytesMax = bodyBytesMax
        self.logger = logger
    }

    @Sendable public static func wallClockNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    @Sendable public static func systemRandom() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
