/// The load generator, against a server of its own that answers as told.
import Client
import Foundation
import JSON
import NIOCore
import NIOPosix
import Testing

@testable import Operations

@Suite struct LoadGeneratorTests {
    @Test func `quantiles are right to one part in 128, from microseconds to minutes`() {
        for scale: UInt64 in [1, 37, 1000, 60_000] {
            var histogram = LatencyHistogram()
            for sample: UInt64 in 1...1000 { histogram.add(microseconds: sample * scale) }
            #expect(histogram.total == 1000)
            for (quantile, rank) in [(0.5, 500), (0.99, 990), (0.999, 999), (1.0, 1000)] as [(Double, UInt64)] {
                let exact = Double(rank * scale)
                let seen = Double(histogram.microseconds(at: quantile))
                #expect(seen <= exact && seen >= exact * (1 - 1.0 / 128), "\(quantile) of scale \(scale): \(seen)")
            }
        }
        #expect(LatencyHistogram().microseconds(at: 0.5) == 0)
    }

    @Test func `buckets hold what falls into them, up to the largest number`() {
        for value: UInt64 in [0, 1, 127, 128, 255, 256, 257, 511, 512, 65_535, 65_536, 1 << 40] {
            let bucket = LatencyHistogram.bucket(of: value)
            #expect(LatencyHistogram.lowerBound(of: bucket) <= value)
            #expect(LatencyHistogram.lowerBound(of: bucket + 1) > value)
        }
        var histogram = LatencyHistogram()
        histogram.add(microseconds: .max)
        #expect(histogram.total == 1)
    }

    @Test func `the same seed makes the same requests, another seed others`() throws {
        var options = LoadOptions(endpoints: [.standard], operation: .memory, keys: 1000, titleWords: 2, seed: 7)
        var first = LoadRequests(options: options, endpoint: .standard, client: 3, ids: [])
        var again = LoadRequests(options: options, endpoint: .standard, client: 3, ids: [])
        options.seed = 8
        var other = LoadRequests(options: options, endpoint: .standard, client: 3, ids: [])
        let bytes = (0..<5).map { _ in first.next(key: nil) }
        #expect(bytes == (0..<5).map { _ in again.next(key: nil) })
        #expect(bytes != (0..<5).map { _ in other.next(key: nil) })
    }

    @Test func `a memory request carries JSON of exactly the size asked for`() throws {
        for size in [1, 2, 255, 256, 4096] {
            let options = LoadOptions(endpoints: [.standard], operation: .memory, sizeBytes: size)
            var requests = LoadRequests(options: options, endpoint: .standard, client: 0, ids: [])
            let text = String(buffer: requests.next(key: 42))
            let parts = text.components(separatedBy: "\r\n\r\n")
            try #require(parts.count == 2)
            #expect(parts[0].hasPrefix("POST /api/v1/memories HTTP/1.1\r\nHost: 127.0.0.1:9077\r\n"))
            #expect(parts[0].contains("Content-Length: \(parts[1].utf8.count)"))
            let body = try JSONValue.parse(parts[1])
            #expect(body["content"]?.stringValue?.utf8.count == size)
            #expect(body["title"]?.stringValue == "t42")
        }
    }

    @Test func `every option out of its limits is refused by name`() {
        let cases: [(String, (inout LoadOptions) -> Void)] = [
            ("--endpoints", { $0.endpoints = [] }), ("--clients", { $0.clients = 0 }),
            ("--clients", { $0.clients = 4097 }), ("--seconds", { $0.seconds = 0 }),
            ("--seconds", { $0.seconds = .nan }), ("--warmup", { $0.warmupSeconds = -1 }),
            ("--size", { $0.sizeBytes = 65_537 }), ("--keys", { $0.keys = 0 }),
            ("--title-words", { $0.titleWords = 9 }), ("--timeout", { $0.timeoutSeconds = 0 }),
        ]
        for (name, spoil) in cases {
            var options = LoadOptions(endpoints: [.standard])
            spoil(&options)
            let error = #expect(throws: OperationsError.self) { try options.validate() }
            #expect(error?.description.hasPrefix(name) == true)
        }
    }

