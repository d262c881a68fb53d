/// How patient a client is and who it says it is.
///
/// Owns: the defaults. Must never: change after the client was made.

public struct ClientOptions: Hashable, Sendable {
    /// Sent as `X-Agent-Id`; nil sends none.
    public var agentID: String?
    /// Sent as `X-API-Key`; nil sends none.
    public var apiKey: String?
    /// One endpoint, one attempt, in milliseconds.
    public var attemptTimeoutMilliseconds: Int64
    /// All attempts of one call together, in milliseconds.
    public var callTimeoutMilliseconds: Int64
    /// Pause after every endpoint failed once, in milliseconds; an election takes a few of them.
    public var roundPauseMilliseconds: Int64
    /// Stop after the first round in which no endpoint accepted a connection.
    public var givesUpWhenNobodyListens: Bool
    public var limits: HTTPConnection.Limits

    public init(
        agentID: String? = nil, apiKey: String? = nil, attemptTimeoutMilliseconds: Int64 = 10_000,
        callTimeoutMilliseconds: Int64 = 20_000, roundPauseMilliseconds: Int64 = 100,
        givesUpWhenNobodyListens: Bool = true, limits: HTTPConnection.Limits = HTTPConnection.Limits()
    ) {
        self.agentID = agentID
        self.apiKey = apiKey
        self.attemptTimeoutMilliseconds = attemptTimeoutMilliseconds
        self.callTimeoutMilliseconds = callTimeoutMilliseconds
        self.roundPauseMilliseconds = roundPauseMilliseconds
        self.givesUpWhenNobodyListens = givesUpWhenNobodyListens
        self.limits = limits
    }
}

/// What a read asks for; sent as `X-Consistency`.
public enum Consistency: String, Sendable, CaseIterable {
    case linearizable, lease, stale
}
