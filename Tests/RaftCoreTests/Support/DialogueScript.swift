/// A dialogue: a text file of commands to a cluster of cores, each block followed by what must come of it.
///
///     # a comment
///     campaign 1
///     settle
///     ----
///     what the two commands printed
///
/// A blank line ends a block. Owns: the form of the file. Must never: know a command.

import Foundation

struct DialogueScript {
    struct Block {
        /// Comment lines before it, as they stand.
        var comments: [String]
        var commands: [String]
        var expected: [String]
    }

    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    static let separator = "----"
    var blocks: [Block] = []
    /// Comments after the last block.
    var epilogue: [String] = []

    init(_ text: String) throws {
        var block = Block(comments: [], commands: [], expected: [])
        var isExpecting = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if isExpecting {
                if line.isEmpty {
                    blocks.append(block)
                    block = Block(comments: [], commands: [], expected: [])
                    isExpecting = false
                } else {
                    block.expected.append(line)
                }
            } else if line == Self.separator {
                guard !block.commands.isEmpty else { throw Problem(description: "a block without commands") }
                isExpecting = true
            } else if line.hasPrefix("#") {
                guard block.commands.isEmpty else { throw Problem(description: "a comment inside a block: \(line)") }
                block.comments.append(line)
            } else if !line.isEmpty {
                block.commands.append(line)
            } else if !block.commands.isEmpty {
                throw Problem(description: "no \(Self.separator) after: \(block.commands.joined(separator: "; "))")
            }
        }
        if isExpecting { blocks.append(block) }
        guard isExpecting || block.commands.isEmpty else {
            throw Problem(description: "no \(Self.separator) at the end")
        }
        if !isExpecting { epilogue = block.comments }
    }

    var text: String {
        var lines: [String] = []
        for block in blocks {
            lines += block.comments + block.commands + [Self.separator] + block.expected + [""]
        }
        lines += epilogue
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Lines of `wanted` with `-` and of `found` with `+`, by their longest common subsequence.
    static func difference(_ wanted: [String], _ found: [String]) -> [String] {
        let changes = found.difference(from: wanted)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [String] = []
        var place = 0
        for (offset, line) in wanted.enumerated() {
            if removed.contains(offset) {
                lines.append("- \(line)")
                continue
            }
            while inserted.contains(place) {
                lines.append("+ \(found[place])")
                place += 1
            }
            lines.append("  \(line)")
            place += 1
        }
        while place < found.count {
            lines.append("+ \(found[place])")
            place += 1
        }
        return lines
    }
}
