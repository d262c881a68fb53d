/// One worker process: seeds in, outcomes out. When it dies, that is the outcome of the seed it was at, and the next
/// worker goes on after it.
import Foundation
import Simulator

struct Worker {
    var seeds: SeedRange
    /// Arguments beside the seeds.
    var arguments: [String]

    /// Calls `report` for every seed, in order.
    func perform(_ report: (RunOutcome, UInt64) -> Void) throws {
        var next = seeds.first
        while next <= seeds.last {
            let reached = try performOnce(from: next, report)
            guard reached >= next else { break }
            next = reached + 1
        }
    }

    /// Returns the last seed that has an outcome.
    private func performOnce(from first: UInt64, _ report: (RunOutcome, UInt64) -> Void) throws -> UInt64 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["work", "--seeds", "\(first)..\(seeds.last)"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        var parser = WorkerOutput(first: first)
        while true {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            parser.take(data, report)
        }
        process.waitUntilExit()
        return parser.finish(status: process.terminationStatus, report)
    }
}

/// What a worker wrote, line by line.
struct WorkerOutput {
    private var rest = Data()
    private var current: (seed: UInt64, profile: Profile)?
    private var findings: [String] = []
    private var otherLines: [String] = []
    private var reached: UInt64

    init(first: UInt64) { reached = first &- 1 }

    mutating func take(_ data: Data, _ report: (RunOutcome, UInt64) -> Void) {
        rest.append(data)
        while let end = rest.firstIndex(of: 10) {
            let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
            rest.removeSubrange(rest.startIndex...end)
            line.hasPrefix("end ") ? self.end(line, report) : self.take(line)
        }
    }

    private mutating func take(_ line: String) {
        let words = line.split(separator: " ")
        if words.count == 3, words[0] == "begin", let seed = UInt64(words[1]),
            let profile = Profile(rawValue: String(words[2]))
        {
            current = (seed, profile)
            findings = []
            otherLines = []
        } else if line.hasPrefix("finding ") {
            findings.append(String(line.dropFirst(8)))
        } else if otherLines.count < 40 {
            otherLines.append(line)
        }
    }

    private mutating func end(_ line: String, _ report: (RunOutcome, UInt64) -> Void) {
        guard var (outcome, core) = RunLine.decode(line) else { return }
        outcome.findings = findings
        current = nil
        reached = outcome.seed
        report(outcome, core)
    }

    mutating func finish(status: Int32, _ report: (RunOutcome, UInt64) -> Void) -> UInt64 {
        if let (seed, profile) = current {
            var outcome = RunOutcome(seed: seed, profile: profile)
            outcome.runClass = .crash
            let words = otherLines.filter { $0.contains("atal error") || $0.contains("died on signal") }
            outcome.findings = words.isEmpty ? ["the process ended with \(status): \(otherLines.prefix(3))"] : words
            reached = seed
            report(outcome, 0)
        } else if status != 0, !otherLines.isEmpty {
            FileHandle.standardError.write(Data((otherLines.joined(separator: "\n") + "\n").utf8))
        }
        return reached
    }
}
