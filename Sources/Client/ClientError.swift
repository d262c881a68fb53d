/// Why a request did not get its answer.
///
/// Owns: the two levels of failure, one exchange and a whole call with fail-over. Must never: hide that a write may have
/// taken effect.

/// One request on one connection.
public enum ExchangeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nobody listens there, or the name does not resolve.
    case connectFailed(String)
    /// No complete answer within the time given, in milliseconds.
    case timedOut(afterMilliseconds: Int64)
    /// The connection ended first. `afterSending` is false when the request never left.
    case closed(afterSending: Bool)
    /// The bytes are not an HTTP/1.1 response.
    case malformed(String)
    case bodyTooLarge(bytesMax: Int)
    /// More requests wait on this connection than it takes.
    case queueFull(requestsMax: Int)

    /// Whether the node may have acted on the request.
    public var mayHaveTakenEffect: Bool {
        switch self {
        case .connectFailed, .queueFull: false
        case .closed(let afterSending): afterSending
        case .timedOut, .malformed, .bodyTooLarge: true
        }
    }

    public var description: String {
        switch self {
        case .connectFailed(let reason): "cannot connect: \(reason)"
        case .timedOut(let milliseconds): "no answer within \(milliseconds) ms"
        case .closed(true): "the connection closed before the answer came"
        case .closed(false): "the connection closed before the request was sent"
        case .malformed(let reason): "the answer is not valid HTTP: \(reason)"
        case .bodyTooLarge(let bytesMax): "the answer is larger than \(bytesMax) bytes"
        case .queueFull(let requestsMax): "more than \(requestsMax) requests wait on one connection"
        }
    }
}

/// What one endpoint said or did, for the error that lists them all.
public struct EndpointFailure: Hashable, Sendable, CustomStringConvertible {
    public var endpoint: Endpoint
    public var reason: String
    /// Whether nobody listened there, so that asking again at once is pointless.
    public var isConnectFailure: Bool
    public init(endpoint: Endpoint, reason: String, isConnectFailure: Bool) {
        self.endpoint = endpoint
        self.reason = reason
        self.isConnectFailure = isConnectFailure
    }
    public var description: String { "\(endpoint): \(reason)" }
}

/// A call through `MemoryClient`.
public enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No endpoint answered usefully. `mayHaveTakenEffect` holds the key to retry with when it was a write whose end
    /// is not known.
    case allEndpointsFailed([EndpointFailure], mayHaveTakenEffect: String?)
    /// A node answered with an error status; `message` is its error text.
    case refused(endpoint: Endpoint, status: Int, message: String)
    /// A node answered 2xx, but not with what the contract says.
    case unexpectedAnswer(endpoint: Endpoint, reason: String)
    /// The request cannot be sent as it is.
    case invalidRequest(String)
    case cancelled

    public var description: String {
        switch self {
        case .allEndpointsFailed(let failures, let key):
            ClientError.listing(failures, retryKey: key)
        case .refused(_, _, let message): message
        case .unexpectedAnswer(let endpoint, let reason): "\(endpoint) answered out of contract: \(reason)"
        case .invalidRequest(let reason): reason
        case .cancelled: "cancelled"
        }
    }

    private static func listing(_ failures: [EndpointFailure], retryKey: String?) -> String {
        var text = failures.count == 1 ? "the endpoint failed:" : "all \(failures.count) endpoints failed:"
        for failure in failures { text += "\n  \(failure)" }
        if let retryKey {
            text += "\nThe write may or may not have taken effect; "
            text += "repeat it with idempotency key \(retryKey) to find out safely."
        }
        return text
    }
}
