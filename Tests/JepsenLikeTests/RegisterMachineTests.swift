/// The register machine: exactly once, bounded sessions, snapshots, crashes.

import Checkers
import Raft
import Simulator
import Testing

@Suite struct RegisterMachineTests {
    private final class Log {
        let machine: RegisterMachine
        private(set) var index: UInt64

        init(_ machine: RegisterMachine) {
            self.machine = machine
            index = machine.position.index.rawValue
        }
        @discardableResult
        func apply(_ request: Request) throws -> Outcome {
            try #require(RegisterCommand.decodeOutcome(apply(.command, RegisterCommand.encode(request))))
        }
        @discardableResult
        func apply(_ kind: EntryKind, _ bytes: [UInt8]) throws -> [UInt8] {
            index += 1
            let position = LogPosition(index: LogIndex(index), term: Term(1))
            return try machine.apply([CommittedCommand(position: position, kind: kind, command: bytes)])[0]
        }
    }

    private func log(_ adjust: (inout RegisterLimits) -> Void = { _ in }) -> Log {
        var limits = RegisterLimits()
        adjust(&limits)
        return Log(RegisterMachine(storage: RegisterMachine.Storage(), limits: limits, node: NodeID(1), log: nil))
    }

    private func request(
        _ sequence: UInt32, _ session: UInt64, _ action: Action, key: UInt32 = 0, value: UInt32 = 0,
        expected: UInt32 = 0, at time: Int64 = 0, client: UInt32 = 1
    ) -> Request {
        Request(
            client: client, sequence: sequence, session: session, loggedAtNanoseconds: time, action: action, key: key,
            value: value, expected: expected)
    }

    @Test("bug 69: a retry is answered as the first time and applied once, also across a snapshot and a crash")
    func exactlyOnce() throws {
        let storage = RegisterMachine.Storage()
        let limits = RegisterLimits()
        let first = Log(RegisterMachine(storage: storage, limits: limits, node: NodeID(1), log: nil))
        let session = try first.apply(request(1, 0, .open)).index
        let append = request(2, session, .append, value: 7)
        let outcome = try first.apply(append)
        #expect(outcome == Outcome(status: .done, index: 2, value: 1))
        #expect(try first.apply(append) == outcome)
        #expect(first.machine.read(key: 0).list == [7])

        // A crash back to the checkpoint.
        _ = try first.machine.checkpoint()
        let reopened = Log(RegisterMachine(storage: storage, limits: limits, node: NodeID(1), log: nil))
        #expect(reopened.machine.stateHash() == first.machine.stateHash())
        #expect(try reopened.apply(append) == outcome)

        // A snapshot onto an empty machine.
        let (file, image) = try PretendCluster.image(of: reopened.machine)
        let target = RegisterMachine(storage: RegisterMachine.Storage(), limits: limits, node: NodeID(2), log: nil)
        try target.writeIncoming(identifier: 5, atBytes: 0, bytes: Array(image.prefix(20)))
        try target.writeIncoming(identifier: 5, atBytes: 20, bytes: Array(image.dropFirst(20)))
        try target.installIncoming(
            identifier: 5, totalBytes: file.sizeBytes, digest: file.digest, position: file.position)
        #expect(target.stateHash() == reopened.machine.stateHash())
        #expect(try Log(target).apply(append) == outcome)
        #expect(target.read(key: 0).list == [7])
    }

    @Test("a session dropped for room, or by logged time, refuses retries and never applies them")
    func dropped() throws {
        let full = log { $0.sessionsMax = 2 }
        let first = try full.apply(request(1, 0, .open)).index
        try full.apply(request(2, first, .append, value: 1))
        _ = try full.apply(request(1, 0, .open, client: 2))
        _ = try full.apply(request(1, 0, .open, client: 3))
        #expect(full.machine.sessionCount == 2)
        #expect(try full.apply(request(2, first, .append, value: 1)).status == .expired)
        #expect(try full.apply(request(3, first, .append, value: 2)).status == .expired)
        #expect(full.machine.read(key: 0).list == [1])

        let timed = log { $0.sessionTTLNanoseconds = 100 }
        let session = try timed.apply(request(1, 0, .open, at: 1_000)).index
        #expect(try timed.apply(request(2, session, .write, value: 4, at: 1_099)).status == .done)
        // Logged time never goes back, whatever a node's clock says.
        #expect(try timed.apply(request(3, session, .write, value: 5, at: 5)).status == .done)
        #expect(try timed.apply(request(4, session, .write, value: 6, at: 1_199)).status == .expired)
        #expect(timed.machine.read(key: 0).value == 5)
    }

