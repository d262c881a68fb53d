/// Decides whether the history of one register is linearizable.
///
/// Wing and Gong's search in Lowe's just-in-time form ("Testing for linearizability", 2017): the history is swept once;
/// an operation is given its place in the order at the latest when it returns, and only what a return needs is placed.
/// The search state is a set of configurations, each a bit set of the pending operations already placed and the value
/// of the register; equal ones are met once. Two facts keep the set small and lose nothing: an operation that changes
/// nothing may be placed as soon as its result fits; and a configuration that has, for the same value, spent more open
/// operations than another can do nothing that the other cannot.
///
/// Owns: the sweep over one register. Must never: call something valid that it did not finish.

struct RegisterStep {
    enum Kind: UInt8 { case write, swap, mismatch, read, openWrite, openSwap }
    var kind: Kind
    var value: UInt32
    var expected: UInt32
    /// Index into the caller's operations.
    var operation: Int

    /// The value after this step, or nil when its result does not fit `state`.
    @inline(__always)
    func next(_ state: UInt32) -> UInt32? {
        switch kind {
        case .write, .openWrite: return value
        case .swap: return state == expected ? value : nil
        case .mismatch: return state == value ? state : nil
        case .read: return state == value ? state : nil
        // One that does not find what it expects changes nothing, and nobody was told.
        case .openSwap: return state == expected ? value : nil
        }
    }
    @inline(__always) var changesNothing: Bool { kind == .read || kind == .mismatch }
    @inline(__always) var isOpen: Bool { kind == .openWrite || kind == .openSwap }
}

struct RegisterSearch {
    enum Result {
        case linearizable
        /// `step` cannot be placed: `values` are all the register could hold, `pending` what else might have been placed.
        case stuck(step: RegisterStep, values: [UInt32], pending: [RegisterStep])
        /// More than the allowed number of steps, or more than 64 operations pending at once.
        case tooHard
    }
    struct Configuration: Hashable {
        /// Pending operations that have their place.
        var placed: UInt64
        var value: UInt32
    }

    private var pending: [RegisterStep]
    private var occupied: UInt64 = 0
    private var open: UInt64 = 0
    private var quiet: UInt64 = 0
    private var configurations: [Configuration]
    private var next: [Configuration] = []
    private var stack: [Configuration] = []
    private var seen = ConfigurationSet()
    private var stepsLeft: Int

    init(initialValue: UInt32, stepsMax: Int) {
        pending = Array(repeating: RegisterStep(kind: .read, value: 0, expected: 0, operation: 0), count: 64)
        configurations = [Configuration(placed: 0, value: initialValue)]
        stepsLeft = stepsMax
    }

    /// - Parameter events: ascending by time; `slot` numbers steps, and `isReturn` of one that is open never comes.
    mutating func run(_ steps: [RegisterStep], events: [(step: Int, isReturn: Bool)]) -> Result {
        var bitOf = [UInt8](repeating: 0, count: steps.count)
        for event in events {
            if event.isReturn {
                let bit = UInt64(1) << UInt64(bitOf[event.step])
                guard place(bit) else { return .tooHard }
                if next.isEmpty { return stuck(steps[event.step], except: bit) }
                occupied &= ~bit
                quiet &= ~bit
                swap(&configurations, &next)
                continue
            }
            let free = (~occupied).trailingZeroBitCount
            guard free < 64 else { return .tooHard }
            bitOf[event.step] = UInt8(free)
            invoke(steps[event.step], bit: free)
        }
        return .linearizable
    }

    private mutating func invoke(_ step: RegisterStep, bit: Int) {
        let mask = UInt64(1) << UInt64(bit)
        pending[bit] = step
        occupied |= mask
        if step.isOpen { open |= mask }
        guard step.changesNothing else { return }
        quiet |= mask
        for number in configurations.indices where configurations[number].value == step.value {
            configurations[number].placed |= mask
        }
    }

