/// Real text for the demo: what this machine says about its own packages, or else its documentation.
///
/// Owns: finding, cutting and cleaning texts. Must never: invent any.
import Foundation

public struct SourceText: Hashable, Sendable {
    public var title: String
    public var content: String
}

public struct SourceTexts: Hashable, Sendable {
    /// What the texts are, as in "package descriptions".
    public var kind: String
    public var texts: [SourceText]
    /// For questions that have an answer in these texts.
    public var questions: [String]

    private static let outputBytesMax = 16 << 20
    private static let contentBytesMax = 8192
    private static let textsMin = 30

    /// - Parameter count: how many are wanted; fewer come when the machine has no more.
    /// - Throws: `OperationsError` when it has hardly any.
    public static func find(_ count: Int) throws(OperationsError) -> SourceTexts {
        let packages = packageDescriptions(count)
        if packages.count >= min(count, 100) {
            return SourceTexts(
                kind: "package descriptions", texts: packages,
                questions: [
                    "library for data compression", "secure connections with TLS certificates",
                    "tools to build and link programs",
                ])
        }
        let paragraphs = documentation(count)
        guard paragraphs.count >= textsMin else {
            throw OperationsError("found neither package descriptions nor \(textsMin) paragraphs of documentation")
        }
        return SourceTexts(
            kind: "paragraphs of documentation", texts: paragraphs,
            questions: ["free software license", "copyright holders and contributors", "how to install and configure"])
    }

    /// dpkg's own descriptions, one per installed package.
    static func packageDescriptions(_ count: Int) -> [SourceText] {
        let format = "${binary:Package}\u{1f}${Description}\u{1e}"
        guard
            let output = CommandCapture.output(
                of: "dpkg-query", ["-W", "-f=\(format)"], bytesMax: outputBytesMax)
        else { return [] }
        var texts: [SourceText] = []
        for record in output.split(separator: 0x1e) where texts.count < count {
            let fields = record.split(separator: 0x1f, maxSplits: 1)
            guard fields.count == 2, let title = cleaned(Array(fields[0])), let content = cleaned(Array(fields[1]))
            else { continue }
            texts.append(SourceText(title: title, content: content))
        }
        return texts
    }

    /// Paragraphs of the text files below the usual places.
    static func documentation(
        _ count: Int, roots: [String] = ["docs", "README.md", "/usr/share/common-licenses", "/usr/share/doc"]
    ) -> [SourceText] {
        var texts: [SourceText] = []
        for root in roots {
            for path in files(below: root) {
                guard texts.count < count else { return texts }
                texts += paragraphs(of: path).prefix(count - texts.count)
            }
        }
        return texts
    }

    private static func files(below root: String) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: root, isDirectory: &isDirectory) else { return [] }
        guard isDirectory.boolValue else { return [root] }
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.sorted().map { "\(root)/\($0)" }
    }

    private static func paragraphs(of path: String) -> [SourceText] {
        guard !path.hasSuffix(".gz"), let handle = FileHandle(forReadingAtPath: path) else { return [] }
        let data: Data
        do {
            data = try handle.read(upToCount: 1 << 20) ?? Data()
        } catch {
            // A directory or an unreadable file has no paragraphs; there are others.
            return []
        }
        guard let text = cleaned(Array(data), bytesMax: data.count) else { return [] }
        var texts: [SourceText] = []
        for paragraph in text.components(separatedBy: "\n\n") where paragraph.utf8.count >= 80 {
            guard let content = cleaned(Array(paragraph.utf8)) else { continue }
            texts.append(SourceText(title: "\(path) §\(texts.count + 1)", content: content))
        }
        return texts
    }

    /// Text a memory may hold: valid UTF-8, no control characters but newline and tab, not blank, bounded.
    private static func cleaned(_ bytes: [UInt8], bytesMax: Int = contentBytesMax) -> String? {
        guard bytes.count <= bytesMax, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let scalars = text.unicodeScalars.filter { scalar in
            scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
        }
        let result = String(String.UnicodeScalarView(scalars)).trimmingCharacters(in: .whitespacesAndNewlines)
        return result.isEmpty ? nil : result
    }
}
