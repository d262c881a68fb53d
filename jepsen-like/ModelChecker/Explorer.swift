/// Breadth-first exploration of every reachable state of a setting.
///
/// Owns: the frontier, the states seen, the promises checked in each. Must never: depend on chance or time: the same
/// setting explores the same states in the same order.
///
/// A cluster state is a row of numbers: one node state each, the history, what was used of each allowance, and the
/// messages in flight as an ascending set. A message that is never delivered is lost, so loss needs no event; when there
/// are more than `messagesMax`, every choice of which to keep is followed.

import RaftCore

/// What was used up of the allowances; four bits each.
enum Allowance: UInt32, CaseIterable {
    case proposals = 0
    case restarts = 4
    case duplicates = 8
    case reads = 12
    case changes = 16
    case transfers = 20
}

/// One event of the cluster, as a trace tells it.
struct ClusterEvent {
    var place: Int
    var event: LocalEvent
    var parameter: UInt32 = 0
    /// The message stays in flight, to be delivered once more.
    var isDuplicate = false
    /// Places (bits) of those who help in an election that is one event; zero otherwise.
    var helpers: UInt32 = 0
}

public struct Explorer {
    let setting: ModelSetting
    let renamingCount: Int
    var nodes: NodeTable
    var histories: HistoryTable
    var visited = VisitedSet()
    private var matchingLogs: Set<UInt64> = []
    let nodeCount: Int
    let stride: Int

    /// The row being expanded, its number, and the row being made from it.
    var row: [UInt32] = []
    var rowNumber: UInt32 = 0
    var next: [UInt32] = []
    var event = ClusterEvent(place: 0, event: .deliver)
    private var frontier: [UInt32] = []
    private var frontierNumbers: [UInt32] = []
    var network: [UInt32] = []
    var transitions = 0
    private var overflows = 0
    private var checkedLeaders: Set<UInt64> = []
    var violation: Violation?
    /// While a trace is rebuilt: the state looked for, and the row found.
    var wanted: StateKey?
    var found: (row: [UInt32], event: ClusterEvent)?

    public init(_ setting: ModelSetting) {
        self.setting = setting
        let renamings = setting.renamings
        renamingCount = renamings.count
        nodes = NodeTable(setting: setting, renamings: renamings)
        histories = HistoryTable(renamings: renamings)
        nodeCount = setting.nodeCount
        stride = nodeCount + 2 + setting.messagesMax
        network.reserveCapacity(64)
    }

    /// Explores until nothing new is found, a promise is broken, or `statesMax` is reached.
    /// - Parameter progress: told after every depth: depth, states so far, states of that depth.
    public mutating func explore(progress: (Int, Int, Int) -> Void = { _, _, _ in }) -> ExplorationReport {
        let clock = ContinuousClock()
        let start = clock.now
        var depth = 0
        do {
            let first = try firstRow()
            _ = visited.insert(key(of: first), parent: 0)
            var level = first
            var numbers: [UInt32] = [0]
            while !numbers.isEmpty && violation == nil && visited.count < setting.statesMax {
                try expandLevel(level, numbers)
                swap(&level, &frontier)
                swap(&numbers, &frontierNumbers)
                frontier.removeAll(keepingCapacity: true)
                frontierNumbers.removeAll(keepingCapacity: true)
                if !numbers.isEmpty { depth += 1 }
                progress(depth, visited.count, numbers.count)
            }
            let isComplete = numbers.isEmpty && violation == nil
            return report(depth: depth, isComplete: isComplete, time: clock.now - start, trace: [])
        } catch {
            violation = error
            let lines = trace(to: rowNumber, lastEvent: event)
            return report(depth: depth + 1, isComplete: false, time: clock.now - start, trace: lines)
        }
    }

