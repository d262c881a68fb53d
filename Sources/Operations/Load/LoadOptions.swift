/// What a load run is asked to do.
///
/// Owns: the choices and their limits. Must never: connect to anything.
import Client

/// One kind of request. A run sends only one kind, so that its latencies mean one thing.
public enum LoadOperation: String, Sendable, CaseIterable {
    /// `POST /api/v1/memories`: title and content, keys chosen uniformly.
    case memory
    /// `PUT /cluster/v1/registers/{key}`: a value of the small table, keys chosen uniformly.
    case register
    /// `GET /api/v1/memories/{id}`, linearizable, ids chosen uniformly among those that `fillMemory` left.
    case getMemory = "get-memory"
    /// `GET /cluster/v1/registers/{key}`, linearizable.
    case getRegister = "get-register"
    /// Stores every memory of the key space once, then ends.
    case fillMemory = "fill-memory"
    /// Sets every register of the key space once, then ends.
    case fillRegister = "fill-register"

    /// Whether the run ends when every key was written once, and not by the clock.
    public var isFill: Bool { self == .fillMemory || self == .fillRegister }
}

public struct LoadOptions: Hashable, Sendable {
    /// Clients are spread over these evenly, one connection each.
    public var endpoints: [Endpoint]
    /// Closed-loop clients, 1…4096: each sends its next request when it has the answer to the one before.
    public var clients: Int
    /// Measured time. A fill takes as long as it takes, at most this.
    public var seconds: Double
    /// Time before it that is not counted.
    public var warmupSeconds: Double
    public var operation: LoadOperation
    /// Bytes of content or value.
    public var sizeBytes: Int
    /// Size of the key space.
    public var keys: Int
    /// Words of common vocabulary in every title, beside the one that is unique. Each makes the search for similar
    /// titles that comes with a store look at all memories that share it.
    public var titleWords: Int
    public var seed: UInt64
    /// Seconds after which an operation counts as an error.
    public var timeoutSeconds: Double

    public static let clientsMax = 4096
    public static let sizeBytesMax = 65_536
    public static let keysMax = 10_000_000
    public static let secondsMax = 3600.0
    public static let titleWordsMax = 8

    public init(
        endpoints: [Endpoint], clients: Int = 64, seconds: Double = 5, warmupSeconds: Double = 0.5,
        operation: LoadOperation = .memory, sizeBytes: Int = 256, keys: Int = 100_000, titleWords: Int = 0,
        seed: UInt64 = 1, timeoutSeconds: Double = 5
    ) {
        self.endpoints = endpoints
        self.clients = clients
        self.seconds = seconds
        self.warmupSeconds = warmupSeconds
        self.operation = operation
        self.sizeBytes = sizeBytes
        self.keys = keys
        self.titleWords = titleWords
        self.seed = seed
        self.timeoutSeconds = timeoutSeconds
    }

    /// - Throws: an error that names the option and its limits.
    public func validate() throws(OperationsError) {
        func require(_ isRight: Bool, _ text: String) throws(OperationsError) {
            if !isRight { throw OperationsError(text) }
        }
        try require(!endpoints.isEmpty, "--endpoints must name at least one node")
        try require(
            (1...LoadOptions.clientsMax).contains(clients),
            "--clients must be 1 to \(LoadOptions.clientsMax) (got \(clients))")
        try require(
            seconds > 0 && seconds <= LoadOptions.secondsMax,
            "--seconds must be more than 0 and at most \(Int(LoadOptions.secondsMax)) (got \(seconds))")
        try require(
            warmupSeconds >= 0 && warmupSeconds <= LoadOptions.secondsMax,
            "--warmup must be 0 to \(Int(LoadOptions.secondsMax)) (got \(warmupSeconds))")
        try require(
            (1...LoadOptions.sizeBytesMax).contains(sizeBytes),
            "--size must be 1 to \(LoadOptions.sizeBytesMax) bytes (got \(sizeBytes))")
        try require(
            (1...LoadOptions.keysMax).contains(keys), "--keys must be 1 to \(LoadOptions.keysMax) (got \(keys))")
        try require(
            (0...LoadOptions.titleWordsMax).contains(titleWords),
            "--title-words must be 0 to \(LoadOptions.titleWordsMax) (got \(titleWords))")
        try require(
            timeoutSeconds > 0 && timeoutSeconds <= 600,
            "--timeout must be more than 0 and at most 600 seconds (got \(timeoutSeconds))")
    }
}
