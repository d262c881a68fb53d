/// What a node says when it says no.
///
/// Owns: reading the three shapes of error bodies (JSON envelope, plain text, empty). Must never: throw; an unreadable
/// error must not hide the error.
import JSON
import NIOCore

enum ErrorText {
    /// At most this many characters of a plain-text body are shown.
    private static let textCharactersMax = 400

    static func message(of response: HTTPResponse) -> String {
        let body = response.bodyText
        guard !body.isEmpty else { return "HTTP status \(response.status)" }
        do throws(JSONError) {
            let value = try JSONValue.parse(body)
            if let text = value["error"]?.stringValue { return text }
        } catch {
            // Not JSON: then the text itself is the message.
        }
        return String(body.prefix(textCharactersMax))
    }

    /// Whether a node handed a write to the log and does not know how it ended.
    static func saysOutcomeUnknown(_ response: HTTPResponse) -> Bool {
        do throws(JSONError) {
            return try JSONValue.parse(response.bodyBytes)["outcome"]?.stringValue == "unknown"
        } catch {
            // Not from one of our nodes (a proxy, say): nobody knows what happened behind it.
            return true
        }
    }
}