    private func report(depth: Int, isComplete: Bool, time: Duration, trace: [String]) -> ExplorationReport {
        var coverage = histories.coverage
        coverage.overflows = overflows
        for facts in nodes.facts { coverage.note(facts) }
        return ExplorationReport(
            setting: setting, states: visited.count, transitions: transitions, depth: depth,
            nodeStates: nodes.count, messages: nodes.messages.count, histories: histories.histories.count,
            isComplete: isComplete, time: time, coverage: coverage, violation: violation, trace: trace)
    }

    private mutating func expandLevel(_ level: [UInt32], _ numbers: [UInt32]) throws(Violation) {
        for (place, number) in numbers.enumerated() {
            row = Array(level[(place * stride)..<((place + 1) * stride)])
            rowNumber = number
            try expand()
            if visited.count >= setting.statesMax { return }
        }
    }

    mutating func firstRow() throws(Violation) -> [UInt32] {
        var result: [UInt32] = []
        for place in 0..<nodeCount {
            let id = NodeID(UInt64(place) + 1)
            result.append(
                try nodes.number(of: ModelNode(id: id, disk: setting.startingDisk(of: id), setting: setting)))
        }
        let history = History(nodeCount: nodeCount, termMax: setting.termMax)
        result.append(histories.number(of: history, nodes.entries))
        result.append(0)
        while result.count < stride { result.append(.max) }
        return result
    }

    // MARK: One row

    var historyPlace: Int { nodeCount }
    var usedPlace: Int { nodeCount + 1 }

    func used(_ allowance: Allowance) -> Int { Int(row[usedPlace] >> allowance.rawValue & 15) }

    func key(of row: [UInt32]) -> StateKey {
        var best = StateKey()
        for renaming in 0..<renamingCount {
            var sum = histories.keys[Int(row[historyPlace]) * renamingCount + renaming]
            for place in 0..<nodeCount {
                sum = sum + nodes.keys[Int(row[place]) * renamingCount + renaming]
            }
            for place in (nodeCount + 2)..<stride where row[place] != .max {
                sum = sum + nodes.messages.keys[Int(row[place]) * renamingCount + renaming]
            }
            if renaming == 0 || sum < best { best = sum }
        }
        best.low = best.low &+ UInt64(row[usedPlace]) &* 0x9E37_79B9_7F4A_7C15
        best.high = best.high ^ (UInt64(row[usedPlace]) &* 0xD6E8_FEB8_6659_FD93)
        return best
    }

    // MARK: Making the next row

    /// One node takes one step in `next`: what it does to the node and to the history, and every promise checked.
    /// The messages it sends are added to `network`. False when nothing at all happened.
    mutating func advance(_ place: Int, _ local: LocalEvent, _ parameter: UInt32) throws(Violation) -> Bool {
        let before = next[place]
        let step = nodes.step(before, local, parameter)
        let glance = nodes.stepGlances[Int(step)]
        if glance.isViolation, let problem = nodes.steps[Int(step)].violation { throw problem }
        let history = try histories.after(next[historyPlace], step: step, nodes)
        let changed = glance.node != before || history != next[historyPlace]
        let historyChanged = history != next[historyPlace]
        next[place] = glance.node
        next[historyPlace] = history
        if changed { try checkCluster(place, historyChanged: historyChanged, before: before) }
        for sent in glance.sentStart..<glance.sentEnd {
            let message = nodes.sentMessages[sent]
            if !network.contains(message) { network.append(message) }
        }
        return changed || glance.sentEnd > glance.sentStart
    }

