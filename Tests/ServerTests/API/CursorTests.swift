/// Pages by cursor: neither skipped nor repeated, whoever writes in between.
import JSON
import Server
import StateMachine
import Testing

@Suite struct CursorTests {
    private static func pages(
        _ contract: Contract, _ target: String, member: String, between: (Int) async throws -> Void = { _ in }
    ) async throws -> [String] {
        var found: [String] = []
        var cursor = ""
        for page in 0..<50 {
            let answer = await contract.send("GET", "\(target)&cursor=\(cursor)").json
            found += answer[member]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
            guard let next = answer["next"]?.stringValue else {
                #expect(answer["next"] == .null)
                return found
            }
            cursor = next
            try await between(page)
        }
        Issue.record("the pages do not end")
        return found
    }

    @Test("memories: every row once although others of every rank come in between")
    func memories() async throws {
        let contract = try Contract()
        var ids: Set<String> = []
        for number in 0..<25 {
            ids.insert(
                try await contract.create(#"{"title":"t\#(number)","content":"c","priority":\#(1 + number % 3)}"#))
            if number % 4 == 0 { contract.clock.advance(seconds: 1) }
        }
        let found = try await Self.pages(contract, "/api/v1/memories?limit=4", member: "memories") { page in
            _ = try await contract.create(#"{"title":"new \#(page)","content":"c","priority":\#(1 + page % 10)}"#)
        }
        #expect(Set(found).count == found.count, "a row twice")
        #expect(ids.isSubset(of: found), "a row skipped")
    }

    @Test("archive and pending actions end with null; other cursors are refused")
    func others() async throws {
        let contract = try Contract()
        var ids: [String] = []
        for number in 0..<7 { ids.append(try await contract.create(#"{"title":"t\#(number)","content":"c"}"#)) }
        let list = JSONValue.array(ids.map { .string($0) }).text
        _ = await contract.send("POST", "/api/v1/archive", json: #"{"ids":\#(list)}"#)
        #expect(Set(try await Self.pages(contract, "/api/v1/archive?limit=3", member: "archived")) == Set(ids))
        _ = await contract.send("POST", "/api/v1/namespaces/p/standard", json: #"{"governance":{"write":"approve"}}"#)
        for number in 0..<5 {
            _ = await contract.send(
                "POST", "/api/v1/memories", json: #"{"title":"q\#(number)","content":"c","namespace":"p"}"#)
        }
        #expect(try await Self.pages(contract, "/api/v1/pending?limit=2", member: "pending").count == 5)
        for cursor in ["zz", "5b", "5b315d", "x%20"] {
            let response = await contract.send("GET", "/api/v1/memories?cursor=\(cursor)")
            #expect(response.status == 400 && response.errorText?.hasPrefix("cursor is ") == true, "\(cursor)")
        }
        #expect(await contract.send("GET", "/api/v1/memories?limit=2").json["next"] == nil)
    }
}
