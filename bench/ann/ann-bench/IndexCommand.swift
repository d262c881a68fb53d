/// The index's side of `bench/ann/compare`: builds and searches on command, one line in, one line out, so that the
/// script can let the libraries take turns within one run.
///
///     build                               -> built CPU-SECONDS BYTES-PER-VECTOR BYTES-WITHOUT-FLOATS GRAPH-HASH
///     allow FILE                          -> allowed COUNT      (one byte per vector, 0 or 1)
///     search BREADTH COUNT FILTER QUERIES FILE
///                                         -> searched CPU-SECONDS
///                                            (the first QUERIES; keys found, int32, COUNT a query, to FILE)
///     save FILE / load FILE               -> saved SECONDS / loaded SECONDS
///     mixed COUNT                         -> see `MixedLoad`
///
/// The first vectors of the file are put into the index, the ones after them are the queries.
/// Owns: the index and its vectors. Must never: print anything but answers.
import Foundation
import VectorIndex

struct IndexCommand {
    private let vectors: [[Float]]
    private let queries: [[Float]]
    private var index: VectorIndex
    private var allowed = SlotBitmap()

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 4 || words.count == 6 else { throw BenchFailure(AnnBench.usage) }
        let numbers = try words.dropFirst().map { word in
            guard let number = Int(word) else { throw BenchFailure("\(word) is not a number") }
            return number
        }
        var parameters = VectorIndexParameters(dimension: numbers[0])
        if numbers.count == 5 {
            parameters.links = numbers[3]
            parameters.constructionBreadth = numbers[4]
        }
        let file = try VectorFile(path: words[0], dimension: numbers[0])
        guard file.count >= numbers[1] + numbers[2] else { throw BenchFailure("only \(file.count) vectors") }
        vectors = (0..<numbers[1]).map(file.vector)
        queries = (numbers[1]..<numbers[1] + numbers[2]).map(file.vector)
        index = try VectorIndex(parameters: parameters)
    }

    consuming func run() throws {
        while let line = readLine() {
            print(try answer(line.split(separator: " ").map(String.init)))
            fflush(nil)
        }
    }

    private mutating func answer(_ words: [String]) throws -> String {
        switch (words.first, words.count) {
        case ("build", 1):
            return try build()
        case ("allow", 2):
            allowed = SlotBitmap(slots: vectors.count)
            for (slot, byte) in try Data(contentsOf: URL(fileURLWithPath: words[1])).enumerated() where byte != 0 {
                allowed.insert(slot)
            }
            return "allowed \(allowed.count)"
        case ("search", 6):
            let numbers = words[1...4].compactMap { Int($0) }
            guard numbers.count == 4, numbers[3] <= queries.count else { throw BenchFailure("search cannot do that") }
            let filter = numbers[2] == 1 ? allowed : nil
            return try search(queries[..<numbers[3]], breadth: numbers[0], count: numbers[1], filter, words[5])
        case ("save", 2):
            return "saved \(try seconds { try index.save(to: words[1], coveredIndex: 1) })"
        case ("load", 2):
            let parameters = index.parameters
            return "loaded \(try seconds { index = try VectorIndexFile.open(words[1], parameters: parameters).index })"
        case ("mixed", 2):
            guard let count = Int(words[1]), count <= vectors.count else { throw BenchFailure("no such number") }
            return try MixedLoad(index: index, extra: Array(vectors[..<count]), queries: queries).run()
        default:
            throw BenchFailure("no such command: \(words.joined(separator: " "))")
        }
    }

    private func build() throws -> String {
        let spent = try processorSeconds {
            for (row, vector) in vectors.enumerated() { try index.append(key: Int64(row), vector: vector) }
            while try index.linkNext(1_000) > 0 {}
        }
        let memory = index.memory
        return "built \(spent) \(memory.perVector) \(memory.walkedPerVector) \(index.baseLayerHash)"
    }

    /// Of this thread and any other: nothing else runs.
    private func processorSeconds(of work: () throws -> Void) rethrows -> Double {
        let started = clock()
        try work()
        return Double(clock() - started) / Double(CLOCKS_PER_SEC)
    }

    private func search(
        _ queries: ArraySlice<[Float]>, breadth: Int, count: Int, _ filter: SlotBitmap?, _ path: String
    ) throws -> String {
        var keys: [Int32] = []
        keys.reserveCapacity(queries.count * count)
        let spent = try processorSeconds {
            for query in queries {
                let matches = try index.search(query, count: count, breadth: breadth, allowed: filter)
                for match in matches { keys.append(Int32(match.key)) }
                for _ in matches.count..<max(count, matches.count) { keys.append(-1) }
            }
        }
        try keys.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
        return "searched \(spent)"
    }
}
