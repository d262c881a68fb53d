/// The checks that use indexes and ages, against small histories made by hand.

import Checkers
import Testing

@Suite struct LogCheckerTests {
    /// Client 1 opens a session (index 1) and writes 5 to key 0 (index 2).
    private struct Story {
        var history = History()
        var log: [LoggedRequest] = []
        var refused: Set<LogChecker.Refused> = []

        mutating func logged(
            _ index: UInt64, _ sequence: UInt32, _ action: Action, _ outcome: Outcome, value: UInt32 = 0
        ) {
            let request = Request(
                client: 1, sequence: sequence, attempt: UInt32(index), session: action == .open ? 0 : 1, action: action,
                key: 0, value: value)
            log.append(LoggedRequest(index: index, request: request, outcome: outcome))
        }
        mutating func acknowledged(_ sequence: UInt32, _ action: Action, index: UInt64, value: UInt32 = 0) {
            let number = history.invoke(
                Operation(client: 1, sequence: sequence, action: action, key: 0, value: value), atNanoseconds: 10)
            history.succeed(number, atNanoseconds: 20, index: index)
        }
        mutating func read(
            _ client: UInt32, _ value: UInt32, index: UInt64, _ consistency: ReadConsistency = .linearizable,
            at time: UInt64 = 30, age: UInt64 = 0
        ) {
            let number = history.invoke(
                Operation(client: client, action: .read, key: 0, consistency: consistency), atNanoseconds: time)
            history.succeed(number, atNanoseconds: time + 1, index: index, result: value, ageNanoseconds: age)
        }
        static var plain: Story {
            var story = Story()
            story.logged(1, 1, .open, Outcome(status: .done, index: 1))
            story.logged(2, 2, .write, Outcome(status: .done, index: 2), value: 5)
            story.acknowledged(1, .open, index: 1)
            story.acknowledged(2, .write, index: 2, value: 5)
            return story
        }
        func check() -> Verdict {
            LogChecker.check(
                history, log: log, lastIndex: log.last?.index ?? 0, limits: RegisterLimits(), refused: refused)
        }
    }

    @Test("a plain story passes; reads see what the log says at their index")
    func plain() {
        var story = Story.plain
        story.read(2, 5, index: 2)
        story.read(3, 0, index: 1, .stale)
        #expect(story.check().isValid, "\(story.check())")
        story.read(3, 5, index: 1, .stale)
        #expect(story.check().description.contains("the log up to there makes it 0"))
    }

    @Test("an acknowledged write that is not in the log, or another one at its place, is a lost write")
    func lost() {
        var story = Story.plain
        story.acknowledged(3, .write, index: 3, value: 6)
        #expect(story.check().description.contains("acknowledged write lost"))
        var other = Story.plain
        other.acknowledged(3, .write, index: 2, value: 6)
        #expect(other.check().description.contains("acknowledged write lost"))
    }

    @Test("a request that takes effect twice, a refused or doubled copy, and a failed one that was decided are found")
    func copies() {
        var twice = Story.plain
        twice.logged(3, 2, .write, Outcome(status: .done, index: 3), value: 5)
        #expect(twice.check().description.contains("exactly once"))
        #expect(twice.check().description.contains("replay"))

        var retry = Story.plain
        retry.logged(3, 2, .write, Outcome(status: .done, index: 2), value: 5)
        #expect(retry.check().isValid, "\(retry.check())")

        var refused = Story.plain
        refused.refused = [LogChecker.Refused(client: 1, sequence: 2, attempt: 2)]
        #expect(refused.check().description.contains("refused, yet in the log at 2"))

        var doubled = Story.plain
        doubled.log.append(doubled.log[1])
        doubled.log[2].index = 3
        #expect(doubled.check().description.contains("one proposal, two entries"))

        var failed = Story.plain
        failed.logged(3, 3, .write, Outcome(status: .done, index: 3), value: 6)
        let number = failed.history.invoke(
            Operation(client: 1, sequence: 3, action: .write, key: 0, value: 6), atNanoseconds: 40)
        failed.history.fail(number, atNanoseconds: 41)
        #expect(failed.check().description.contains("failed, yet decided at 3"))
    }

    @Test("real time by index: a later read sees no earlier state, a later write has a higher index")
    func realTime() {
        var story = Story.plain
        story.read(2, 0, index: 1)
        #expect(story.check().description.contains("real time: client 2"))
        #expect(!SessionChecker.check(Story.plain.history).description.contains("reads"))
        var session = Story.plain
        session.read(1, 0, index: 1)
        #expect(SessionChecker.check(session.history).description.contains("read your writes"))
        var monotonic = Story.plain
        monotonic.read(4, 5, index: 2)
        monotonic.read(4, 0, index: 1)
        #expect(SessionChecker.check(monotonic.history).description.contains("monotonic reads"))
    }

    @Test("a stale read may be as old as it says, and no older")
    func staleness() {
        // The write was acknowledged at 20.
        for (time, age, isValid) in [(100, 85, true), (100, 70, false), (25, 10, true)] as [(UInt64, UInt64, Bool)] {
            var story = Story.plain
            story.read(2, 0, index: 1, .stale, at: time, age: age)
            #expect(story.check().isValid)
            let verdict = StalenessChecker.check(story.history, slackNanoseconds: 0)
            #expect(verdict.isValid == isValid, "at \(time), age \(age): \(verdict)")
        }
    }

    @Test("the exported history has every beginning and end once, and what stays open as info")
    func export() {
        var story = Story.plain
        _ = story.history.invoke(Operation(client: 3, action: .write, key: 1, value: 2), atNanoseconds: 50)
        let lines = story.history.jsonLines()
        #expect(lines.count == 6)
        #expect(lines.filter { $0.contains("\"type\":\"invoke\"") }.count == 3)
        #expect(lines.filter { $0.contains("\"type\":\"ok\"") }.count == 2)
        #expect(lines.last?.contains("\"type\":\"info\"") == true)
    }
}
