/// What an index is made with, and what it says about itself.
///
/// Owns: the bounds of every parameter. Must never: let a value through that arithmetic elsewhere could overflow on.

public struct VectorIndexParameters: Sendable, Equatable {
    public static let dimensionMax = 4_096
    public static let linksMax = 64
    public static let breadthMax = 10_000

    /// Components of a vector: a multiple of 16.
    public var dimension: Int
    /// Links of a node in the upper layers; layer 0 has twice as many.
    public var links: Int
    /// Candidates kept while a place for a new node is sought.
    public var constructionBreadth: Int
    /// Slots for which addresses (not memory) are set aside. Every append takes one, removed or not, until a rebuild.
    public var slotsMax: Int

    public init(
        dimension: Int = 384, links: Int = 16, constructionBreadth: Int = 200, slotsMax: Int = 1 << 24
    ) {
        self.dimension = dimension
        self.links = links
        self.constructionBreadth = constructionBreadth
        self.slotsMax = slotsMax
    }

    /// How many links a node has room for in layer 0.
    var baseLinks: Int { links * 2 }

    func check() throws(VectorIndexError) {
        guard dimension >= 16, dimension <= Self.dimensionMax, dimension % 16 == 0 else {
            throw .parameter("the dimension is a multiple of 16 from 16 to \(Self.dimensionMax), not \(dimension)")
        }
        guard links >= 2, links <= Self.linksMax else {
            throw .parameter("a node has 2 to \(Self.linksMax) links, not \(links)")
        }
        guard constructionBreadth >= 1, constructionBreadth <= Self.breadthMax else {
            throw .parameter("the construction breadth is 1 to \(Self.breadthMax), not \(constructionBreadth)")
        }
        guard slotsMax >= 1, slotsMax <= 1 << 30 else {
            throw .parameter("an index has 1 to \(1 << 30) slots, not \(slotsMax)")
        }
    }
}

/// One vector found.
public struct VectorMatch: Sendable, Equatable {
    public var key: Int64
    public var slot: Int
    /// The dot product of query and vector in single precision: for unit vectors their cosine.
    public var score: Float

    public init(key: Int64, slot: Int, score: Float) {
        self.key = key
        self.slot = slot
        self.score = score
    }
}

/// Bytes in use, all slots together.
public struct MemoryReport: Sendable, Equatable {
    public var slots: Int
    /// One byte per component: what walks and scans read.
    public var codes: Int
    /// Layer 0.
    public var links: Int
    /// The layers above.
    public var upperLinks: Int
    /// Single precision: what results are ranked by. After a load these are pages of the file, which the system can
    /// drop.
    public var vectors: Int
    /// Keys, levels, tombstones, and the table from keys to slots.
    public var keys: Int

    public var total: Int { codes + links + upperLinks + vectors + keys }
    public var perVector: Double { slots == 0 ? 0 : Double(total) / Double(slots) }
    /// Without the single-precision vectors.
    public var walkedPerVector: Double { slots == 0 ? 0 : Double(total - vectors) / Double(slots) }
}
