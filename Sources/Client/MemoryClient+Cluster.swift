/// The calls about the cluster itself: its members and its leader.
///
/// Owns: paths, bodies, the reading of answers, and what may be asked a second time. Must never: repeat a change that a
/// node may have made; a node that says 503 "nothing was changed", or that nobody reached, may be followed by another.
import JSON

extension MemoryClient {
    /// A node decides about a change for up to ten seconds before it begins to wait for the end.
    private static let decisionMilliseconds: Int64 = 12_000

    /// Who belongs to the cluster, as one node knows it; match and lag are the leader's to know.
    /// - Parameter fromLeader: asks the node that leads, when it is one of the endpoints.
    public func members(fromLeader: Bool = false, first: Int? = nil) async throws(ClientError) -> ClusterMembers {
        let request = APIRequest(method: "GET", target: "/cluster/v1/members")
        let any = try clusterMembers(try await send(request, first: first))
        guard fromLeader, any.leaderID != nil, any.leaderID != any.nodeID else { return any }
        for index in endpoints.indices {
            let answer: ClusterMembers
            do throws(ClientError) {
                answer = try clusterMembers(try await sendOnce(request, to: index, timeoutMilliseconds: 2_000))
            } catch {
                // The list is known already; only the figures of the leader would have been added.
                continue
            }
            if answer.leaderID == answer.nodeID { return answer }
        }
        return any
    }

    public func addMember(
        _ member: NewMember, waitMilliseconds: Int64, first: Int? = nil
    ) async throws(ClientError) -> MembershipAnswer {
        var body = member.body
        body["wait_ms"] = .integer(waitMilliseconds)
        return try await change("POST", "/cluster/v1/members", body, waitMilliseconds, first)
    }

    public func removeMember(
        _ id: UInt64, waitMilliseconds: Int64, first: Int? = nil
    ) async throws(ClientError) -> MembershipAnswer {
        let body = JSONObject([("wait_ms", .integer(waitMilliseconds))])
        return try await change("DELETE", "/cluster/v1/members/\(id)", body, waitMilliseconds, first)
    }

    public func promoteMember(
        _ id: UInt64, waitMilliseconds: Int64, first: Int? = nil
    ) async throws(ClientError) -> MembershipAnswer {
        let body = JSONObject([("wait_ms", .integer(waitMilliseconds))])
        return try await change("POST", "/cluster/v1/members/\(id)/promote", body, waitMilliseconds, first)
    }

    /// Several changes in one step.
    public func changeMembers(
        add: [NewMember] = [], remove: [UInt64] = [], promote: [UInt64] = [], priorities: [UInt64: UInt8] = [:],
        waitMilliseconds: Int64, first: Int? = nil
    ) async throws(ClientError) -> MembershipAnswer {
        var body = JSONObject()
        body["add"] = .array(add.map { .object($0.body) })
        body["remove"] = .array(remove.map(JSONValue.id))
        body["promote"] = .array(promote.map(JSONValue.id))
        body["priorities"] = .object(
            JSONObject(priorities.sorted { $0.key < $1.key }.map { ("\($0.key)", .integer(Int64($0.value))) }))
        body["wait_ms"] = .integer(waitMilliseconds)
        return try await change("POST", "/cluster/v1/change", body, waitMilliseconds, first)
    }

    /// Moves leadership to `target`, or to whoever is fittest.
    public func transferLeadership(
        to target: UInt64?, waitMilliseconds: Int64, first: Int? = nil
    ) async throws(ClientError) -> TransferAnswer {
        var body = JSONObject([("wait_ms", .integer(waitMilliseconds))])
        if let target { body["to"] = JSONValue.id(target) }
        let answer = try await sendUnkeyed("POST", "/cluster/v1/transfer", body, waitMilliseconds, first)
        let document = JSONValue.object(try object(answer))
        var reader = FieldReader(value: document)
        let result = TransferAnswer(
            leaderID: reader.number("leader_id"), term: reader.number("term"),
            milliseconds: reader.number("milliseconds"), document: document)
        if let field = reader.badField { throw outOfContract(answer, "no valid '\(field)'") }
        return result
    }

    // MARK: pieces

    private func change(
        _ method: String, _ target: String, _ body: JSONObject, _ waitMilliseconds: Int64, _ first: Int?
    ) async throws(ClientError) -> MembershipAnswer {
        let answer = try await sendUnkeyed(method, target, body, waitMilliseconds, first)
        let document = JSONValue.object(try object(answer))
        let (cluster, badField) = ClusterMembers.read(document["cluster"] ?? .null)
        guard let cluster else { throw outOfContract(answer, "no valid 'cluster.\(badField)'") }
        return MembershipAnswer(
            isFinished: document["state"]?.stringValue == "done", pending: document["pending"]?.stringValue ?? "",
            ids: (document["ids"]?.arrayValue ?? []).compactMap { FieldReader.number($0) }, cluster: cluster,
            document: document)
    }

    private nonisolated func clusterMembers(_ answer: Answer) throws(ClientError) -> ClusterMembers {
        let (members, badField) = ClusterMembers.read(.object(try object(answer)))
        guard let members else { throw outOfContract(answer, "no valid '\(badField)'") }
        return members
    }

    /// Goes on to the next endpoint only where nothing can have happened.
    private func sendUnkeyed(
        _ method: String, _ target: String, _ body: JSONObject, _ waitMilliseconds: Int64, _ first: Int?
    ) async throws(ClientError) -> Answer {
        let request = APIRequest(method: method, target: target, body: JSONValue.object(body).encoded())
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(options.callTimeoutMilliseconds)
        while true {
            var failures: [EndpointFailure] = []
            for offset in endpoints.indices {
                let index = ((first ?? 0) + offset) % endpoints.count
                do throws(ClientError) {
                    let answer = try await sendOnce(
                        request, to: index, timeoutMilliseconds: waitMilliseconds + Self.decisionMilliseconds)
                    guard answer.response.status == 503, !ErrorText.saysOutcomeUnknown(answer.response) else {
                        return answer
                    }
                    let reason = "503 \(ErrorText.message(of: answer.response))"
                    failures.append(
                        EndpointFailure(endpoint: endpoints[index], reason: reason, isConnectFailure: false))
                } catch {
                    guard case .allEndpointsFailed(let found, _) = error, found.allSatisfy(\.isConnectFailure) else {
                        throw error
                    }
                    failures += found
                }
                if Task.isCancelled { throw .cancelled }
            }
            let nobodyListens = failures.allSatisfy(\.isConnectFailure) && options.givesUpWhenNobodyListens
            let pause = Duration.milliseconds(options.roundPauseMilliseconds)
            guard !nobodyListens, clock.now + pause < deadline else {
                throw .allEndpointsFailed(failures, mayHaveTakenEffect: nil)
            }
            do { try await Task.sleep(for: pause) } catch { throw .cancelled }
        }
    }
}