    @Test("only so many outcomes are kept per session; an older copy is refused, not applied")
    func keptOutcomes() throws {
        let log = log { $0.outcomesPerSession = 2 }
        let session = try log.apply(request(1, 0, .open)).index
        for sequence in 2...4 as ClosedRange<UInt32> {
            try log.apply(request(sequence, session, .append, value: sequence))
        }
        #expect(try log.apply(request(2, session, .append, value: 2)).status == .expired)
        #expect(try log.apply(request(3, session, .append, value: 3)) == Outcome(status: .done, index: 3, value: 2))
        #expect(log.machine.read(key: 0).list == [2, 3, 4])
    }

    @Test("another client's session is not one's own, same sequence or not")
    func otherClient() throws {
        let log = log()
        let session = try log.apply(request(1, 0, .open)).index
        #expect(try log.apply(request(2, session, .write, value: 3, client: 9)).status == .expired)
        #expect(log.machine.read(key: 0).value == 0)
    }

    @Test("a later key of a slot retires the earlier one; lists end at their limit")
    func retiredAndFull() throws {
        let log = log {
            $0.slots = 2
            $0.listLengthMax = 1
        }
        let session = try log.apply(request(1, 0, .open)).index
        try log.apply(request(2, session, .write, key: 1, value: 8))
        #expect(try log.apply(request(3, session, .compareAndSet, key: 3, value: 9, expected: 8)).status == .mismatch)
        #expect(log.machine.read(key: 1).isRetired)
        #expect(try log.apply(request(4, session, .write, key: 1, value: 8)).status == .retired)
        #expect(try log.apply(request(5, session, .append, key: 3, value: 1)).status == .done)
        #expect(try log.apply(request(6, session, .append, key: 3, value: 2)).status == .full)
        #expect(log.machine.read(key: 3).list == [1])
    }

    @Test("the configuration is part of the state and of its snapshot; commands that cannot be read are refused")
    func configuration() throws {
        let log = log()
        try log.apply(.configuration, [1, 2, 3])
        try log.apply(.noop, [])
        #expect(RegisterCommand.decodeOutcome(try log.apply(.command, [9]))?.status == .malformed)
        let expected = AppliedConfiguration(index: LogIndex(1), bytes: [1, 2, 3])
        #expect(log.machine.appliedPosition().configuration == expected)
        let (file, image) = try PretendCluster.image(of: log.machine)
        let target = RegisterMachine(
            storage: RegisterMachine.Storage(), limits: RegisterLimits(), node: NodeID(2), log: nil)
        // Cut short or altered, it is refused and the old state stands.
        var damaged = image
        damaged[30] ^= 1
        try target.writeIncoming(identifier: 1, atBytes: 0, bytes: damaged)
        #expect(throws: StateMachineError.self) {
            try target.installIncoming(
                identifier: 1, totalBytes: file.sizeBytes, digest: file.digest, position: file.position)
        }
        #expect(target.position == .zero)
        try target.writeIncoming(identifier: 2, atBytes: 0, bytes: image)
        try target.installIncoming(
            identifier: 2, totalBytes: file.sizeBytes, digest: file.digest, position: file.position)
        #expect(target.appliedPosition().configuration == expected)
        #expect(target.appliedPosition().installed == file.position)
    }

    @Test("machine and reference model, written apart, agree on random commands")
    func referenceModel() throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var limits = RegisterLimits()
            limits.slots = 3
            limits.sessionsMax = 3
            limits.sessionTTLNanoseconds = 400
            limits.outcomesPerSession = 2
            limits.listLengthMax = 5
            let machine = Log(
                RegisterMachine(storage: RegisterMachine.Storage(), limits: limits, node: NodeID(1), log: nil))
            var model = ReferenceModel(limits: limits)
            var time: Int64 = 0
            var sessions: [UInt64] = [0]
            for _ in 0..<300 {
                time += Int64(random.next(below: 40)) - 8
                let isOpen = random.next(below: 8) == 0
                let action: Action = isOpen ? .open : [.write, .compareAndSet, .append][random.next(below: 3)]
                let made = request(
                    UInt32(1 + random.next(below: 30)), sessions[random.next(below: sessions.count)], action,
                    key: UInt32(random.next(below: 12)), value: UInt32(1 + random.next(below: 3)),
                    expected: UInt32(random.next(below: 3)), at: time, client: UInt32(random.next(below: 2)))
                let outcome = try machine.apply(made)
                #expect(outcome == model.apply(made, index: machine.index), "seed \(seed) index \(machine.index)")
                if isOpen { sessions = sessions.suffix(4) + [outcome.index] }
            }
            for key in 0..<12 as Range<UInt32> {
                let seen = machine.machine.read(key: key)
                let expected = seen.isRetired ? .retired : ReferenceModel.Reading.value(seen.value, list: seen.list)
                #expect(model.read(key) == expected)
            }
        }
    }
}
