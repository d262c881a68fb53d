/// Collects what callbacks report and lets a test wait for it, with a deadline.

import Synchronization

struct WireDeadlinePassed: Error, CustomStringConvertible {
    var description: String
}

final class WireRecorder<Element: Sendable>: Sendable {
    private struct Waiter: Sendable {
        var number: Int
        var condition: @Sendable ([Element]) -> Bool
        var continuation: CheckedContinuation<[Element], any Error>
    }
    private struct State {
        var elements: [Element] = []
        var waiters: [Waiter] = []
        var nextNumber = 0
    }
    private let state = Mutex(State())

    var elements: [Element] { state.withLock { $0.elements } }

    func record(_ new: [Element]) {
        let (elements, ready) = state.withLock { state in
            state.elements += new
            let elements = state.elements
            let ready = state.waiters.filter { $0.condition(elements) }
            state.waiters.removeAll { waiter in ready.contains { $0.number == waiter.number } }
            return (elements, ready)
        }
        for waiter in ready { waiter.continuation.resume(returning: elements) }
    }

    func record(_ new: Element) { record([new]) }

    /// Everything recorded, as soon as `condition` holds for it.
    @discardableResult
    func wait(
        for what: String, seconds: Int = 20, until condition: @escaping @Sendable ([Element]) -> Bool
    ) async throws -> [Element] {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        let deadline = Task {
            try await Task.sleep(for: .seconds(seconds))
            self.expire(number, what: what)
        }
        defer { deadline.cancel() }
        return try await withCheckedThrowingContinuation { continuation in
            let met: [Element]? = state.withLock { state in
                if condition(state.elements) { return state.elements }
                state.waiters.append(
                    Waiter(number: number, condition: condition, continuation: continuation))
                return nil
            }
            if let met { continuation.resume(returning: met) }
        }
    }

    private func expire(_ number: Int, what: String) {
        let (waiter, count) = state.withLock { state in
            let waiter = state.waiters.first { $0.number == number }
            state.waiters.removeAll { $0.number == number }
            return (waiter, state.elements.count)
        }
        let text = "no \(what) within the deadline; \(count) elements were recorded"
        waiter?.continuation.resume(throwing: WireDeadlinePassed(description: text))
    }
}
