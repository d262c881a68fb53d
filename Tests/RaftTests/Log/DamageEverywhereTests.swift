/// Damage outside the records: in `meta`, in the blank rest of a segment; and in the middle, by every way into the log.

import Testing

@testable import Raft
@testable import Simulator

@Suite("Damage everywhere")
struct DamageEverywhereTests {
    /// Several segments, several batches each.
    private func filledDisk() throws -> MemoryDisk {
        let disk = MemoryDisk()
        let log = try makeLog(on: disk, count: 60, bytes: 120)
        try #require(log.segmentCount >= 3)
        log.close()
        return disk
    }

    @Test("bug 67: one flipped bit anywhere in the meta file is refused by name, and so is any other length")
    func everyMetaFlip() throws {
        let disk = try filledDisk()
        let before = try contents(disk)
        let good = try #require(before["meta"])
        for place in good.indices {
            for bit in 0..<8 {
                disk.flipBit(in: "meta", atByte: place, bit: bit)
                let opened = logError { () throws(LogError) in _ = try reopen(disk) }
                let read = logError { () throws(LogError) in
                    _ = try LogIdentity.readOrFound(
                        disk: disk, clusterID: testIdentity.clusterID, nodeID: testIdentity.nodeID, random: { 4 })
                }
                for error in [opened, read] {
                    switch error {
                    case .corrupt("meta", 0, nil, _): break
                    case .unsupportedVersion("meta", _, _): #expect((8..<12).contains(place))
                    default: Issue.record("byte \(place), bit \(bit): \(String(describing: error))")
                    }
                }
                disk.setContent(of: "meta", to: good)
            }
        }
        for count in [0, 1, 63, 65] {
            disk.setContent(of: "meta", to: Array((good + [0]).prefix(count)))
            guard case .corrupt("meta", 0, nil, _) = logError({ () throws(LogError) in _ = try reopen(disk) }) else {
                Issue.record("a meta file of \(count) bytes was accepted")
                return
            }
        }
        disk.setContent(of: "meta", to: good)
        #expect(try contents(disk) == before)
    }

    @Test("a flipped bit in what follows the last record is refused or wiped out, and takes no entry with it")
    func flipInTheBlankRest() throws {
        let disk = try filledDisk()
        let name = try lastSegment(disk)
        let good = try #require(disk.content(of: name))
        let used = try usedBytes(disk)
        var wiped = 0
        var refused = 0
        for place in Array(used..<used + 80) + Array(stride(from: used + 80, to: good.count, by: 97)) {
            disk.setContent(of: name, to: good)
            disk.flipBit(in: name, atByte: place, bit: place % 8)
            do throws(LogError) {
                let (log, recovery) = try reopen(disk)
                #expect(recovery.lastIndex == LogIndex(60))
                log.close()
                #expect(disk.content(of: name) == good, "byte \(place)")
                wiped += 1
            } catch {
                guard case .corrupt(name, _, LogIndex(61), _) = error else {
                    Issue.record("\(error)")
                    return
                }
                refused += 1
            }
        }
        #expect(wiped > 20, "\(wiped) wiped, \(refused) refused")
    }

    @Test("bug 38: damage in the middle is refused by every way into the log, and none of them cuts it")
    func everyWayIn() throws {
        let disk = try filledDisk()
        let name = try #require(try segmentNames(disk).first)
        disk.flipBit(in: name, atByte: 4096 + 88 + 3 * 208 + 60, bit: 3)
        let before = try contents(disk)
        // 1. Opening, whatever the state machine knows.
        for known in [0, 3, 60] {
            guard
                case .corrupt(name, _, LogIndex(4), _) = logError({ () throws(LogError) in
                    _ = try reopen(disk, known: known)
                })
            else {
                Issue.record("opened with damage")
                return
            }
        }
        // 2. Starting a node.
        let machine = ListMachine(storage: ListMachine.Storage())
        do throws(NodeRecoveryError) {
            _ = try NodeRecovery.open(
                disk: disk, identity: testIdentity, logOptions: smallOptions(), machine: machine)
            Issue.record("a node started with damage")
        } catch {
            #expect(error.description.contains(name) && error.description.contains("log index 4"), "\(error)")
        }
        // 3. Looking.
        let verdict = LogInspector.inspect(disk: disk).verdict
        #expect(verdict.kind == .corrupt && verdict.file == name && verdict.index == 4)
        #expect(try contents(disk) == before)
    }
}
