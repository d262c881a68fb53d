/// Embeds the lines of a file with the product's embedder: little-endian single precision, one vector after another.
///
/// It goes on where an earlier run ended, be it complete with fewer texts or broken off: what is there is kept if its
/// first and its last vector are, bit for bit, what their texts give now.
/// Owns: the output, which gets its name when it is complete. Must never: mix vectors of two models or of two texts.
import Embedding
import Foundation

struct EmbedCommand {
    private static let blockTexts = 64
    /// One progress line, and one write.
    private static let roundBlocks = 32

    private let modelDirectory: String
    private let textsPath: String
    private let outputPath: String
    private let countWanted: Int?

    init(_ arguments: ArraySlice<String>) throws {
        let words = Array(arguments)
        guard words.count == 3 || words.count == 4 else { throw BenchFailure(AnnBench.usage) }
        modelDirectory = words[0]
        textsPath = words[1]
        outputPath = words[2]
        countWanted = words.count == 4 ? Int(words[3]) : nil
        if words.count == 4 && countWanted == nil { throw BenchFailure("COUNT is a number, not \(words[3])") }
    }

    func run() async throws {
        var texts = try String(contentsOfFile: textsPath, encoding: .utf8).split(separator: "\n").map(String.init)
        if let countWanted {
            guard texts.count >= countWanted else { throw BenchFailure("\(textsPath) has only \(texts.count) texts") }
            texts.removeLast(texts.count - countWanted)
        }
        let embedder = try TextEmbedder(directory: modelDirectory)
        let files = FileManager.default
        let partialPath = outputPath + ".partial"
        if files.fileExists(atPath: outputPath) {
            let there = try keptCount(outputPath, texts, embedder)
            if there >= texts.count {
                print("embed: \(outputPath) is complete")
                return
            }
            if files.fileExists(atPath: partialPath) { try files.removeItem(atPath: partialPath) }
            try files.moveItem(atPath: outputPath, toPath: partialPath)
        }
        if !files.fileExists(atPath: partialPath) { try Data().write(to: URL(fileURLWithPath: partialPath)) }
        try await extend(partialPath, from: try keptCount(partialPath, texts, embedder), texts, embedder)
        try files.moveItem(atPath: partialPath, toPath: outputPath)
    }

    /// How many vectors at the beginning of a file belong to these texts.
    private func keptCount(_ path: String, _ texts: [String], _ embedder: TextEmbedder) throws -> Int {
        let file = try VectorFile(path: path, dimension: TextEmbedder.dimension)
        let last = min(file.count, texts.count) - 1
        guard last >= 0 else { return 0 }
        for row in [0, last] where file.vector(row) != embedder.embed(texts[row]) { return 0 }
        return last + 1
    }

    private func extend(_ path: String, from kept: Int, _ texts: [String], _ embedder: TextEmbedder) async throws {
        let output = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let vectorBytes = TextEmbedder.dimension * MemoryLayout<Float>.stride
        try output.truncate(atOffset: UInt64(kept * vectorBytes))
        try output.seekToEnd()
        let started = ContinuousClock.now
        var done = kept
        while done < texts.count {
            let next = min(texts.count, done + Self.blockTexts * Self.roundBlocks)
            for block in await embed(texts[done..<next], embedder) {
                for vector in block { try vector.withUnsafeBytes { try output.write(contentsOf: $0) } }
            }
            done = next
            let rate = Double(done - kept) / seconds(since: started)
            print("embed: \(done) of \(texts.count) texts, \(Int(rate)) a second (\(embedder.kernelName))")
            fflush(nil)
        }
        try output.synchronize()
        try output.close()
    }

    /// On every core, in the order of the texts.
    private func embed(_ texts: ArraySlice<String>, _ embedder: TextEmbedder) async -> [[[Float]]] {
        await withTaskGroup(of: (Int, [[Float]]).self) { group in
            var blocks: [[[Float]]] = []
            for first in stride(from: texts.startIndex, to: texts.endIndex, by: Self.blockTexts) {
                let block = Array(texts[first..<min(first + Self.blockTexts, texts.endIndex)])
                let place = blocks.count
                blocks.append([])
                group.addTask { (place, embedder.embed(block)) }
            }
            for await (place, vectors) in group { blocks[place] = vectors }
            return blocks
        }
    }
}
