/// Concurrent writers that go round-robin through all nodes and do not let go of a write before it is acknowledged.
///
/// Owns: the writers. Must never: send one memory under two keys; a retry is the same request.
import Client

struct WriteLoad: Sendable {
    /// One write may take this long, elections and restarts included, before it counts as failed.
    static let writeTimeoutMilliseconds: Int64 = 60_000

    let endpoints: [Endpoint]
    let writers: Int
    let ledger: WriteLedger
    /// Which endpoint the next write goes to, by its number; nil: all in turn.
    var choose: (@Sendable (Int) -> Int)?

    static var clientOptions: ClientOptions {
        ClientOptions(
            agentID: "mneme-drill", attemptTimeoutMilliseconds: 5000,
            callTimeoutMilliseconds: writeTimeoutMilliseconds, roundPauseMilliseconds: 10,
            givesUpWhenNobodyListens: false)
    }

    /// Writes until `next` has nothing more; then whoever waits for the ledger is let go.
    /// - Parameter next: hands out each request once, to any writer.
    func run(next: @escaping @Sendable () -> StoreRequest?) async {
        let turn = SharedCounter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<writers {
                group.addTask {
                    let client = MemoryClient(endpoints: endpoints, options: WriteLoad.clientOptions)
                    while !Task.isCancelled, let request = next() {
                        let number = turn.next()
                        let place = choose.map { $0(number) } ?? number % endpoints.count
                        guard await write(request, through: client, first: place) else { return }
                    }
                }
            }
        }
        ledger.markWritersEnded()
    }

    /// - Returns: false when the cluster did not take the write in time: then there is no point in going on.
    private func write(_ request: StoreRequest, through client: MemoryClient, first: Int) async -> Bool {
        var request = request
        request.idempotencyKey = IdempotencyKey.random()
        let begunAt = ContinuousClock().now
        do throws(ClientError) {
            switch try await client.store(request, first: first) {
            case .stored(let receipt):
                ledger.acknowledge(AcknowledgedMemory(receipt: receipt, request: request), begunAt: begunAt)
                return true
            case .queued:
                ledger.giveUp(title: request.title, reason: "queued for approval, although nothing governs it")
            }
        } catch {
            ledger.giveUp(title: request.title, reason: error.description)
        }
        return false
    }
}
