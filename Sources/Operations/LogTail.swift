/// The last lines a node wrote before it ended.
///
/// Owns: reading them for error messages. Must never: fail; a missing log is simply nothing to show.
import Foundation

enum LogTail {
    private static let linesMax = 6
    private static let bytesMax: UInt64 = 8192

    /// `; its log says:` and the lines, or the path when there are none.
    static func text(of path: String) -> String {
        // The handle closes its descriptor when it goes.
        guard let handle = FileHandle(forReadingAtPath: path) else { return " (no log at \(path))" }
        var bytes: [UInt8] = []
        do {
            let end = try handle.seekToEnd()
            try handle.seek(toOffset: end > bytesMax ? end - bytesMax : 0)
            bytes = Array(try handle.readToEnd() ?? Data())
        } catch {
            return " (its log \(path) cannot be read: \(error.localizedDescription))"
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(linesMax)
        guard !lines.isEmpty else { return " (its log \(path) is empty)" }
        return "; its log \(path) ends with:" + lines.map { "\n    " + $0 }.joined()
    }
}
