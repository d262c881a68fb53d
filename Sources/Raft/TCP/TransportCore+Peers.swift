/// Whom this node is connected with: the peers it was told, those that told it of themselves, and those on their way out.
///
/// Owns: the decision which links exist. Must never: cut off a node in the moment it leaves the peers. It has to hear
/// that it was removed, and a leader that still hands over to it, or counts it in a joint quorum, has to hear it.

import NIOCore
import Raft

extension TransportCore {
    func updatePeers(_ next: [NodeID: PeerAddress]) {
        peers = next
        reconsider()
    }

    func updatePeers(following configuration: Configuration, seeds: [NodeID: PeerAddress]) {
        var next = seeds.filter { !configuration.wasRemoved($0.key) }
        for member in configuration.members {
            guard !member.address.isEmpty else { continue }
            do throws(PeerAddressError) {
                next[member.id] = try PeerAddress(parsing: member.address)
            } catch {
                logger.error("cannot reach a member", metadata: ["peer": "\(member.id)", "reason": "\(error)"])
            }
        }
        updatePeers(next)
    }

    func updateAdmission(_ committed: Configuration) {
        admission.configuration = committed
        for (node, current) in inbound
        where admission.refusal(of: node, incarnation: current.incarnation) == .otherDirectory {
            current.channel.close(promise: nil)
        }
        for link in links.values { link.reconsider() }
        reconsider()
    }

    /// Notes where a node is that is none of the peers (yet).
    func learn(_ hello: Hello) {
        let node = hello.from
        if peers[node] == nil, !hello.address.isEmpty {
            do throws(PeerAddressError) {
                let address = try PeerAddress(parsing: hello.address)
                if learned[node] != nil || learned.count < options.learnedPeersMax { learned[node] = address }
            } catch {
                logger.warning("cannot answer a node", metadata: ["peer": "\(node)", "reason": "\(error)"])
            }
        }
        reconsider()
    }

    /// Makes the links those that should be: dials who has none, redials who moved, begins to end what is left over.
    func reconsider() {
        // Before the socket listens nobody is dialled; `start` takes the newest peers.
        guard isListening else { return }
        for node in peers.keys { learned[node] = nil }
        for (node, link) in links {
            guard let address = address(of: node), address != link.statistics.address else { continue }
            link.stop()?.close(promise: nil)
            links[node] = nil
        }
        for node in Array(peers.keys) + Array(learned.keys) where node != nodeID && links[node] == nil {
            guard let address = address(of: node) else { continue }
            let link = PeerLink(peer: node, address: address, core: self)
            link.statistics.isInboundConnected = inbound[node] != nil
            links[node] = link
            link.dial()
        }
        for node in Set(links.keys).union(inbound.keys).union(leaving.keys) {
            if belongs(node) {
                leaving.removeValue(forKey: node)?.cancel()
            } else if leaving[node] == nil {
                let limit = TimeAmount.milliseconds(Int64(options.leavingMilliseconds))
                leaving[node] = eventLoop.assumeIsolated().scheduleTask(in: limit) { self.left(node) }
            }
        }
    }

    private func address(of node: NodeID) -> PeerAddress? { peers[node] ?? learned[node] }

    /// A node that is none of the peers belongs here only while it keeps a connection, and was not removed.
    private func belongs(_ node: NodeID) -> Bool {
        if peers[node] != nil { return true }
        return inbound[node] != nil && !admission.configuration.wasRemoved(node)
    }

    private func left(_ node: NodeID) {
        leaving[node] = nil
        learned[node] = nil
        links.removeValue(forKey: node)?.stop()?.close(promise: nil)
        inbound[node]?.channel.close(promise: nil)
    }
}
