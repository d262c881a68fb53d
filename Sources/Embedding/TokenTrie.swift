/// The vocabulary as two tries over characters, one for pieces that begin a word and one for those that go on with it, so
/// that the longest matching piece is found in one walk.
///
/// Owns: the nodes. Must never: compare characters by anything but their value (Swift's strings fold equivalents).

struct TokenTrie: Sendable {
    enum Root: Int32 {
        case beginning = 0
        case continuation = 1
    }

    /// Edges in a hash table with open addressing: (node, character) + 1, 0 being a free place, and the node it leads to.
    private var edges: [UInt64]
    private var targets: [Int32] = []
    private var edgeCount = 0
    private var shift: UInt64
    /// The token that ends at a node; -1 for none.
    private var tokens: [Int32] = [-1, -1]

    init() {
        edges = Array(repeating: 0, count: 1 << 18)
        targets = Array(repeating: 0, count: 1 << 18)
        shift = 64 - 18
    }

    /// Of two equal pieces the later one stays.
    mutating func insert(_ piece: some Sequence<Unicode.Scalar>, under root: Root, token: Int32) {
        var node = root.rawValue
        for scalar in piece {
            let edge = TokenTrie.edge(node, scalar)
            let place = place(of: edge)
            if edges[place] == edge {
                node = targets[place]
                continue
            }
            node = Int32(tokens.count)
            tokens.append(-1)
            edges[place] = edge
            targets[place] = node
            edgeCount += 1
            if edgeCount * 2 > edges.count { grow() }
        }
        tokens[Int(node)] = token
    }

    /// The longest piece that `word` has at `start`.
    /// - Returns: nil when not even the first character is a piece.
    func longest(in word: [Unicode.Scalar], from start: Int, under root: Root) -> (token: Int32, end: Int)? {
        var node = root.rawValue
        var best: (token: Int32, end: Int)?
        for index in start..<word.count {
            let edge = TokenTrie.edge(node, word[index])
            let place = place(of: edge)
            guard edges[place] == edge else { break }
            node = targets[place]
            let token = tokens[Int(node)]
            if token >= 0 { best = (token, index + 1) }
        }
        return best
    }

    private static func edge(_ node: Int32, _ scalar: Unicode.Scalar) -> UInt64 {
        (UInt64(UInt32(bitPattern: node)) << 21 | UInt64(scalar.value)) + 1
    }

    /// Where the edge is, or the free place where it belongs. At least half of the places are free.
    private func place(of edge: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: (edge &* 0x9e37_79b9_7f4a_7c15) >> shift)
        while edges[place] != 0 && edges[place] != edge { place = (place + 1) & (edges.count - 1) }
        return place
    }

    private mutating func grow() {
        let old = zip(edges, targets)
        shift -= 1
        edges = Array(repeating: 0, count: edges.count * 2)
        targets = Array(repeating: 0, count: edges.count)
        for (edge, target) in old where edge != 0 {
            let place = place(of: edge)
            edges[place] = edge
            targets[place] = target
        }
    }
}
