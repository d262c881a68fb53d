/// Who the person at the terminal is, when nobody says.
///
/// Owns: the rules for the acting agent and for the default namespace. Must never: reveal the host when asked not to.
import Foundation

public enum CallerIdentity {
    private static let idBytesMax = 128

    /// The flag, else `AI_MEMORY_AGENT_ID`, else one made from host and process; empty values count as absent.
    /// - Throws: when the value has characters that an agent id must not have.
    public static func agentID(flag: String?) throws(OperationsError) -> String {
        let environment = ProcessInfo.processInfo.environment
        for candidate in [flag, environment["AI_MEMORY_AGENT_ID"]] {
            guard let candidate, !candidate.isEmpty else { continue }
            try validate(candidate)
            return candidate
        }
        let random = String(UInt32.random(in: .min ... .max), radix: 16)
        let suffix = "pid-\(getpid())-" + String(repeating: "0", count: 8 - random.count) + random
        let anonymize = ["1", "true", "yes", "on"].contains(environment["AI_MEMORY_ANONYMIZE"]?.lowercased() ?? "")
        let host = SystemText.hostName()
        return anonymize || !isValid("host:\(host):\(suffix)") ? "anonymous:\(suffix)" : "host:\(host):\(suffix)"
    }

    public static func validate(_ id: String) throws(OperationsError) {
        guard isValid(id) else {
            throw OperationsError(
                "invalid agent_id '\(id)': 1 to \(idBytesMax) of letters, digits and _ - : @ . / are allowed")
        }
    }

    private static func isValid(_ id: String) -> Bool {
        (1...idBytesMax).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "_-:@./".utf8.contains(byte)
                }
            }
    }

    /// The repository's name, else the directory's, else `global`.
    public static func defaultNamespace() -> String {
        if let output = CommandCapture.output(of: "git", ["remote", "get-url", "origin"], bytesMax: 4096) {
            let url = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            var name = url.split(whereSeparator: { $0 == "/" || $0 == ":" }).last.map(String.init) ?? ""
            if name.hasSuffix(".git") { name.removeLast(4) }
            if !name.isEmpty { return name }
        }
        let directory = FileManager.default.currentDirectoryPath.split(separator: "/").last.map(String.init)
        return directory ?? "global"
    }
}
