/// A fresh directory that is gone afterwards.
///
/// Owns: making and removing it. Must never: remove anything it did not make.
import Foundation

public struct TemporaryDirectory: Sendable {
    public let path: String

    /// - Parameter prefix: first part of the name, for whoever looks into the temp directory.
    public init(prefix: String) throws(OperationsError) {
        let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(base)/\(prefix)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw OperationsError("make a directory in \(base)", errno: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    public func remove() throws(OperationsError) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw OperationsError("cannot remove \(path): \(error.localizedDescription)")
        }
    }
}
