/// Disks that fail without dying: errors at every operation, syncs that lose what they should have saved, and full disks,
/// over the real SQLite store.
import Raft
import Simulator
import StateMachine
import StoreMachine
import StoreSimulation
import Testing

@Suite struct StoreDiskFaultTests {
    /// Runs the script on a disk with one fault. An error must reach the caller, unless it met work that may fail.
    private static func run(_ history: StoreHistory, on disk: MemoryDisk) -> (script: StoreScript, failure: String?) {
        var script = StoreScript(history)
        do {
            let machine = try MemoryStoreHome(disk: disk, seed: 1).openStore()
            try script.run(on: machine)
            return (script, nil)
        } catch {
            return (script, "\(error)")
        }
    }

    @Test(arguments: [DiskError.Operation.write, .sync, .truncate, .open, .rename, .remove, .createDirectory, .read])
    func `an I/O error at any operation loses nothing that was promised, whether the machine lives or dies`(
        _ operation: DiskError.Operation
    ) throws {
        let history = try StoreHistory.make(seed: 12, count: 18)
        var failures = 0
        var reached = 0
        for count in 0... {
            // Reads are many and alike.
            let after = operation == .read ? count * 7 : count
            let disk = MemoryDisk()
            disk.inject(DiskFault(.error(DiskFault.inputOutputError), on: operation, after: after))
            let (script, failure) = Self.run(history, on: disk)
            if failure != nil { failures += 1 }
            // The run was over before the fault came.
            if disk.faultCount > 0 { break }
            reached += 1
            disk.clearFaults()
            let isPowerCut = count % 2 == 0
            if isPowerCut { disk.powerLoss(.torn(seed: UInt64(count))) } else { disk.processKill() }
            try script.verify(
                disk, seed: UInt64(count), isProcessOnly: !isPowerCut,
                "\(operation.rawValue) \(after) fails: \(failure ?? "unheard")")
        }
        #expect(failures > 0 && reached >= failures)
    }

    @Test func `a disk that fills up at any byte refuses whole batches and loses nothing`() throws {
        let history = try StoreHistory.make(seed: 13, count: 18)
        var refusals = 0
        for kilobytes in stride(from: 40, to: 1_000, by: 17) {
            let disk = MemoryDisk(capacityBytes: kilobytes << 10)
            let (script, failure) = Self.run(history, on: disk)
            guard let failure else { break }
            refusals += 1
            #expect(failure.contains("full") || failure.contains("no space"), "\(kilobytes) KiB: \(failure)")
            disk.setCapacity(bytes: nil)
            let isPowerCut = kilobytes % 2 == 0
            if isPowerCut { disk.powerLoss(.torn(seed: UInt64(kilobytes))) } else { disk.processKill() }
            try script.verify(disk, seed: UInt64(kilobytes), isProcessOnly: !isPowerCut, "\(kilobytes) KiB")
        }
        #expect(refusals > 5)
    }

    @Test func `the same seed does the same to the disk, operation by operation`() throws {
        let history = try StoreHistory.make(seed: 14, count: 18)
        var traces: [[String]] = []
        for _ in 0..<2 {
            let disk = MemoryDisk()
            var script = StoreScript(history)
            let machine = try MemoryStoreHome(disk: disk, seed: 5).openStore()
            try script.run(on: machine)
            let mark = try StoreHistory.mark(machine)
            machine.store.close()
            disk.powerLoss(.torn(seed: 3))
            var trace = ["\(disk.operationCount) \(disk.syncCount) \(mark.content)"]
            for directory in ["store", "store/generation-2"] {
                for name in try disk.names(in: directory) {
                    trace.append("\(name) \(disk.content(of: "\(directory)/\(name)")?.count ?? -1)")
                }
            }
            // The database file, unlike the journals, holds nothing drawn by chance.
            trace.append("\(disk.content(of: "store/generation-2/state.db") ?? [])")
            traces.append(trace)
        }
        #expect(traces[0] == traces[1])
        #expect(traces[0].count > 4)
    }
}
