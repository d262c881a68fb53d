/// Power cuts, kills and failures at every single operation of the disk, over the real SQLite store: catalogue bugs 51
/// to 54, and the classes of rqlite #2759 and #2747.
import Raft
import Simulator
import StateMachine
import StoreMachine
import StoreSimulation
import Testing

@Suite struct StorePowerLossTests {
    enum End: String, CaseIterable {
        case lost, torn, kept, kill
    }

    /// How often the script changes the disk when nothing goes wrong.
    private static func operationCount(_ history: StoreHistory) throws -> (opened: Int, all: Int) {
        let disk = MemoryDisk()
        let machine = try MemoryStoreHome(disk: disk, seed: 1).openStore()
        let opened = disk.operationCount
        var script = StoreScript(history)
        try script.run(on: machine)
        machine.store.close()
        return (opened, disk.operationCount)
    }

    @Test(arguments: End.allCases)
    func `bugs 51 to 54: a cut at every disk operation leaves a state of the log, no older than the checkpoint`(
        _ end: End
    ) throws {
        let history = try StoreHistory.make(seed: 11, count: 24)
        let count = try Self.operationCount(history)
        #expect(count.all > count.opened + 100)
        var indexes: Set<UInt64> = []
        for operation in 0..<count.all {
            let disk = MemoryDisk()
            disk.inject(DiskFault(.powerLoss, after: operation))
            var script = StoreScript(history)
            do {
                let machine = try MemoryStoreHome(disk: disk, seed: 1).openStore()
                try script.run(on: machine)
                // Nobody hears of an error while connections are closed.
                machine.store.close()
            } catch {
                #expect(disk.isPowerLost, "\(error)")
            }
            #expect(disk.isPowerLost, "operation \(operation) did not happen")
            switch end {
            case .lost: disk.powerLoss(.lost)
            case .torn: disk.powerLoss(.torn(seed: UInt64(operation)))
            case .kept, .kill: disk.powerLoss(.kept)
            }
            try script.verify(
                disk, seed: UInt64(operation), isProcessOnly: end == .kill || end == .kept,
                "\(end.rawValue) at operation \(operation)")
            indexes.insert(script.applied)
        }
        #expect(indexes.count > 8)
    }
}
