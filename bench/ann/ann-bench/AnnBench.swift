/// The program behind `bench/ann/run`: makes vectors of texts, and answers `bench/ann/compare` for our index.
///
///     ann-bench embed MODEL-DIRECTORY TEXTS OUTPUT [COUNT]
///     ann-bench index VECTORS DIMENSION COUNT QUERIES [LINKS CONSTRUCTION-BREADTH]
///
/// Owns: the choice of what to do. Must never: be part of the product.
import Foundation

@main
struct AnnBench {
    static func main() async {
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            switch arguments.first {
            case "embed": try await EmbedCommand(arguments.dropFirst()).run()
            case "index": try IndexCommand(arguments.dropFirst()).run()
            default: throw BenchFailure(usage)
            }
        } catch {
            FileHandle.standardError.write(Data("ann-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    static let usage = """
        ann-bench embed MODEL-DIRECTORY TEXTS OUTPUT [COUNT]
        ann-bench index VECTORS DIMENSION COUNT QUERIES [LINKS CONSTRUCTION-BREADTH]
        """
}

/// What went wrong, in words.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func seconds(of work: () throws -> Void) rethrows -> Double {
    let started = ContinuousClock.now
    try work()
    return seconds(since: started)
}

func seconds(since started: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - started
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}
