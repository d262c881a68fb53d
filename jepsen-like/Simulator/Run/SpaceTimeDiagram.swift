import Raft

/// The last seconds of a run as a picture: one line down per node, one stroke per message, one mark per change.
///
/// Owns: what it was told within its window. Must never: grow with the length of the run.
public struct SpaceTimeDiagram: Sendable {
    struct Stroke {
        var from: NodeID
        var to: NodeID
        var sentNanoseconds: UInt64
        /// nil: dropped on the way.
        var arrivalNanoseconds: UInt64?
        var kind: MessageKind
        var words: String
    }
    struct Mark {
        var node: NodeID
        var atNanoseconds: UInt64
        var words: String
    }

    private let windowNanoseconds: UInt64
    private var strokes: [Stroke] = []
    private var marks: [Mark] = []

    public init(windowNanoseconds: UInt64 = 2_000_000_000) { self.windowNanoseconds = windowNanoseconds }

    mutating func carried(_ message: RaftMessage, sent: UInt64, arrival: UInt64?) {
        strokes.append(
            Stroke(
                from: message.from, to: message.to, sentNanoseconds: sent, arrivalNanoseconds: arrival,
                kind: MessageKind(message.body), words: "\(message.term) \(message.body)"))
        if strokes.count >= 4_096 { prune(now: sent) }
    }

    mutating func mark(_ node: NodeID, at time: UInt64, _ words: String) {
        marks.append(Mark(node: node, atNanoseconds: time, words: words))
        if marks.count >= 4_096 { prune(now: time) }
    }

    private mutating func prune(now: UInt64) {
        let start = now > windowNanoseconds ? now - windowNanoseconds : 0
        strokes.removeAll { $0.sentNanoseconds < start }
        marks.removeAll { $0.atNanoseconds < start }
    }

    /// A page that needs nothing beside itself.
    public func page(title: String, nodes: [NodeID], now: UInt64) -> String {
        var copy = self
        copy.prune(now: now)
        let start = now > windowNanoseconds ? now - windowNanoseconds : 0
        let height = 2_400.0
        func y(_ time: UInt64) -> Double {
            40 + Double(time > start ? time - start : 0) / Double(windowNanoseconds) * height
        }
        func x(_ node: NodeID) -> Double { 80 + 180 * Double(nodes.firstIndex(of: node) ?? 0) }
        var svg = ""
        for node in nodes {
            svg += "<line x1='\(x(node))' y1='40' x2='\(x(node))' y2='\(height + 40)' class='life'/>"
            svg += "<text x='\(x(node))' y='24' class='name'>\(node)</text>"
        }
        for stroke in copy.strokes {
            let isLost = stroke.arrivalNanoseconds == nil
            let end = stroke.arrivalNanoseconds ?? stroke.sentNanoseconds
            let reach = isLost ? 0.3 : 1
            let endX = x(stroke.from) + (x(stroke.to) - x(stroke.from)) * reach
            svg += "<line x1='\(x(stroke.from))' y1='\(y(stroke.sentNanoseconds))' x2='\(endX)' y2='\(y(end))' "
            svg +=
                "class='\(isLost ? "lost" : "\(stroke.kind)")'><title>\(Self.escaped("\(stroke.from) to \(stroke.to)"))"
            svg += " \(Self.escaped(String(stroke.words.prefix(300))))</title></line>"
        }
        for mark in copy.marks {
            svg += "<circle cx='\(x(mark.node))' cy='\(y(mark.atNanoseconds))' r='4'>"
            svg += "<title>\(Self.escaped(mark.words))</title></circle>"
            svg += "<text x='\(x(mark.node) + 7)' y='\(y(mark.atNanoseconds) + 3)'>"
            svg += "\(Self.escaped(String(mark.words.prefix(46))))</text>"
        }
        return Self.frame(title: Self.escaped(title), width: 260 + 180 * nodes.count, height: Int(height) + 80, svg)
    }

    private static func frame(title: String, width: Int, height: Int, _ svg: String) -> String {
        """
        <!doctype html><meta charset='utf-8'><title>\(title)</title>
        <style>
        body { font: 13px sans-serif; margin: 1em }
        text { font: 10px sans-serif; fill: #222 } text.name { font-size: 14px; text-anchor: middle }
        line { stroke: #999; stroke-width: 1 } line.life { stroke: #ccc; stroke-width: 2 }
        line.lost { stroke: #d33; stroke-dasharray: 3 3 }
        line.append, line.appendReply { stroke: #2a7 } line.voteRequest, line.voteReply { stroke: #b4b; stroke-width: 2 }
        line.preVoteRequest, line.preVoteReply { stroke: #dad }
        line.snapshotChunk, line.snapshotReply { stroke: #28c } line.timeoutNow { stroke: #e80; stroke-width: 3 }
        circle { fill: #e80 } line:hover { stroke: #000; stroke-width: 3 }
        </style>
        <h1>\(title)</h1><p>Time goes down: two seconds. Point at a line or a dot to read it. Dashed red: lost.</p>
        <svg width='\(width)' height='\(height)'>\(svg)</svg>
        """
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
        return result
    }
}
