/// Which events are possible in a state, and what each of them makes of it.

import RaftCore

extension Explorer {
    /// Follows every possible event of `row`.
    mutating func expand() throws(Violation) {
        for place in 0..<nodeCount {
            let glance = nodes.glances[Int(row[place])]
            try deliveries(to: place)
            try timeouts(place, glance)
            if glance.role == .leader { try leaderTimers(place, glance) }
            try requests(place, glance)
            try storage(place, glance)
        }
    }

    private mutating func begin(_ newEvent: ClusterEvent, without message: UInt32? = nil) {
        event = newEvent
        next = row
        network.removeAll(keepingCapacity: true)
        for place in (nodeCount + 2)..<stride where row[place] != .max && row[place] != message {
            network.append(row[place])
        }
    }

    /// An event that is one step of one node, and is not worth following when nothing comes of it.
    private mutating func follow(_ newEvent: ClusterEvent, uses allowance: Allowance? = nil) throws(Violation) {
        begin(newEvent)
        guard try advance(newEvent.place, newEvent.event, newEvent.parameter) else { return }
        if let allowance { use(allowance) }
        emit()
    }

    private mutating func deliveries(to place: Int) throws(Violation) {
        for slot in (nodeCount + 2)..<stride where row[slot] != .max && nodes.messages.glance(row[slot]).to == place {
            let message = row[slot]
            begin(ClusterEvent(place: place, event: .deliver, parameter: message), without: message)
            // A delivery that changes nothing is the same as a loss, and loss is no event.
            guard try advance(place, .deliver, message) else { continue }
            emit()
            guard used(.duplicates) < setting.duplicatesMax else { continue }
            begin(ClusterEvent(place: place, event: .deliver, parameter: message, isDuplicate: true))
            _ = try advance(place, .deliver, message)
            use(.duplicates)
            emit()
        }
    }

    private mutating func timeouts(_ place: Int, _ glance: NodeGlance) throws(Violation) {
        guard glance.role != .leader else { return }
        if glance.leader != 0 && glance.hearsLeader && !setting.electionsAreAtomic {
            try follow(ClusterEvent(place: place, event: .leaderSilence))
        }
        guard glance.mayCampaign, glance.term.rawValue < setting.termMax else { return }
        if setting.electionsAreAtomic {
            let others = (1 << UInt32(nodeCount)) - 1 - (1 << UInt32(place))
            for helpers in 1..<UInt32(1 << nodeCount) where helpers & UInt32(others) == helpers {
                try elect(place, helpers: helpers)
            }
        } else if !glance.hearsLeader {
            try follow(ClusterEvent(place: place, event: .electionTimeout))
        }
    }

    private mutating func leaderTimers(_ place: Int, _ glance: NodeGlance) throws(Violation) {
        if setting.heartbeats && glance.round < setting.roundsMax {
            try follow(ClusterEvent(place: place, event: .heartbeat))
        }
        if !setting.changes.isEmpty { try follow(ClusterEvent(place: place, event: .leaderTick)) }
        if glance.isTransferring { try follow(ClusterEvent(place: place, event: .transferDeadline)) }
        if glance.awaitsProbes && !setting.losesAppends {
            try follow(ClusterEvent(place: place, event: .probeAgain))
        }
        if setting.quorumChecks { try follow(ClusterEvent(place: place, event: .quorumCheck)) }
        if setting.givesUp && glance.awaitsAnswers { try follow(ClusterEvent(place: place, event: .giveUp)) }
    }

    private mutating func requests(_ place: Int, _ glance: NodeGlance) throws(Violation) {
        let leads = glance.role == .leader
        guard leads || (setting.forwards && glance.leader != 0) else { return }
        if used(.proposals) < setting.proposalsMax {
            let number = UInt32(used(.proposals))
            try follow(ClusterEvent(place: place, event: .propose, parameter: number), uses: .proposals)
        }
        if leads && used(.changes) < setting.changes.count {
            let number = UInt32(used(.changes))
            try follow(ClusterEvent(place: place, event: .change, parameter: number), uses: .changes)
        }
        if used(.reads) < setting.readsMax {
            let number = UInt32(used(.reads))
            begin(ClusterEvent(place: place, event: .read, parameter: number))
            next[historyPlace] = histories.asking(next[historyPlace], nodes.entries)
            if try advance(place, .read, number) {
                use(.reads)
                emit()
            }
        }
        if leads && used(.transfers) < setting.transfersMax {
            for target in 0..<nodeCount where target != place && glance.voters >> UInt32(target) & 1 == 1 {
                let number = UInt32(target) + 1
                try follow(ClusterEvent(place: place, event: .transfer, parameter: number), uses: .transfers)
            }
        }
    }

    private mutating func storage(_ place: Int, _ glance: NodeGlance) throws(Violation) {
        if glance.writesWaiting > 0 { try follow(ClusterEvent(place: place, event: .write)) }
        guard used(.restarts) < setting.restartsMax else { return }
        for kept in 0...glance.writesWaiting {
            try follow(ClusterEvent(place: place, event: .restart, parameter: UInt32(kept)), uses: .restarts)
        }
    }

    // MARK: Elections as one event

    /// `place` stands, and only the `helpers` hear of it. Followed only if it wins.
    private mutating func elect(_ place: Int, helpers: UInt32) throws(Violation) {
        begin(ClusterEvent(place: place, event: .electionTimeout, helpers: helpers))
        let inFlight = network
        network.removeAll(keepingCapacity: true)
        _ = try advance(place, .electionTimeout, 0)
        var waiting = takeElectionMessages(place, helpers)
        while !waiting.isEmpty {
            let message = waiting.removeFirst()
            let receiver = nodes.messages.glance(message).to
            let glance = nodes.glances[Int(next[receiver])]
            if glance.role != .leader && glance.hearsLeader && glance.leader != UInt64(place) + 1 {
                _ = try advance(receiver, .leaderSilence, 0)
            }
            _ = try advance(receiver, .deliver, message)
            waiting.append(contentsOf: takeElectionMessages(place, helpers))
        }
        guard nodes.glances[Int(next[place])].role == .leader else { return }
        for message in inFlight where !network.contains(message) { network.append(message) }
        emit()
    }

    /// Takes the messages of the election out of `network`, and returns those that reach somebody.
    private mutating func takeElectionMessages(_ place: Int, _ helpers: UInt32) -> [UInt32] {
        var result: [UInt32] = []
        for message in network where nodes.messages.glance(message).isElection {
            let receiver = nodes.messages.glance(message).to
            if receiver == place || helpers >> UInt32(receiver) & 1 == 1 { result.append(message) }
        }
        var kept: [UInt32] = []
        for message in network where !nodes.messages.glance(message).isElection { kept.append(message) }
        network = kept
        return result
    }
}
