/// Membership in a `TestCluster`: new processes, changes, and what became of them.

import Testing

@testable import RaftCore

extension TestCluster {
    /// Starts a process that does not know its cluster yet; its place.
    @discardableResult
    mutating func startJoiner(disk: SimulatedDisk = SimulatedDisk()) -> Int {
        let id = NodeID(UInt64(nodes.count) + 1)
        var options = options
        if nodes[0].options.incarnation != 0 { options.incarnation = TestCluster.incarnation(of: id, generation: 1) }
        var disk = disk
        let core = RaftCore(
            options: options, nodeID: id, configuration: .none, seed: random.next(),
            recovered: disk.recover(applied: disk.base))
        nodes.append(TestNode(id: id, options: options, founding: .none, core: core, disk: disk))
        for row in cut.indices { cut[row].append(false) }
        cut.append(Array(repeating: false, count: nodes.count))
        return nodes.count - 1
    }

    static func incarnation(of id: NodeID, generation: UInt64) -> UInt64 { id.rawValue * 1000 + generation }

    /// Gives every node a directory's name, as a real cluster has.
    mutating func nameDirectories() {
        for place in nodes.indices {
            nodes[place].options.incarnation = TestCluster.incarnation(of: nodes[place].id, generation: 1)
            nodes[place].isRunning = false
            restart(place)
        }
    }

    @discardableResult
    mutating func change(_ place: Int, _ change: MembershipChange) -> ProposalID {
        let id = ProposalID(origin: nodes[place].id, nonce: nextNonce)
        nextNonce += 1
        step(place, .propose([Proposal(id: id, kind: .membershipChange, payload: change.encode())]))
        return id
    }

    func joiner(_ id: UInt64, replaces: UInt64? = nil, isJoining: Bool = true) -> Member {
        Member(id: NodeID(id), isJoining: isJoining, replaces: replaces.map { NodeID($0) })
    }

    /// Voters, outgoing voters and learners of the configuration in force at `place`.
    func members(_ place: Int) -> [[UInt64]] {
        let configuration = nodes[place].core.configuration
        return [configuration.voters, configuration.outgoing, configuration.learners].map { $0.map(\.rawValue) }
    }

    /// One line per node, for failures.
    var summary: String {
        nodes.map { node in
            let core = node.core
            return "\(node.id) \(node.isRunning ? core.role.rawValue : "down") \(core.term) last \(core.log.last) "
                + "commit \(core.commit) leader \(core.leader?.description ?? "-") voters \(core.configuration.voters) "
                + "outgoing \(core.configuration.outgoing) at \(core.history.newestIndex) "
                + "excluded \(core.status.isExcluded) low \(core.storageIsLow) applied \(core.applied)"
        }.joined(separator: "\n")
    }
}

/// An entry that brings this configuration.
func entry(_ index: UInt64, _ term: UInt64, _ configuration: Configuration) -> Entry {
    Entry(index: LogIndex(index), term: Term(term), kind: .configuration, payload: configuration.encode())
}

func voters(_ ids: UInt64..., outgoing: [UInt64] = []) -> Configuration {
    Configuration(voters: ids.map { NodeID($0) }, outgoing: outgoing.map { NodeID($0) })
}