    private mutating func checkCluster(_ place: Int, historyChanged: Bool, before: UInt32) throws(Violation) {
        let logNumber = nodes.glances[Int(next[place])].logNumber
        if logNumber != nodes.glances[Int(before)].logNumber {
            for other in 0..<nodeCount where other != place {
                let otherNumber = nodes.glances[Int(next[other])].logNumber
                let pair = UInt64(min(logNumber, otherNumber)) << 32 | UInt64(max(logNumber, otherNumber))
                if matchingLogs.contains(pair) { continue }
                try checkLogsMatch(nodes.facts[Int(next[place])], nodes.facts[Int(next[other])])
                matchingLogs.insert(pair)
            }
        }
        let history = histories.glances[Int(next[historyPlace])]
        if history.committedCount == 0 { return }
        for other in 0..<nodeCount
        where (historyChanged || other == place) && nodes.glances[Int(next[other])].role == .leader {
            let name = UInt64(next[historyPlace]) << 32 | UInt64(next[other])
            if checkedLeaders.contains(name) { continue }
            try histories[next[historyPlace]].check(leader: nodes.facts[Int(next[other])])
            checkedLeaders.insert(name)
        }
        try checkDurability(history)
    }

    /// Log Matching (paper §5.3).
    private func checkLogsMatch(_ one: NodeFacts, _ other: NodeFacts) throws(Violation) {
        var equalThrough = 0
        while equalThrough < min(one.log.count, other.log.count) && one.log[equalThrough] == other.log[equalThrough] {
            equalThrough += 1
        }
        for place in equalThrough..<max(equalThrough, min(one.log.count, other.log.count))
        where nodes.entries[one.log[place]].term == nodes.entries[other.log[place]].term {
            throw Violation(
                .logMatching, "\(one.id) and \(other.id) differ at or before \(nodes.entries[one.log[place]].position)")
        }
    }

    /// The newest committed entry (and so, by log matching, all before it) is on the disks of a quorum of some
    /// configuration that is in force.
    private func checkDurability(_ history: HistoryGlance) throws(Violation) {
        var holders: UInt32 = 0
        for place in 0..<nodeCount {
            let glance = nodes.glances[Int(next[place])]
            if glance.durableCount >= history.committedCount,
                nodes.durableEntries[glance.durableStart + history.committedCount - 1] == history.lastCommitted
            {
                holders |= 1 << UInt32(place)
            }
        }
        for place in 0..<nodeCount where nodes.glances[Int(next[place])].isQuorum(holders) { return }
        throw Violation(
            .committedOnceForEver,
            "i\(history.committedCount) of \(nodes.entries[history.lastCommitted].term) is on no quorum of disks")
    }

    // MARK: Handing the next row on

    /// Uses one of an allowance in the row being made.
    mutating func use(_ allowance: Allowance) { next[usedPlace] += 1 << allowance.rawValue }

    /// Takes away what nobody listens to any more, and follows every choice of messages that fit.
    mutating func emit() {
        var kept = 0
        for place in network.indices {
            let message = nodes.messages.glance(network[place])
            if nodes.glances[Int(next[message.to])].durableTerm >= message.deadFrom { continue }
            network[kept] = network[place]
            kept += 1
        }
        network.removeSubrange(kept...)
        network.sort()
        if network.count <= setting.messagesMax {
            writeNetwork(network)
            return
        }
        overflows += 1
        var chosen: [UInt32] = []
        choose(from: 0, &chosen)
    }

    private mutating func choose(from first: Int, _ chosen: inout [UInt32]) {
        if chosen.count == setting.messagesMax {
            writeNetwork(chosen)
            return
        }
        guard first < network.count, network.count - first >= setting.messagesMax - chosen.count else { return }
        chosen.append(network[first])
        choose(from: first + 1, &chosen)
        chosen.removeLast()
        choose(from: first + 1, &chosen)
    }

    private mutating func writeNetwork(_ messages: [UInt32]) {
        for place in 0..<setting.messagesMax {
            next[nodeCount + 2 + place] = place < messages.count ? messages[place] : .max
        }
        transitions += 1
        let key = key(of: next)
        if let wanted {
            if key == wanted && found == nil { found = (next, event) }
        } else if let number = visited.insert(key, parent: rowNumber) {
            frontier.append(contentsOf: next)
            frontierNumbers.append(number)
        }
    }
}
