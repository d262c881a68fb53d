/// Histories made up by dice: some right by construction, some of which nobody knows.

import Checkers
import RaftCore

struct SyntheticHistory {
    enum Content { case registers, lists, both }
    var random: SplitMix64
    var clients = 4
    var operations = 20
    var keys: UInt32 = 2
    var openPerThousand = 100
    var content = Content.both

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private struct Pending {
        var number: Int
        var operation: Operation
        var tookEffect = false
        var isLost = false
    }

    private mutating func drawOperation(client: Int, sequence: Int) -> Operation {
        let key = UInt32(random.next(below: Int(keys)))
        let few = UInt32(1 + random.next(below: 3))
        let draw = random.next(below: content == .lists ? 5 : 8)
        let name = (client: UInt32(client), sequence: UInt32(sequence))
        if draw < 3 { return Operation(client: name.client, sequence: name.sequence, action: .read, key: key) }
        if draw < 5, content != .registers {
            return Operation(
                client: name.client, sequence: name.sequence, action: .append, key: key, value: UInt32(sequence))
        }
        if draw < 6 {
            return Operation(
                client: name.client, sequence: name.sequence, action: .compareAndSet, key: key, value: few,
                expected: UInt32(random.next(below: 4)))
        }
        return Operation(client: name.client, sequence: name.sequence, action: .write, key: key, value: few)
    }

    /// Each operation takes effect at one moment between its ends, so the history is linearizable. The index is the number
    /// of effects so far.
    mutating func valid() -> History {
        var history = History()
        var objects = [BruteForce.Object](repeating: BruteForce.Object(), count: Int(keys))
        var pending = [Pending?](repeating: nil, count: clients)
        var (begun, effects, now) = (0, UInt64(0), UInt64(0))
        var names = Array(0..<clients)
        while begun < operations || pending.contains(where: { $0 != nil }) {
            now += 1 + random.next() % 1_000
            let client = random.next(below: clients)
            guard var current = pending[client] else {
                guard begun < operations else { continue }
                begun += 1
                let operation = drawOperation(client: names[client], sequence: begun)
                pending[client] = Pending(number: history.invoke(operation, atNanoseconds: now), operation: operation)
                continue
            }
            if current.isLost || !current.tookEffect && random.next(below: 1_000) < openPerThousand {
                // Half of the lost ones take effect at some later time, unseen; then a new client takes the place.
                if !current.isLost, random.next(below: 2) == 0 {
                    current.isLost = true
                    pending[client] = current
                    continue
                }
                if current.isLost {
                    effects += current.operation.action == .read ? 0 : 1
                    _ = Self.effect(current.operation, &objects[Int(current.operation.key)])
                }
                pending[client] = nil
                names[client] += clients
                continue
            }
            if !current.tookEffect {
                effects += current.operation.action == .read ? 0 : 1
                current.operation.index = effects
                let seen = Self.effect(current.operation, &objects[Int(current.operation.key)])
                (current.operation.status, current.operation.result, current.operation.list) = seen
                current.tookEffect = true
                pending[client] = current
                continue
            }
            history.succeed(
                current.number, atNanoseconds: now, status: current.operation.status, index: current.operation.index,
                result: current.operation.result, list: current.operation.list)
            pending[client] = nil
        }
        return history
    }

    private static func effect(
        _ operation: Operation, _ object: inout BruteForce.Object
    ) -> (Outcome.Status, UInt32, [UInt32]) {
        switch operation.action {
        case .open: return (.done, 0, [])
        case .read: return (.done, object.value, object.list)
        case .write:
            object.value = operation.value
            return (.done, 0, [])
        case .append:
            object.list.append(operation.value)
            return (.done, UInt32(object.list.count), [])
        case .compareAndSet:
            let found = object.value
            guard found == operation.expected else { return (.mismatch, found, []) }
            object.value = operation.value
            return (.done, found, [])
        }
    }

    /// One key, few operations, results by dice: linearizable or not, only the brute force knows.
    mutating func anything() -> History {
        keys = 1
        clients = 2 + random.next(below: 3)
        operations = 2 + random.next(below: 7)
        openPerThousand = [0, 150, 400][random.next(below: 3)]
        let base = valid()
        // The same intervals, with some answers replaced.
        var spoiled: [Int: Operation] = [:]
        for (number, operation) in base.operations.enumerated() where operation.end == .ok {
            guard random.next(below: 5) == 0 else { continue }
            var changed = operation
            switch operation.action {
            case .read:
                if content != .lists { changed.result = UInt32(random.next(below: 4)) }
                if content != .registers, !changed.list.isEmpty { changed.list.removeLast() }
            case .append: changed.result = UInt32(1 + random.next(below: 4))
            case .compareAndSet:
                let isMismatch = random.next(below: 2) == 0
                changed.status = isMismatch ? .mismatch : .done
                changed.result = isMismatch ? (changed.expected + 1) % 4 : changed.expected
            case .write, .open: break
            }
            spoiled[number] = changed
        }
        return base.replacing(spoiled)
    }
}

extension History {
    /// The same history with other answers; invocations, ends and their order stay.
    func replacing(_ answers: [Int: Operation]) -> History {
        var events: [(order: UInt32, number: Int, isEnd: Bool)] = []
        for (number, operation) in operations.enumerated() {
            events.append((operation.invokedOrder, number, false))
            if operation.end != .open { events.append((operation.completedOrder, number, true)) }
        }
        var history = History()
        for event in events.sorted(by: { $0.order < $1.order }) {
            let operation = answers[event.number] ?? operations[event.number]
            if !event.isEnd {
                let number = history.invoke(operation.invocation, atNanoseconds: operation.invokedAtNanoseconds)
                precondition(number == event.number, "invocations keep their numbers")
            } else if operation.end == .fail {
                history.fail(event.number, atNanoseconds: operation.completedAtNanoseconds)
            } else {
                history.succeed(
                    event.number, atNanoseconds: operation.completedAtNanoseconds, status: operation.status,
                    index: operation.index, result: operation.result, list: operation.list,
                    ageNanoseconds: operation.ageNanoseconds)
            }
        }
        return history
    }
}

extension Operation {
    /// As it was before anything was answered.
    var invocation: Operation {
        Operation(
            client: client, sequence: sequence, action: action, key: key, value: value, expected: expected,
            consistency: consistency, node: node)
    }
}
