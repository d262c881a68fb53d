/// Compares what all nodes hold: their rolling digests at one index, also under load; and, when those differ or when asked,
/// the content of their tables, down to the first row that is not the same.
///
/// Owns: the comparison behind `mneme cluster verify`. Must never: write, or call nodes equal that it could not compare.
import Client
import JSON

public struct DigestComparison: Sendable {
    public struct Report: Sendable {
        /// Index at which all nodes were compared.
        public var index: UInt64?
        /// Digest of each node there, by endpoint.
        public var digests: [(endpoint: String, digest: String)] = []
        /// Rows compared one by one.
        public var tablesCompared = 0
        /// What differs, the first of each table; empty: all are the same.
        public var differences: [String] = []

        public var isEqual: Bool { differences.isEmpty }
    }

    private static let pageRows = 1_000
    private let client: MemoryClient
    private let limit: Duration

    /// - Parameter limit: how long the nodes may take to be seen at one index.
    public init(_ endpoints: [Endpoint], within limit: Duration = .seconds(30)) {
        client = MemoryClient(endpoints: endpoints)
        self.limit = limit
    }

    /// - Parameter content: compare the tables too, for which the nodes must stand still for a moment.
    public func run(content: Bool) async throws(OperationsError) -> Report {
        try await requireAllMembers()
        var report = Report()
        let deadline = ContinuousClock.now + limit
        while report.index == nil {
            let recent = try await eachNode("/cluster/v1/digests").map(Self.recent)
            if let common = Self.commonIndex(recent) {
                report.index = common
                report.digests = zip(client.endpoints, recent).map { ("\($0)", $1[common] ?? "") }
            } else if ContinuousClock.now > deadline {
                throw OperationsError(
                    "the nodes were not seen at one index within \(limit); is one of them behind or down?")
            } else {
                try await pause()
            }
        }
        if let first = report.digests.first, report.digests.contains(where: { $0.digest != first.digest }) {
            report.differences.append("the digests at index \(report.index ?? 0) differ")
        }
        if content || !report.isEqual { try await compareTables(&report, until: deadline) }
        return report
    }

    /// Who names one node of three has compared nothing.
    private func requireAllMembers() async throws(OperationsError) {
        let members: Int
        do throws(ClientError) {
            members = try await client.members().members.count
        } catch {
            throw OperationsError("see the members", error)
        }
        let named = Set(client.endpoints.map(\.description)).count
        guard named >= members else {
            throw OperationsError(
                "the cluster has \(members) members and \(named) endpoints were named: name all of them with --endpoints, "
                    + "to compare them all")
        }
    }

    // MARK: digests of the log

    private static func recent(_ answer: JSONValue) -> [UInt64: String] {
        var found: [UInt64: String] = [:]
        for entry in answer["recent"]?.arrayValue ?? [] {
            guard let pair = entry.arrayValue, pair.count == 2, let index = pair[0].integerValue,
                let digest = pair[1].stringValue
            else { continue }
            found[UInt64(index)] = digest
        }
        return found
    }

    private static func commonIndex(_ nodes: [[UInt64: String]]) -> UInt64? {
        guard let first = nodes.first else { return nil }
        return first.keys.filter { index in nodes.allSatisfy { $0[index] != nil } }.max()
    }

    // MARK: content

    private struct Table {
        var name: String
        var rows: Int
        var digest: String
    }

    private func compareTables(
        _ report: inout Report, until deadline: ContinuousClock.Instant
    ) async throws(OperationsError) {
        while true {
            let answers = try await eachNode("/cluster/v1/digests?tables=true")
            let indexes = answers.map { $0["applied_index"]?.integerValue ?? -1 }
            guard Set(indexes).count == 1 else {
                guard ContinuousClock.now < deadline else {
                    throw OperationsError(
                        "the nodes apply different indexes (\(indexes)); stop the writers to compare their rows")
                }
                try await pause()
                continue
            }
            let tables = answers.map(Self.tables)
            report.tablesCompared = tables.first?.count ?? 0
            for (place, table) in (tables.first ?? []).enumerated() {
                let others = tables.map { $0.indices.contains(place) ? $0[place] : nil }
                guard others.contains(where: { $0?.digest != table.digest }) else { continue }
                report.differences.append(try await firstDifference(in: table.name))
            }
            return
        }
    }

    private static func tables(_ answer: JSONValue) -> [Table] {
        (answer["tables"]?.arrayValue ?? []).map {
            Table(
                name: $0["table"]?.stringValue ?? "", rows: $0["rows"]?.integerValue ?? 0,
                digest: $0["digest"]?.stringValue ?? "")
        }
    }

    private func firstDifference(in table: String) async throws(OperationsError) -> String {
        var offset = 0
        while true {
            let pages = try await eachNode(
                "/cluster/v1/digests/\(table)?offset=\(offset)&limit=\(Self.pageRows)"
            ).map { $0["rows"]?.arrayValue ?? [] }
            let longest = pages.map(\.count).max() ?? 0
            for row in 0..<longest {
                let seen = pages.map { $0.indices.contains(row) ? $0[row] : JSONValue.null }
                guard Set(seen.map(\.text)).count > 1 else { continue }
                let keys = seen.map { $0.arrayValue?.first?.stringValue ?? "no row" }
                let words = zip(client.endpoints, keys).map { "\($0) has \($1)" }.joined(separator: ", ")
                return "table \(table) differs at row \(offset + row + 1): \(words)"
            }
            if longest < Self.pageRows { return "table \(table) differs, but its rows were the same a moment later" }
            offset += Self.pageRows
        }
    }

    // MARK: asking

    private func eachNode(_ target: String) async throws(OperationsError) -> [JSONValue] {
        var answers: [JSONValue] = []
        for place in client.endpoints.indices {
            do {
                let answer = try await client.sendOnce(
                    APIRequest(method: "GET", target: target), to: place, timeoutMilliseconds: 60_000)
                guard answer.response.status == 200 else {
                    throw OperationsError(
                        "\(client.endpoints[place]) answers \(answer.response.status) to \(target): "
                            + answer.response.bodyText)
                }
                answers.append(try JSONValue.parse(answer.response.bodyBytes))
            } catch {
                throw OperationsError("\(error)")
            }
        }
        return answers
    }

    private func pause() async throws(OperationsError) {
        do { try await Task.sleep(for: .milliseconds(20)) } catch { throw OperationsError("interrupted") }
    }
}
