import Testing
@testable import Raft
@Test func smoke() throws {
    let d = MemoryDisk()
    let id = LogIdentity(clusterID: .init(repeating: 7, count: 16), nodeID: NodeID(1), incarnation: 1)
    var o = LogOptions(segmentBytes: 8192, recordBytesMax: 1024, batchBytesMax: 4096, makeSalt: { 5 })
    o.recordBytesTarget = 256
    let (log, r) = try WriteAheadLog.open(disk: d, identity: id, options: o)
    #expect(r.wasCreated)
    var all: [Entry] = []
    for i in 1...100 {
        let e = Entry(index: LogIndex(UInt64(i)), term: Term(UInt64(1 + i / 10)), kind: .command, payload: Array(repeating: UInt8(i), count: i))
        all.append(e)
        try log.append([PersistRequest(sequence: UInt64(i), hardState: HardState(term: e.term, vote: nil, commit: .zero), entries: [e])])
    }
    #expect(try log.entries(from: LogIndex(1), through: LogIndex(100), bytesMax: .max) == all)
    log.close()
    d.powerLoss(.lost)
    let (log2, r2) = try WriteAheadLog.open(disk: d, identity: id, options: o)
    #expect(r2.lastIndex == LogIndex(100))
    #expect(try log2.entries(from: LogIndex(1), through: LogIndex(100), bytesMax: .max) == all)
    try log2.compact(through: LogPosition(index: LogIndex(50), term: Term(6)))
    print(try d.list(), r2)
}
