/// Hostile input by the million, the same for the same seed.
///
/// Owns: the loop, and how an input is named. Must never: draw from anything but its seed and number, so that one failing
/// input can be made again by itself.

/// Makes inputs and judges what became of them.
public protocol Fuzzer {
    /// - Returns: what went wrong, in words; nil when all is well. A crash needs no words.
    mutating func attempt(_ random: inout FuzzRandom) async -> String?
}

public struct FuzzReport: Sendable {
    public var attempts = 0
    /// Number and words of each input that failed.
    public var failures: [(number: UInt64, problem: String)] = []
}

extension Fuzzer {
    /// - Parameters:
    ///   - numbers: of the inputs; each is made from `seed` and its number alone.
    ///   - begin: told before each input, so that a crash can be blamed on it.
    public mutating func run(
        seed: UInt64, numbers: ClosedRange<UInt64>, failuresMax: Int = 10, begin: (UInt64) -> Void = { _ in }
    ) async -> FuzzReport {
        var report = FuzzReport()
        for number in numbers {
            begin(number)
            var random = FuzzRandom(seed: seed, number: number)
            report.attempts += 1
            if let problem = await attempt(&random) {
                report.failures.append((number, problem))
                if report.failures.count >= failuresMax { break }
            }
        }
        return report
    }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators" (2014); one stream for each input.
public struct FuzzRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64, number: UInt64) {
        state = seed &* 0xA24B_AED4_963E_E407 ^ number &* 0x9FB2_1C65_1E98_DF25
        _ = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
    mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