    /// Computes into `next` every configuration in which the operation of `bit` has its place. False: limit reached.
    private mutating func place(_ bit: UInt64) -> Bool {
        next.removeAll(keepingCapacity: true)
        // The ordinary case: one thing the register can be, one operation under way.
        if configurations.count == 1 {
            let configuration = configurations[0]
            if configuration.placed & bit != 0 {
                next.append(Configuration(placed: configuration.placed & ~bit, value: configuration.value))
                return true
            }
            if occupied & ~configuration.placed == bit {
                stepsLeft -= 1
                if let value = pending[bit.trailingZeroBitCount].next(configuration.value) {
                    next.append(Configuration(placed: configuration.placed & ~bit, value: value))
                }
                return stepsLeft > 0
            }
        }
        seen.removeAll()
        for configuration in configurations {
            if configuration.placed & bit != 0 {
                add(configuration, without: bit)
            } else if seen.insert(configuration) {
                stack.append(configuration)
            }
        }
        while let configuration = stack.popLast() {
            var candidates = occupied & ~configuration.placed & ~(quiet & ~bit)
            while candidates != 0 {
                let candidate = candidates & (0 &- candidates)
                candidates &= ~candidate
                stepsLeft -= 1
                guard let value = pending[candidate.trailingZeroBitCount].next(configuration.value) else { continue }
                let reached = settled(Configuration(placed: configuration.placed | candidate, value: value))
                if reached.placed & bit != 0 {
                    add(reached, without: bit)
                } else if seen.insert(reached) {
                    stack.append(reached)
                }
            }
            if stepsLeft <= 0 { return false }
        }
        dropDominated()
        return true
    }

    /// Gives every pending operation that changes nothing and fits its place.
    private func settled(_ configuration: Configuration) -> Configuration {
        var result = configuration
        var waiting = quiet & ~configuration.placed
        while waiting != 0 {
            let bit = waiting.trailingZeroBitCount
            waiting &= waiting - 1
            if pending[bit].value == configuration.value { result.placed |= 1 << UInt64(bit) }
        }
        return result
    }

    private mutating func add(_ configuration: Configuration, without bit: UInt64) {
        let result = Configuration(placed: configuration.placed & ~bit, value: configuration.value)
        // `seen` holds configurations from before the return too; the bit tells them apart.
        if seen.insert(Configuration(placed: result.placed | bit, value: result.value)) { next.append(result) }
    }

    private mutating func dropDominated() {
        guard open != 0, next.count > 1, next.count <= 512 else { return }
        var kept: [Configuration] = []
        for candidate in next {
            let isDominated = next.contains { other in
                other.value == candidate.value && other.placed != candidate.placed
                    && other.placed & ~candidate.placed == 0 && candidate.placed & ~other.placed & ~open == 0
            }
            if !isDominated { kept.append(candidate) }
        }
        next = kept
    }

    private func stuck(_ step: RegisterStep, except bit: UInt64) -> Result {
        var values: [UInt32] = []
        for configuration in configurations where !values.contains(configuration.value) && values.count < 16 {
            values.append(configuration.value)
        }
        let others = (0..<64).filter { occupied & ~bit & (1 << UInt64($0)) != 0 }.map { pending[$0] }
        return .stuck(step: step, values: values.sorted(), pending: others)
    }
}

/// A set that is a short array as long as it can.
struct ConfigurationSet {
    private var few: [RegisterSearch.Configuration] = []
    private var many: Set<RegisterSearch.Configuration> = []
    private static let fewMax = 24

    mutating func removeAll() {
        few.removeAll(keepingCapacity: true)
        if !many.isEmpty { many.removeAll(keepingCapacity: true) }
    }
    /// False when it was there already.
    mutating func insert(_ configuration: RegisterSearch.Configuration) -> Bool {
        if many.isEmpty {
            if few.contains(configuration) { return false }
            if few.count < Self.fewMax {
                few.append(configuration)
                return true
            }
            many = Set(few)
        }
        return many.insert(configuration).inserted
    }
}
