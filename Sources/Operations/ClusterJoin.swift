/// Asks a running cluster to take in a new node: the one call that `mneme serve --join` makes before it is a node.
///
/// Owns: that call. Must never: write anything here; what the cluster answered is for the caller to keep.
import Client

public struct ClusterJoin: Sendable {
    /// Elections may come between; after this long there is no cluster that could take a node in.
    private static let callMilliseconds: Int64 = 30_000

    /// What the cluster says to the new node.
    public struct Ticket: Hashable, Sendable {
        public var nodeID: UInt64
        public var clusterID: String
        public var members: [ClusterMember]
    }

    private let client: MemoryClient

    /// - Parameter endpoints: where the cluster's nodes listen for clients.
    public init(endpoints: [Endpoint]) {
        client = MemoryClient(
            endpoints: endpoints,
            options: ClientOptions(callTimeoutMilliseconds: ClusterJoin.callMilliseconds, roundPauseMilliseconds: 200))
    }

    /// Returns as soon as the cluster has taken the node in as a learner; it catches up once it runs.
    ///
    /// Asking again for the same address gives the same id, as long as no node has spoken under it.
    public func ask(_ member: NewMember) async throws(OperationsError) -> Ticket {
        do throws(ClientError) {
            let answer = try await client.addMember(member, waitMilliseconds: 0)
            guard let id = answer.ids.first else { throw .invalidRequest("the cluster named no id") }
            return Ticket(nodeID: id, clusterID: answer.cluster.clusterID, members: answer.cluster.members)
        } catch {
            throw OperationsError("join the cluster", error)
        }
    }

    /// Asks for a place for a node that starts anew where another was: it replaces that one, if that one still counts.
    /// - Parameter old: the id of before; nil when the directory does not tell any more, which is well only when the
    ///   cluster has taken the new node in already.
    public func askForPlace(of old: UInt64?, at address: String) async throws(OperationsError) -> Ticket {
        let known: ClusterMembers
        do throws(ClientError) { known = try await client.members() } catch {
            throw OperationsError("see the members", error)
        }
        if let waiting = known.members.first(where: { $0.address == address && $0.incarnation == nil }),
            waiting.role != "voter"
        {
            return Ticket(nodeID: waiting.id, clusterID: known.clusterID, members: known.members)
        }
        guard let old else {
            throw OperationsError(
                "the directory does not say which node it was; name it by --replaces. The members are:\n"
                    + MembershipText.table(known))
        }
        switch known.member(old)?.role {
        case "voter": return try await ask(NewMember(address: address, replaces: old))
        case nil: return try await ask(NewMember(address: address))
        default:
            // A learner does not vote, so it can go in the same step.
            do throws(ClientError) {
                let answer = try await client.changeMembers(
                    add: [NewMember(address: address)], remove: [old], waitMilliseconds: 0)
                guard let id = answer.ids.first else { throw .invalidRequest("the cluster named no id") }
                return Ticket(nodeID: id, clusterID: answer.cluster.clusterID, members: answer.cluster.members)
            } catch {
                throw OperationsError("join the cluster", error)
            }
        }
    }
}
