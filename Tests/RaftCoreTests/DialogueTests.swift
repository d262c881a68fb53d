/// Plays every dialogue in `Dialogues/`: situations of the literature and of the bug catalogue, message by message.
///
/// With `MNEME_REWRITE_DIALOGUES=1` in the environment the files are rewritten with what is printed now; the difference
/// is then read, line by line, in the version control.

import Foundation
import Testing

@testable import RaftCore

@Suite struct DialogueTests {
    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Dialogues")
    static let names: [String] = {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasSuffix(".txt") }.sorted()
        } catch {
            return []
        }
    }()

    @Test(arguments: names)
    func `a dialogue goes as it is written`(_ name: String) throws {
        let file = Self.directory.appendingPathComponent(name)
        var script = try DialogueScript(try String(contentsOf: file, encoding: .utf8))
        #expect(!script.blocks.isEmpty)
        let outputs = try Dialogue.play(script)
        if ProcessInfo.processInfo.environment["MNEME_REWRITE_DIALOGUES"] == "1" {
            for (place, output) in outputs.enumerated() { script.blocks[place].expected = output }
            try script.text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        for (block, output) in zip(script.blocks, outputs) {
            let difference = DialogueScript.difference(block.expected, output).joined(separator: "\n")
            #expect(block.expected == output, "\(name): \(block.commands.joined(separator: "; "))\n\(difference)")
        }
        #expect(!outputs.joined().contains { $0.hasPrefix("BROKEN") })
    }

    @Test func `the dialogues are found`() { #expect(Self.names.count >= 12, "\(Self.names)") }

    @Test func `a dialogue that goes otherwise says where`() {
        let lines = DialogueScript.difference(["a", "b", "c"], ["a", "x", "c", "d"])
        #expect(lines == ["  a", "- b", "+ x", "  c", "+ d"])
    }
}
