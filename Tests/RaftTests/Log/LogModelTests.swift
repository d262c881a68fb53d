/// The log against a plain list: random appends, overwrites, compactions, resets and power cuts at every I/O step.

import Testing

@testable import Raft

/// What a correct log holds, in the simplest form.
struct ReferenceLog: Equatable {
    var base = LogPosition.zero
    var entries: [Entry] = []
    var hardState = HardState()

    var lastIndex: Int { Int(base.index.rawValue) + entries.count }
    var lastTerm: Int { Int((entries.last?.term ?? base.term).rawValue) }

    /// Everything a request passes through, one durable step after the other.
    func steps(_ request: PersistRequest) -> [ReferenceLog] {
        var states: [ReferenceLog] = []
        var state = self
        if let position = request.resetTo {
            state.base = position
            state.entries = []
            states.append(state)
        }
        if let from = request.truncateFrom {
            let kept = max(0, Int(from.rawValue) - 1 - Int(state.base.index.rawValue))
            if kept < state.entries.count { state.entries.removeLast(state.entries.count - kept) }
            states.append(state)
        }
        for entry in request.entries {
            state.entries.append(entry)
            states.append(state)
        }
        if let hardState = request.hardState {
            state.hardState = hardState
            states.append(state)
        }
        return states
    }

    mutating func compact(_ position: LogPosition) {
        entries.removeFirst(Int(position.index.rawValue - base.index.rawValue))
        base = position
    }

    /// What recovery makes of the hard state: invariants 3 and 4 restored.
    var recovered: ReferenceLog {
        var state = self
        let term = Term(UInt64(lastTerm))
        if term > hardState.term { state.hardState = HardState(term: term, vote: nil, commit: hardState.commit) }
        let last = LogIndex(UInt64(lastIndex))
        state.hardState.commit = min(max(state.hardState.commit, base.index), last)
        return state
    }

    init() {}

    init(_ log: WriteAheadLog) throws {
        base = log.base
        hardState = log.hardState
        entries = try allEntries(log)
    }
}

/// One thing done to the log.
enum ModelStep {
    case append([PersistRequest])
    case compact(LogPosition)
    case mark
    case spare
    case restart
}

/// Draws steps that a correct core could ask for.
struct StepGenerator {
    var dice: SplitMix64
    let largestPayload: Int
    var sequence: UInt64 = 0

    mutating func next(_ state: ReferenceLog) -> (ModelStep, ReferenceLog) {
        switch Int.random(in: 0..<20, using: &dice) {
        case 0...12:
            var after = state
            let requests = (0..<Int.random(in: 1...3, using: &dice)).map { _ in request(&after) }
            return (.append(requests), after)
        case 13, 14:
            guard state.hardState.commit > state.base.index else { return (.mark, state) }
            let index = Int.random(
                in: Int(state.base.index.rawValue) + 1...Int(state.hardState.commit.rawValue), using: &dice)
            let place = state.entries[index - 1 - Int(state.base.index.rawValue)].position
            var after = state
            after.compact(place)
            return (.compact(place), after)
        case 15: return (.mark, state)
        case 16, 17: return (.spare, state)
        default: return (.restart, state)
        }
    }

    private mutating func request(_ state: inout ReferenceLog) -> PersistRequest {
        sequence += 1
        var request = PersistRequest(sequence: sequence)
        var term = max(Int(state.hardState.term.rawValue), state.lastTerm)
        let oldTerm = Int(state.hardState.term.rawValue)
        if term == 0 || Int.random(in: 0..<4, using: &dice) == 0 { term += 1 }
        if Int.random(in: 0..<25, using: &dice) == 0 {
            let index = state.lastIndex + Int.random(in: 1...9, using: &dice)
            request.resetTo = position(index, term)
        } else if state.lastIndex > Int(state.hardState.commit.rawValue), Int.random(in: 0..<5, using: &dice) == 0 {
            let low = max(Int(state.hardState.commit.rawValue), Int(state.base.index.rawValue)) + 1
            if low <= state.lastIndex {
                request.truncateFrom = LogIndex(UInt64(Int.random(in: low...state.lastIndex, using: &dice)))
            }
        }
        var after = state.steps(request).last ?? state
        let flavour = Int.random(in: 0..<200, using: &dice)
        for _ in 0..<Int.random(in: 0...4, using: &dice) {
            let bytes = Int.random(in: 0...largestPayload, using: &dice)
            request.entries.append(
                makeEntry(after.lastIndex + request.entries.count + 1, term: term, bytes: bytes, flavour: flavour))
        }
        let last = after.lastIndex + request.entries.count
        let commitLow = max(Int(after.hardState.commit.rawValue), Int(after.base.index.rawValue))
        let vote =
            term == oldTerm
            ? after.hardState.vote : (Bool.random(using: &dice) ? NodeID(UInt64.random(in: 1...3, using: &dice)) : nil)
        request.hardState = HardState(
            term: Term(UInt64(term)), vote: vote,
            commit: LogIndex(UInt64(Int.random(in: min(commitLow, last)...last, using: &dice))))
        after = state.steps(request).last ?? state
        state = after
        return request
    }
}

