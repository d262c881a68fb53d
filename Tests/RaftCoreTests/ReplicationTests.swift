/// Log and commit; catalogue bugs 10 to 23, 39 and 72.

import Testing

@testable import RaftCore

@Suite struct ReplicationTests {
    // MARK: Commit

    @Test func `bug 10: figure 8 of the paper, from (b) over (c) to (d)`() {
        // (b): S1 led term 2, its entry reached S2; S5 led term 3 and wrote an entry for itself alone.
        let disks = [
            disk(terms: [1, 2], term: 3), disk(terms: [1, 2], term: 3), disk(terms: [1], term: 3),
            disk(terms: [1], term: 3), disk(terms: [1, 3], term: 3),
        ]
        var cluster = TestCluster(nodes: 5, options: CoreOptions(appendBytesMax: 1), disks: disks)
        cluster.crash(4)
        // (c): S1 leads again; its old entry, and only that, reaches S3 and S4: now four of five hold it.
        cluster.isolate(1)
        for _ in 0..<60 where cluster.nodes[0].core.role != .leader {
            cluster.tick(0)
            cluster.exchange { message in if case .append = message.body { false } else { true } }
        }
        #expect(cluster.nodes[0].core.role == .leader)
        var probed: [NodeID] = []
        for _ in 0..<4 {
            cluster.tick(0)
            cluster.exchange { message in
                guard case .append(let request) = message.body else { return true }
                if request.entries.allSatisfy({ $0.term == Term(2) }) { return true }
                // The first attempt carries the new term's entry and is refused; every later one of them is lost.
                if probed.contains(message.to) { return false }
                probed.append(message.to)
                return true
            }
        }
        for place in [2, 3] { #expect(cluster.nodes[place].core.log.last == position(2, 2)) }
        #expect(cluster.nodes[0].core.commit < LogIndex(2))
        // (d): S1 is gone; S5, whose last term is higher, may win with S3 and S4 and replace the entry.
        cluster.crash(0)
        cluster.restart(4)
        cluster.elect(4)
        cluster.tickAll(times: 20)
        for place in 2...4 { #expect(cluster.nodes[place].core.log.term(at: LogIndex(2)) == Term(3)) }
        #expect(cluster.nodes[4].core.commit > LogIndex(2))
        cluster.expectNoProblems()
    }

    @Test func `bug 10: a majority holds the old entry, its commit waits for one of the own term`() {
        var node = CoreDriver(voters: [1, 2, 3, 4, 5], terms: [1, 2], term: 3)
        node.runOutOfPatience()
        for peer: UInt64 in [2, 3] { node.receive(.preVoteReply(VoteReply(granted: true)), from: peer, term: 4) }
        for peer: UInt64 in [2, 3] { node.receive(.voteReply(VoteReply(granted: true)), from: peer, term: 4) }
        #expect(node.core.role == .leader)
        for peer: UInt64 in [2, 3, 4] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), from: peer, term: 4)
        }
        #expect(node.core.commit == .zero)
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), from: peer, term: 4)
        }
        #expect(node.core.commit == LogIndex(3))
    }

    @Test func `bug 16: a single voter commits, and answers, only what its disk has`() {
        var node = CoreDriver(voters: [1])
        node.tick()
        node.diskIsFast = false
        node.propose(1)
        #expect(node.core.commit == LogIndex(1))
        #expect(node.applied.count == 1)
        node.step(.persisted(sequence: node.persists.last?.sequence ?? 0))
        #expect(node.core.commit == LogIndex(2))
        #expect(node.applied.count == 2)
    }

    @Test func `invariant 9: of three voters, the leader's own part counts only when durable`() {
        var node = CoreDriver(voters: [1, 2, 3, 4, 5])
        node.runOutOfPatience()
        for peer: UInt64 in [2, 3] { node.receive(.preVoteReply(VoteReply(granted: true)), from: peer, term: 1) }
        node.receive(.voteReply(VoteReply(granted: true)), from: 2, term: 1)
        node.diskIsFast = false
        node.receive(.voteReply(VoteReply(granted: true)), from: 3, term: 1)
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: peer, term: 1)
        }
        #expect(node.core.commit == .zero)
        node.step(.persisted(sequence: node.persists.last?.sequence ?? 0))
        #expect(node.core.commit == LogIndex(1))
    }

    @Test func `bug 17: completion of an old write proves nothing about entries that replaced it`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.append(after: (0, 0), terms: [1, 1], from: 2, term: 1)
        node.append(after: (0, 0), terms: [2, 2], from: 3, term: 2)
        #expect(node.persists.map(\.sequence) == [1, 2])
        node.step(.persisted(sequence: 1))
        #expect(node.core.durableIndex == .zero)
        #expect(node.sent.isEmpty)
        node.step(.persisted(sequence: 2))
        #expect(node.core.durableIndex == LogIndex(2))
        #expect(node.sent.appendReplies == [.matched(LogIndex(2))])
    }

    @Test func `bug 17: the same indexes rewritten twice (A, B, A) count only with the last write`() {
        var node = CoreDriver()
        node.diskIsFast = false
        node.append(after: (0, 0), terms: [1], from: 2, term: 1)
        node.append(after: (0, 0), terms: [2], from: 3, term: 2)
        node.append(after: (0, 0), terms: [3], from: 2, term: 3)
        node.step(.persisted(sequence: 1))
        node.step(.persisted(sequence: 2))
        #expect(node.core.durableIndex == .zero)
        node.step(.persisted(sequence: 3))
        #expect(node.core.durableIndex == LogIndex(1))
    }

    @Test func `bug 18: a restarted node applies only up to what it knows to be committed`() {
        var node = CoreDriver(terms: [1, 1, 1, 1], commit: 2, applied: 1)
        node.tick()
        #expect(node.applied.map(\.index.rawValue) == [2])
        node.receive(.heartbeat(Heartbeat(commit: LogIndex(3), round: 1)), term: 1)
        #expect(node.applied.map(\.index.rawValue) == [2, 3])
    }

    @Test func `bug 19: an acknowledgement of an older term does not count`() {
        var node = CoreDriver(terms: [1, 1], term: 1)
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(3)))), from: 2, term: 1)
        #expect(node.core.commit == .zero)
        #expect(node.core.peers[0].match == .zero)
    }

    @Test func `bug 20: no change of role touches the log`() {
        var node = CoreDriver(terms: [1, 1], term: 1)
        node.lead()
        let terms = node.terms
        node.receive(.heartbeat(Heartbeat(commit: .zero, round: 0)), from: 3, term: 9)
        #expect(node.core.role == .follower)
        node.runOutOfPatience()
        node.receive(.preVoteReply(VoteReply(granted: true)), from: 3, term: 10)
        #expect(node.core.role == .candidate)
        #expect(node.terms == terms)
    }

    @Test func `bug 21: what was acknowledged survives the loss of everything not written`() {
        var cluster = TestCluster(nodes: 3)
        cluster.elect(0)
        let id = cluster.propose(0)
        cluster.settle()
        // A second proposal reaches every memory and no disk.
        cluster.propose(0)
        while !cluster.network.isEmpty { cluster.deliver(0) }
        for place in 0..<3 { cluster.crash(place) }
        for place in 0..<3 { cluster.restart(place) }
        cluster.tickAll(times: 60)
        #expect(cluster.nodes.allSatisfy { $0.appliedProposals.contains(id) })
        cluster.expectNoProblems()
    }

    @Test func `bug 22: an append whose write does not complete is neither cancelled nor counted`() {
        var node = CoreDriver()
        node.lead()
        node.diskIsFast = false
        node.propose(1)
        node.tick(3)
        #expect(node.terms == [1, 1])
        #expect(node.proposalsRefused.isEmpty)
        #expect(node.core.durableIndex == LogIndex(1))
        #expect(node.persists.allSatisfy { $0.truncateFrom == nil })
    }

    // MARK: The shape of appends

    @Test func `bug 11: a late, shorter append removes nothing`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1, 1, 1, 1], commit: 2, term: 1)
        for count in 0...4 { node.append(after: (0, 0), terms: Array(repeating: 1, count: count), term: 1) }
        node.append(after: (2, 1), terms: [1], term: 1)
        #expect(node.terms == [1, 1, 1, 1])
        #expect(node.persists.allSatisfy { $0.truncateFrom == nil })
    }

    @Test func `bug 11 and invariant 7: nothing at or below the commit index is ever cut`() {
        var node = CoreDriver()
        node.append(after: (0, 0), terms: [1, 1, 1], commit: 3, term: 1)
        node.append(after: (1, 1), terms: [2, 2], from: 3, term: 2)
        #expect(node.terms == [1, 1, 1])
        #expect(node.core.status.ignoredMessages == 1)
    }

    @Test(
        "bugs 12 and 13: an append that does not follow its previous position is dropped whole",
        arguments: [
            [(7, 1)], [(2, 1), (4, 1)], [(2, 1), (2, 1)], [(2, 1), (3, 0)], [(2, 9)], [(1, 1)],
        ] as [[(UInt64, UInt64)]])
    func malformed(entries: [(UInt64, UInt64)]) {
        var node = CoreDriver(terms: [1], term: 3)
        let request = AppendRequest(
            previous: position(1, 1),
            entries: entries.map { Entry(index: LogIndex($0.0), term: Term($0.1), kind: .command) }, commit: .zero)
        node.receive(.append(request), term: 3)
        #expect(node.terms == [1])
        #expect(node.sent.isEmpty)
        #expect(node.core.status.ignoredMessages == 1)
    }

    @Test func `bug 13: appends cut by size carry every entry once, in order, within the limit`() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<60 {
            let limit = 60 + random.next(below: 400)
            var node = CoreDriver(
                options: CoreOptions(
                    appendBytesMax: limit, inflightBytesMax: 1000 + random.next(below: 1000), inflightMessagesMax: 5))
            node.lead()
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
            node.sent.removeAll()
            for nonce in 1...40 { node.propose(UInt64(nonce), bytes: random.next(below: 300)) }
            var next: UInt64 = 2
            while next <= 41 {
                let requests = node.takeSent().appends(to: CoreDriver.two).filter { !$0.entries.isEmpty }
                if requests.isEmpty { break }
                for request in requests {
                    #expect(request.entries.first?.index.rawValue == next)
                    let bytes = request.entries.reduce(0) { $0 + $1.costBytes }
                    #expect(bytes <= limit || request.entries.count == 1)
                    next += UInt64(request.entries.count)
                }
                #expect(node.core.peers[0].inflight.count <= 5)
                node.receive(.appendReply(AppendReply(result: .matched(LogIndex(next - 1)))), term: 1)
            }
            #expect(next == 42)
        }
    }

    // MARK: Divergence

    /// Round trips until the follower (node 2) has what the leader (node 1) has.
    private func roundTrips(leader: [UInt64], follower: [UInt64]) -> Int {
        let term = max(leader.last ?? 0, follower.last ?? 0)
        let disks = [leader, follower, leader].map { disk(terms: $0, term: term) }
        var cluster = TestCluster(nodes: 3, disks: disks)
        cluster.isolate(1)
        cluster.elect(0)
        cluster.settle()
        cluster.heal()
        var probes = 0
        for _ in 0..<400 where cluster.nodes[1].core.log.last != cluster.nodes[0].core.log.last {
            cluster.tick(0)
            while !cluster.network.isEmpty {
                let message = cluster.network[0]
                if message.to == NodeID(2), !cluster.isCut(message), case .append = message.body { probes += 1 }
                cluster.deliver(0)
            }
            for place in 0..<3 {
                cluster.write(place)
                cluster.load(place)
            }
        }
        #expect(cluster.nodes[1].core.log.last == cluster.nodes[0].core.log.last)
        cluster.expectNoProblems()
        return probes
    }

    @Test func `bug 23: a stale tail of 100 000 entries is found out in a few round trips, not one per entry`() {
        let stale = [1, 1, 1] + [UInt64](repeating: 2, count: 100_000)
        #expect(roundTrips(leader: [1, 1, 1, 3, 3], follower: stale) <= 4)
    }

    @Test func `bug 23: divergence over many terms takes at most one round trip per term`() {
        let follower: [UInt64] = [1] + (0..<20).flatMap { [UInt64](repeating: 2 + 2 * $0, count: 30) }
        let leader: [UInt64] = [1] + (0..<20).flatMap { [UInt64](repeating: 3 + 2 * $0, count: 30) }
        #expect(roundTrips(leader: leader, follower: follower) <= 24)
    }

    // MARK: Flow

    @Test func `bug 39: a follower whose disk stalled is written to again when it works`() {
        let options = CoreOptions(heartbeatTicks: 2, electionTimeoutTicks: 10)
        var node = CoreDriver(options: options)
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        node.propose(1)
        node.sent.removeAll()
        for _ in 0..<(options.electionTimeoutTicks + 1) {
            node.receive(.heartbeatReply(HeartbeatReply(round: 0)), term: 1)
            node.tick()
        }
        let again = node.takeSent().appends(to: CoreDriver.two)
        #expect(again.last?.entries.map(\.index.rawValue) == [2])
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), term: 1)
        #expect(node.core.peers[0].state == .replicate)
        #expect(node.core.commit == LogIndex(2))
    }

    @Test func `the in-flight window bounds what is sent ahead, in bytes and in messages`() {
        var node = CoreDriver(options: CoreOptions(inflightBytesMax: 500, inflightMessagesMax: 3))
        node.lead()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), term: 1)
        for nonce: UInt64 in 1...30 { node.propose(nonce, bytes: 52) }
        #expect(node.core.peers[0].inflight.count == 3)
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(4)))), term: 1)
        #expect(node.core.peers[0].inflight.bytes == 500)
        #expect(node.core.peers[0].inflight.count == 1)
    }

    @Test func `a commit is told at once to followers that have nothing else to be sent`() {
        var node = CoreDriver()
        node.lead()
        for peer: UInt64 in [2, 3] {
            node.receive(.appendReply(AppendReply(result: .matched(LogIndex(1)))), from: peer, term: 1)
        }
        node.propose(1)
        node.sent.removeAll()
        node.receive(.appendReply(AppendReply(result: .matched(LogIndex(2)))), from: 2, term: 1)
        #expect(node.sent.appends().map(\.commit) == [LogIndex(2), LogIndex(2)])
        #expect(node.sent.appends().allSatisfy { $0.entries.isEmpty })
    }

    @Test func `many appends in one step make one write and one acknowledgement`() {
        var node = CoreDriver()
        node.diskIsFast = false
        let inputs = (0..<5).map { count in
            Input.message(
                Message(
                    from: CoreDriver.two, to: CoreDriver.one, term: Term(1),
                    body: .append(node.appendRequest(after: (UInt64(count), count == 0 ? 0 : 1), terms: [1]))))
        }
        var effects: [Effect] = []
        node.core.step(inputs, into: &effects)
        let writes = effects.compactMap { if case .persist(let request) = $0 { request } else { nil } }
        #expect(writes.map(\.entries.count) == [5])
        node.step(.persisted(sequence: 1))
        #expect(node.sent.appendReplies == [.matched(LogIndex(5))])
    }

    @Test func `bug 72: a follower whose apply is behind takes less, says so, and asks when it has caught up`() {
        var node = CoreDriver(options: CoreOptions(unappliedBytesMax: 200))
        node.append(after: (0, 0), terms: Array(repeating: 1, count: 10), commit: 10, term: 1)
        #expect(node.takeSent().appendReplies == [.matched(LogIndex(5))])
        for _ in 0..<10 {
            node.append(after: (5, 1), terms: [1, 1, 1], commit: 10, term: 1)
            // The pipeline behind the refused entries is no conflict: saying so would bring it all again at once.
            node.append(after: (8, 1), terms: [1], commit: 10, term: 1)
        }
        #expect(node.core.log.lastIndex == LogIndex(5))
        #expect(node.takeSent().isEmpty)
        node.step(.applied(LogIndex(5)))
        #expect(
            node.takeSent().appendReplies == [
                .conflict(rejected: LogIndex(6), hint: position(1, 1), lastIndex: LogIndex(5))
            ])
        node.append(after: (5, 1), terms: [1, 1, 1], commit: 10, term: 1)
        #expect(node.takeSent().appendReplies == [.matched(LogIndex(8))])
    }

    @Test func `bug 72: a cluster with a slow applier keeps going and the slow one catches up`() {
        var options = TestCluster.smallOptions
        options.unappliedBytesMax = 400
        var cluster = TestCluster(nodes: 3, options: options)
        cluster.elect(0)
        for _ in 0..<100 {
            cluster.propose(0, bytes: 20)
            while !cluster.network.isEmpty { cluster.deliver(0) }
            for place in 0..<3 { cluster.write(place) }
            for place in 0..<2 { cluster.apply(place) }
            cluster.tick(0)
        }
        let behind = cluster.nodes[2].core.status
        #expect(behind.unappliedBytes < 400 + 2 * options.appendBytesMax + options.uncommittedBytesMax / 8)
        #expect(behind.applied < LogIndex(5))
        cluster.tickAll(times: 40)
        #expect(cluster.nodes[2].applied == cluster.nodes[0].applied)
        #expect(cluster.nodes[0].applied.rawValue > 90)
        cluster.expectNoProblems()
    }
}
