import Foundation

/// The name of a cluster that lives in one directory: random, made once and kept there, so that the nodes of two
/// directories never take each other for one cluster, whatever ports they meet on.
enum ClusterName {
    private static let fileName = "cluster-id"

    static func ofDirectory(_ directory: String) throws(OperationsError) -> String {
        let path = "\(directory)/\(fileName)"
        do {
            if FileManager.default.fileExists(atPath: path) {
                let text = try String(contentsOfFile: path, encoding: .utf8)
                return text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let name = "local-\(String(UInt64.random(in: .min ... .max), radix: 16))"
            try (name + "\n").write(toFile: path, atomically: true, encoding: .utf8)
            return name
        } catch {
            throw OperationsError("cannot keep the cluster's name in \(path): \(error.localizedDescription)")
        }
    }
}