/// Runs one script of steps on one disk and knows what may be found after a power cut.
struct ModelRun {
    let disk: MemoryDisk
    let options: LogOptions
    var log: WriteAheadLog
    var state = ReferenceLog()

    init(options: LogOptions) throws {
        self.options = options
        disk = MemoryDisk()
        log = try reopen(disk, options: options).0
    }

    /// Recovers on the disk that another run left.
    init(after run: ModelRun, expecting allowed: [ReferenceLog], known: Int, _ comment: String) throws {
        options = run.options
        disk = run.disk
        log = try reopen(disk, known: known, options: options).0
        state = try ReferenceLog(log)
        #expect(allowed.map(\.recovered).contains(state), "recovered a state that never was: \(comment)")
    }

    /// - Returns: the states that may be found if the power goes in this step; `state` afterwards.
    mutating func perform(_ step: ModelStep, after: ReferenceLog) throws -> [ReferenceLog] {
        var allowed = [state]
        switch step {
        case .append(let requests):
            for request in requests { allowed += (allowed.last ?? state).steps(request) }
        case .compact: allowed.append(after)
        case .mark, .spare, .restart: break
        }
        do throws(LogError) {
            switch step {
            case .append(let requests): try log.append(requests)
            case .compact(let place): try log.compact(through: place)
            case .mark: try log.markDurable()
            case .spare: try log.prepareSpare()
            case .restart:
                log.close()
                disk.processKill()
                log = try reopen(disk, known: Int(state.hardState.commit.rawValue), options: options).0
            }
        } catch {
            guard disk.isPowerLost else { throw error }
            return allowed
        }
        // A restart restores the invariants of the hard state, exactly as the model does.
        if case .restart = step { state = state.recovered } else { state = after }
        return allowed
    }
}

@Suite("Log model")
struct LogModelTests {
    @Test(
        "bug 61: whatever is appended, overwritten, compacted and reset, the log reads back like a list",
        arguments: 0..<8)
    func randomStepsAgainstList(seed: Int) throws {
        var run = try ModelRun(options: smallOptions())
        var generator = StepGenerator(dice: SplitMix64(seed: UInt64(seed)), largestPayload: seed % 3 == 0 ? 900 : 60)
        for number in 0..<60 {
            let (step, after) = generator.next(run.state)
            _ = try run.perform(step, after: after)
            try #require(try ReferenceLog(run.log) == run.state, "after step \(number): \(step)")
            #expect(run.log.term(at: run.log.lastIndex) == Term(UInt64(run.state.lastTerm)))
        }
        run.log.close()
        run.disk.powerLoss(.lost)
        let (log, _) = try reopen(run.disk, known: Int(run.state.hardState.commit.rawValue))
        #expect(try ReferenceLog(log) == run.state.recovered, "everything acknowledged survives a power cut")
    }

    @Test(
        "bugs 1, 4, 21: a power cut at any I/O step leaves a state between before and after, never less than acknowledged",
        arguments: 0..<6)
    func powerCutAtEveryStep(seed: Int) throws {
        var cut = 0
        var reachedEnd = false
        // Half of the seeds use a batch limit that splits what is appended.
        let options = seed % 2 == 0 ? smallOptions() : smallOptions(recordBytesMax: 400, batchBytesMax: 512)
        while !reachedEnd {
            var run = try ModelRun(options: options)
            var generator = StepGenerator(dice: SplitMix64(seed: UInt64(1000 + seed)), largestPayload: 300)
            run.disk.inject(DiskFault(.powerLoss, after: cut))
            var allowed: [ReferenceLog] = []
            reachedEnd = true
            for _ in 0..<14 {
                let (step, after) = generator.next(run.state)
                allowed = try run.perform(step, after: after)
                if run.disk.isPowerLost {
                    reachedEnd = false
                    break
                }
            }
            let known = min(Int(run.state.hardState.commit.rawValue), run.state.lastIndex)
            let fates: [UnsyncedFate] = [.lost, .torn(seed: UInt64(cut)), .torn(seed: UInt64(cut + 7)), .kept]
            run.disk.powerLoss(fates[cut % fates.count])
            if !reachedEnd {
                try survive(run, allowed: allowed, known: known, comment: "seed \(seed), cut \(cut)")
            }
            cut += 1
            try #require(cut < 400, "the script ends")
        }
    }

    /// The recovered log goes on working, and its recovery is itself durable.
    private func survive(_ run: ModelRun, allowed: [ReferenceLog], known: Int, comment: String) throws {
        var next = try ModelRun(after: run, expecting: allowed, known: known, comment)
        let entry = makeEntry(next.state.lastIndex + 1, term: Int(next.state.hardState.term.rawValue) + 1)
        let hardState = HardState(term: entry.term, vote: NodeID(1), commit: next.state.hardState.commit)
        let requests = [PersistRequest(sequence: 1, hardState: hardState, entries: [entry])]
        let after = try #require(next.state.steps(requests[0]).last)
        _ = try next.perform(.append(requests), after: after)
        next.log.close()
        next.disk.powerLoss(.lost)
        let (log, recovery) = try reopen(next.disk, known: known, options: next.options)
        #expect(try ReferenceLog(log) == after, "an append after recovery survives: \(comment)")
        #expect(recovery.tornBytes == 0)
    }
}
