/// An answer that ends a request early, and every way there is to make one.
///
/// Owns: the error envelope `{"error": text}`, the plain-text failures of extraction, and the mapping of service
/// errors to statuses. Must never: put internals (SQL, file names) into an answer; those go to the log.
import JSON
import StateMachine

struct APIFailure: Error {
    var response: APIResponse

    /// The envelope of every handler-made error.
    static func error(_ status: Int, _ text: String) -> APIFailure {
        var writer = JSONWriter(capacity: text.utf8.count + 16)
        writer.beginObject()
        writer.key("error")
        writer.string(text)
        writer.endObject()
        return APIFailure(response: .json(status, writer.bytes))
    }
    static func bad(_ text: String) -> APIFailure { error(400, text) }
    static var notFound: APIFailure { error(404, "not found") }
    static var storage: APIFailure { error(500, "internal server error") }

    /// Extraction failures are plain text, with beginnings clients may match.
    static func query(_ reason: String) -> APIFailure {
        APIFailure(response: .text(400, "Failed to deserialize query string: \(reason)"))
    }
    static func invalidURL(_ reason: String) -> APIFailure {
        APIFailure(response: .text(400, "Invalid URL: \(reason)"))
    }
    static var contentType: APIFailure {
        APIFailure(response: .text(415, "Expected request with `Content-Type: application/json`"))
    }
    static func bodyTooLarge(bytesMax: Int) -> APIFailure {
        APIFailure(
            response: .text(413, "Failed to buffer the request body: length limit exceeded (\(bytesMax) bytes)"))
    }
    static func syntax(_ error: JSONError) -> APIFailure {
        if case .duplicateKey = error.kind { return shape(error.description) }
        return APIFailure(response: .text(400, "Failed to parse the request body as JSON: \(error.description)"))
    }
    static func shape(_ reason: String) -> APIFailure {
        APIFailure(
            response: .text(422, "Failed to deserialize the JSON body into the target type: \(reason)"))
    }

    /// A command that changed nothing. Where v0.6.3 fails with 500, what is missing is 404 and what is in the way 409.
    static func refused(_ refusal: Refusal, detail: String) -> APIFailure {
        switch refusal {
        case .memoryMissing: .error(404, "memory not found: \(Validation.shortened(detail))")
        case .pendingMissing: .error(404, "pending action not found or already decided")
        case .alreadyDecided: .error(409, "already decided: status=\(detail)")
        case .wrongApprover, .voterUnknown: .error(403, "approve rejected: \(refusal) (\(detail))")
        case .notExecuted: .error(500, "approved but execution failed")
        case .notAnEntity: .error(409, "title is taken by a non-entity memory (\(detail))")
        case .ownParent: .error(400, "namespace cannot be its own parent")
        case .metadataTooLarge:
            .error(400, "metadata exceeds max size of \(Validation.metadataBytesMax) bytes (it would be \(detail))")
        case .stillThere: .error(409, "memory \(detail) exists; delete or archive it before restoring the older one")
        case .notAnAncestor: .error(400, "the target is not an ancestor of namespace '\(detail)'")
        case .tooManySubscriptions: .error(400, "subscriptions are limited to \(detail)")
        case .tooManyTags: .error(400, "too many tags in all of the memories (max \(detail))")
        case .tooManyAliases: .error(400, "too many aliases of one entity (max \(detail))")
        }
    }

    static func notBuilt(_ what: String) -> APIFailure { error(501, "\(what) is not built in this version") }

    static func versionConflict(current: [UInt8], version: UInt64, expected: UInt64) -> APIFailure {
        var writer = JSONWriter(capacity: current.count + 128)
        writer.beginObject()
        writer.key("current")
        writer.raw(current)
        writer.key("error")
        writer.string("version differs: If-Match asked for \(expected), the memory has \(version)")
        writer.endObject()
        var response = APIResponse.json(409, writer.bytes)
        response.headers["etag"] = EntityTag.text(version)
        return APIFailure(response: response)
    }
}

extension APIFailure {
    static let ageHeader = "x-mneme-age-ms"

    private static func tooStale(age: UInt64?, ageMax: UInt64) -> APIFailure {
        let reason =
            age.map { "the state of this node may lack what was written in the last \($0) ms" }
            ?? "no majority has confirmed the state of this node since it started"
        var failure = error(503, "\(reason); X-Max-Staleness-Ms asked for at most \(ageMax) ms")
        failure.response.headers["retry-after"] = "1"
        failure.response.headers[ageHeader] = age.map { String($0) } ?? "unknown"
        return failure
    }

    /// The answer to a change of membership or leadership that did not happen, or is not known to have happened.
    init(_ refusal: ClusterRefusal) {
        switch refusal {
        case .notFound(let reason): self = .error(404, reason)
        case .conflict(let reason): self = .error(409, reason)
        case .timedOut(let reason): self = .error(504, reason)
        case .unavailable(let reason):
            self = .error(503, reason)
            response.headers["retry-after"] = "1"
        case .outcomeUnknown(let reason):
            let body: JSONValue = ["error": .string("outcome unknown: \(reason)"), "outcome": "unknown"]
            self = APIFailure(response: .json(503, body.encoded()))
        }
    }

    /// The answer to a write or read that the cluster could not serve.
    init(_ error: ServiceError) {
        switch error {
        case .unavailable(let reason), .overloaded(let reason):
            self = .error(503, reason)
            response.headers["retry-after"] = "1"
        case .outcomeUnknown(let reason):
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("error")
            writer.string(
                "outcome unknown: \(reason). The write may or may not have been applied. "
                    + "Retrying with the same Idempotency-Key is safe.")
            writer.key("outcome")
            writer.string("unknown")
            writer.endObject()
            self = APIFailure(response: .json(503, writer.bytes))
        case .tooLarge(let bytes, let bytesMax):
            self = .error(413, "the command is \(bytes) bytes, the limit for one command is \(bytesMax) bytes")
        case .invalid(let reason):
            self = .error(400, reason)
        case .notBuilt(let what):
            self = .notBuilt(what)
        case .tooStale(let age, let ageMax):
            self = .tooStale(age: age, ageMax: ageMax)
        case .storage:
            self = .storage
        }
    }
}
