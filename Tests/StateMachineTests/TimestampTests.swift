/// RFC 3339 both ways.
import CSQLite
import Foundation
import Testing

@testable import StateMachine

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00+00:00"), (1, "1970-01-01T00:00:00.000000001+00:00"),
            (-1, "1969-12-31T23:59:59.999999999+00:00"), (1_000, "1970-01-01T00:00:00.000001+00:00"),
            (500_000_000, "1970-01-01T00:00:00.500+00:00"), (951_782_400_000_000_000, "2000-02-29T00:00:00+00:00"),
            (1_777_326_502_104_733_512, "2026-04-27T21:48:22.104733512+00:00"),
            (Int64.max, "2262-04-11T23:47:16.854775807+00:00"), (Int64.min, "1677-09-21T00:12:43.145224192+00:00"),
        ] as [(Int64, String)])
    func `text has 0, 3, 6 or 9 digits and reads back`(_ nanoseconds: Int64, _ text: String) {
        #expect(Timestamp.text(nanoseconds: nanoseconds) == text)
        #expect(Timestamp.parse(text) == nanoseconds)
    }

    @Test(
        arguments: [
            ("2026-01-01T00:00:00Z", 0), ("2026-01-01t00:00:00z", 0), ("2026-01-01 00:00:00+00:00", 0),
            ("2026-01-01T02:30:00+02:30", 0), ("2025-12-31T22:00:00-02:00", 0), ("2026-01-01T00:00:00.5Z", 500_000_000),
            ("2026-01-01T00:00:00.1234567899Z", 123_456_789), ("2025-12-31T23:59:60Z", 0),
            ("2026-01-01T00:00:00-00:00", 0),
        ] as [(String, Int64)])
    func `accepted forms`(_ text: String, _ offset: Int64) {
        #expect(Timestamp.parse(text) == baseNanoseconds + offset)
    }

    @Test(arguments: [
        "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00 00:00", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-1-1T0:0:0Z",
        "+2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00\u{FF3A}", "\u{0662}026-01-01T00:00:00Z", "20260-01-01T00:00:00Z",
        "2026-01-01T00:00:00+00:60",
    ])
    func `refused forms`(_ text: String) {
        #expect(Timestamp.parse(text) == nil)
        #expect(Timestamp.julianDay(text) == nil)
    }

    @Test func `dates that nanoseconds cannot hold are valid and held at the ends`() {
        #expect(Timestamp.parse("9999-12-31T23:59:59Z") == .max)
        #expect(Timestamp.parse("0000-01-01T00:00:00Z") == .min)
    }

    @Test func `random instants read back, and agree with SQLite on the day`() throws {
        var random = SeededGenerator(state: 5)
        let directory = try TemporaryDirectory()
        let database = try Database(path: directory.path + "/x.db", mode: .readWrite, cacheBytes: 1 << 20)
        for _ in 0..<2_000 {
            let instant = Int64.random(in: Int64.min...Int64.max, using: &random)
            let text = Timestamp.text(nanoseconds: instant)
            #expect(Timestamp.parse(text) == instant)
            let statement = try database.statement("SELECT julianday(?1)")
            try statement.bind(1, text)
            #expect(try statement.step())
            let ours = try #require(Timestamp.julianDay(text))
            #expect(abs(statement.double(0) - ours) < 1e-7)
            statement.reset()
        }
    }
}
