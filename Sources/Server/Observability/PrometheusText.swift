/// The text exposition format of Prometheus, version 0.0.4.
///
/// Owns: its syntax (prometheus.io, "Text-based format"). Must never: know what is measured.

public struct PrometheusText: Sendable {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public private(set) var bytes: [UInt8] = []
    public init() {}

    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// Starts a family; its samples follow.
    public mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        bytes.append(contentsOf: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8)
    }

    public mutating func sample(_ name: String, labels: [(String, String)] = [], _ value: some FixedWidthInteger) {
        sample(name, labels: labels, text: String(value))
    }
    public mutating func sample(_ name: String, labels: [(String, String)] = [], _ value: Double) {
        sample(name, labels: labels, text: value.description)
    }

    private mutating func sample(_ name: String, labels: [(String, String)], text: String) {
        bytes.append(contentsOf: name.utf8)
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.0)=\"\(PrometheusText.escaped($0.1))\"" }
            bytes.append(contentsOf: "{\(pairs.joined(separator: ","))}".utf8)
        }
        bytes.append(contentsOf: " \(text)\n".utf8)
    }

    /// Text that is already in the format, ending in a newline.
    public mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
