/// The bytes of a configuration, as carried by entries of kind `configuration` and by snapshots.
///
/// Layout, little-endian: version (1 byte, 1) · voter count (UInt16) · voters (UInt64 each, ascending) · outgoing count
/// (UInt16) · outgoing voters. Must never: accept bytes it would not itself have written.

public struct ConfigurationDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension Configuration {
    /// More members than any cluster can use; a bound for decoding (invariant 13).
    public static let membersMax = 64

    public func encode() -> [UInt8] {
        var bytes: [UInt8] = [1]
        for nodes in [voters, outgoing] {
            bytes.append(UInt8(truncatingIfNeeded: nodes.count))
            bytes.append(UInt8(truncatingIfNeeded: nodes.count >> 8))
            for node in nodes {
                for shift in stride(from: 0, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: node.rawValue >> UInt64(shift)))
                }
            }
        }
        return bytes
    }

    public static func decode(_ bytes: [UInt8]) throws(ConfigurationDecodingError) -> Configuration {
        guard bytes.first == 1 else {
            throw ConfigurationDecodingError("configuration: unknown version \(bytes.first.map(String.init) ?? "none")")
        }
        var offset = 1
        let voters = try decodeNodes(bytes, &offset, "voters")
        let outgoing = try decodeNodes(bytes, &offset, "outgoing voters")
        guard offset == bytes.count else {
            throw ConfigurationDecodingError("configuration: \(bytes.count - offset) bytes too many")
        }
        guard !voters.isEmpty else { throw ConfigurationDecodingError("configuration: no voters") }
        return Configuration(voters: voters, outgoing: outgoing)
    }

    private static func decodeNodes(
        _ bytes: [UInt8], _ offset: inout Int, _ field: String
    ) throws(ConfigurationDecodingError) -> [NodeID] {
        guard bytes.count - offset >= 2 else { throw ConfigurationDecodingError("configuration: \(field) cut short") }
        let count = Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
        offset += 2
        guard count <= membersMax else {
            throw ConfigurationDecodingError("configuration: \(count) \(field), the limit is \(membersMax)")
        }
        guard bytes.count - offset >= count * 8 else {
            throw ConfigurationDecodingError("configuration: \(field) cut short")
        }
        var nodes: [NodeID] = []
        for _ in 0..<count {
            var value: UInt64 = 0
            for place in 0..<8 { value |= UInt64(bytes[offset + place]) << UInt64(8 * place) }
            offset += 8
            let node = NodeID(value)
            if let last = nodes.last, last >= node {
                throw ConfigurationDecodingError("configuration: \(field) not ascending at \(node)")
            }
            nodes.append(node)
        }
        return nodes
    }
}
