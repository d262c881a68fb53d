/// `mneme measure recall`: how long a recall takes in a store of a given size, and how long that store takes to open.
///
/// Owns: the flags and the table. Must never: measure; `RecallMeasurement` does.
import ArgumentParser
import Operations
import Server

struct MeasureRecallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall", abstract: "Recall in a store of a given size, without HTTP and consensus.",
        discussion: """
            mneme measure recall --directory ./recall --memories 100000 --fill
            mneme measure recall --directory ./recall --memories 100000

            The first makes the store, with vectors in clusters and texts of drawn words; the second opens it in a \
            process of its own and asks. Remove the directory afterwards.
            """)
    @Option(help: "Memories of the store, 100 to 5000000; the same for both.")
    var memories = 1_000
    @Option(help: "Questions of each kind, 10 to 100000.")
    var questions = 1_000
    @Option(help: "The store; with --fill it must not exist yet.")
    var directory = "./mneme-measure"
    @Flag(help: "Make the store instead of asking it.")
    var fill = false

    func validate() throws {
        guard (100...5_000_000).contains(memories) else {
            throw ValidationError("--memories must be 100 to 5000000 (got \(memories))")
        }
        guard (10...100_000).contains(questions) else {
            throw ValidationError("--questions must be 10 to 100000 (got \(questions))")
        }
    }

    func run() throws {
        let measurement = RecallMeasurement(directory: directory, memories: memories)
        if fill {
            let console = Console()
            let filling = try measurement.fill { console.progress($0) }
            Console.write(
                "filled: \(memories) memories applied in \(Self.text(filling.applySeconds)) s, all vectors linked after "
                    + "\(Self.text(filling.linkedSeconds)) s\n")
            return
        }
        let (store, opening) = try measurement.open()
        defer { store.close() }
        let megabytes = 1_048_576.0
        Console.write(
            """
            opened: \(memories) memories, \(opening.vectors) vectors (\(opening.unlinked) unlinked) in \
            \(Self.text(opening.openSeconds)) s, the first recall took \(Self.text(opening.firstRecallMilliseconds)) ms; \
            resident: \(Int(Double(opening.anonymousBytes) / megabytes)) MiB of its own, \
            \(Int(Double(opening.fileBytes) / megabytes)) MiB of files

            | recall, \(memories) memories | p50 ms | p95 ms | p99 ms | found |
            |---|---:|---:|---:|---:|

            """)
        for row in try measurement.questions(store, count: questions) {
            Console.write(
                "| \(row.name) | \(Self.text(row.p50)) | \(Self.text(row.p95)) | \(Self.text(row.p99)) | "
                    + "\(Self.text(row.foundShare)) |\n")
        }
    }

    private static func text(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
