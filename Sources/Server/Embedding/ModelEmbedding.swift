/// The model on disk as an embedder, or the words why there is none.
///
/// Owns: where it is looked for. Must never: start a node without the model that was asked for by name.
import Embedding
import Foundation
import Logging
import StateMachine

extension TextEmbedder: TextEmbedding {
    public var model: VectorModel { VectorModel(tag: modelTag, dimension: TextEmbedder.dimension) }
}

/// Which model a node is to use.
public enum ModelChoice: Hashable, Sendable {
    /// The one in the usual place, if it is there and `$MNEME_EMBEDDINGS` is not `off`.
    case usual
    /// In this directory; without it the node does not start.
    case directory(String)
    /// Words alone.
    case none

    /// Where the set-up puts it when nothing else is said: `mneme/model` in the user's cache directory.
    static func usualDirectory(_ environment: [String: String]) -> String? {
        if let cache = environment["XDG_CACHE_HOME"], !cache.isEmpty { return cache + "/mneme/model" }
        return environment["HOME"].map { $0 + "/.cache/mneme/model" }
    }

    /// - Throws: when a model that was named, or found in the usual place, cannot be used.
    func open(
        logger: Logger, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> TextEmbedder? {
        let path: String
        switch self {
        case .none:
            logger.notice("embeddings are off: recall is by words alone (tier keyword)")
            return nil
        case .directory(let named):
            path = named
        case .usual where environment["MNEME_EMBEDDINGS"] == "off":
            return try ModelChoice.none.open(logger: logger, environment: environment)
        case .usual:
            // Named, if not by a flag: then its absence is a mistake.
            if let named = environment["MNEME_MODEL_DIR"], !named.isEmpty {
                return try ModelChoice.directory(named).open(logger: logger, environment: environment)
            }
            // The set-up puts the weights in place last: without them it did not come to its end.
            guard let usual = Self.usualDirectory(environment),
                FileManager.default.fileExists(atPath: usual + "/" + TextEmbedder.weightsName)
            else {
                logger.notice(
                    "there is no embedding model: recall is by words alone (tier keyword); `make model` fetches one")
                return nil
            }
            path = usual
        }
        let embedder = try TextEmbedder(directory: path)
        logger.info("embedding model \(embedder.modelTag) from \(path)")
        return embedder
    }
}