    @Test func `a run counts what the server answered, over all clients and endpoints`() async throws {
        try await withServers(2, answering: { _ in .answer(status: 200, body: "{}") }) { endpoints, counters in
            let report = try await LoadGenerator.run(
                LoadOptions(
                    endpoints: endpoints, clients: 4, seconds: 0.3, warmupSeconds: 0.05, operation: .register,
                    keys: 10))
            #expect(report.errors == 0)
            #expect(report.operations > 0)
            #expect(report.operations <= UInt64(counters.map { $0.value }.reduce(0, +)))
            #expect(counters.allSatisfy { $0.value > 0 })
            #expect(report.p50Microseconds <= report.p99Microseconds)
            #expect(report.p99Microseconds <= report.p999Microseconds)
            let line = try JSONValue.parse(report.jsonLine)
            #expect(line["op"]?.stringValue == "register")
            #expect(line["ops"]?.integerValue == Int(report.operations))
        }
    }

    @Test func `a fill writes every key once`() async throws {
        try await withServers(1, answering: { _ in .answer(status: 200, body: "{}") }) { endpoints, counters in
            let report = try await LoadGenerator.run(
                LoadOptions(endpoints: endpoints, clients: 3, seconds: 30, operation: .fillRegister, keys: 50))
            #expect(report.operations == 50)
            #expect(counters[0].value == 50)
        }
    }

    @Test func `refusals are errors, and the first one is told`() async throws {
        let answer: @Sendable (Int) -> LoadTestServer.Behaviour = { number in
            number % 2 == 0 ? .answer(status: 503, body: "no leader") : .answer(status: 200, body: "{}")
        }
        try await withServers(1, answering: answer) { endpoints, _ in
            let report = try await LoadGenerator.run(
                LoadOptions(
                    endpoints: endpoints, clients: 2, seconds: 0.4, warmupSeconds: 0, operation: .getRegister, keys: 5))
            #expect(report.errors > 0)
            #expect(report.operations > 0)
            #expect(report.firstError == "503: no leader")
        }
    }

    @Test func `a server that never answers is an error, not a hang`() async throws {
        try await withServers(1, answering: { _ in .silence }) { endpoints, _ in
            let error = await #expect(throws: OperationsError.self) {
                try await LoadGenerator.run(
                    LoadOptions(
                        endpoints: endpoints, clients: 1, seconds: 0.5, operation: .register, keys: 5,
                        timeoutSeconds: 0.2))
            }
            #expect(error?.description.hasPrefix("no operation succeeded") == true)
        }
    }

    @Test func `reads of memories choose among the stored ids`() async throws {
        let listing = #"{"count":2,"memories":[{"id":"a"},{"id":"b"}]}"#
        try await withServers(1, answering: { _ in .answer(status: 200, body: listing) }) { endpoints, _ in
            let report = try await LoadGenerator.run(
                LoadOptions(endpoints: endpoints, clients: 1, seconds: 0.1, warmupSeconds: 0, operation: .getMemory))
            #expect(report.operations > 0)
        }
        let empty = #"{"count":0,"memories":[]}"#
        try await withServers(1, answering: { _ in .answer(status: 200, body: empty) }) { endpoints, _ in
            let error = await #expect(throws: OperationsError.self) {
                try await LoadGenerator.run(LoadOptions(endpoints: endpoints, operation: .getMemory))
            }
            #expect(error?.description.contains("--op fill-memory") == true)
        }
    }

    /// Servers on free ports for as long as `body` runs.
    private func withServers(
        _ count: Int, answering: @escaping @Sendable (Int) -> LoadTestServer.Behaviour,
        _ body: ([Endpoint], [LoadTestServer.Counter]) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var endpoints: [Endpoint] = []
        var counters: [LoadTestServer.Counter] = []
        var failure: (any Error)?
        do {
            for _ in 0..<count {
                let counter = LoadTestServer.Counter()
                let channel = try await LoadTestServer.start(on: group, counter: counter, answering: answering)
                let port = try #require(channel.localAddress?.port)
                endpoints.append(Endpoint(host: "127.0.0.1", port: port))
                counters.append(counter)
            }
            try await body(endpoints, counters)
        } catch {
            failure = error
        }
        try await group.shutdownGracefully()
        if let failure { throw failure }
    }
}
