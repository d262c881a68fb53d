/// Searches alone, and then while two other threads append vectors and link them: what writing costs a reader.
///
///     mixed ALONE-P50 ALONE-P99 MIXED-P50 MIXED-P99 COUNT      (microseconds)
///
/// Owns: the threads, which have ended when it returns. Must never: append faster than its pace, which would measure
/// nothing but a full machine.
import Dispatch
import VectorIndex

struct MixedLoad {
    /// Ten a millisecond: more than anybody embeds.
    private static let appendedAtOnce = 10
    private static let aloneCount = 20_000

    let index: VectorIndex
    let extra: [[Float]]
    let queries: [[Float]]

    func run() throws -> String {
        let alone = try latencies { $0 < Self.aloneCount }
        let done = DispatchGroup()
        let arrived = DispatchSemaphore(value: 0)
        append(signalling: arrived, done)
        link(awaiting: arrived, done)
        let mixed = try latencies { _ in done.wait(timeout: .now()) == .timedOut }
        func microseconds(_ spent: [Double], _ share: Double) -> Int {
            Int(spent[Int(Double(spent.count - 1) * share)] * 1e6)
        }
        let figures = [alone, mixed].flatMap { [microseconds($0, 0.5), microseconds($0, 0.99)] }.map(String.init)
        return "mixed \(figures.joined(separator: " ")) \(extra.count)"
    }

    /// A few at each tick of a timer.
    private func append(signalling arrived: DispatchSemaphore, _ done: DispatchGroup) {
        let (index, extra) = (index, extra)
        let first = index.slotCount
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "append"))
        done.enter()
        timer.setEventHandler {
            let row = index.slotCount - first
            let next = min(extra.count, row + Self.appendedAtOnce)
            for row in row..<next { Self.orStop { try index.append(key: Int64(first + row), vector: extra[row]) } }
            arrived.signal()
            if next == extra.count { timer.cancel() }
        }
        timer.setCancelHandler { done.leave() }
        timer.schedule(deadline: .now(), repeating: .milliseconds(1))
        timer.resume()
    }

    private func link(awaiting arrived: DispatchSemaphore, _ done: DispatchGroup) {
        let index = index
        let total = index.slotCount + extra.count
        DispatchQueue(label: "link").async(group: done) {
            while index.slotCount < total || index.unlinkedCount > 0 {
                arrived.wait()
                Self.orStop { while try index.linkNext(16) > 0 {} }
            }
        }
    }

    private static func orStop(_ work: () throws -> Void) {
        do { try work() } catch { fatalError("a load that should always succeed: \(error)") }
    }

    /// Sorted.
    private func latencies(while goesOn: (Int) -> Bool) throws -> [Double] {
        var spent: [Double] = []
        repeat {
            let query = queries[spent.count % queries.count]
            spent.append(try seconds { _ = try index.search(query, count: 10, breadth: 64) })
        } while goesOn(spent.count)
        return spent.sorted()
    }
}
