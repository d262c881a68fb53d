/// The bytes of a configuration, as carried by entries of kind `configuration` and by state machines, and of a change,
/// as carried by proposals.
///
/// Layout, little-endian. Configuration: version (1 byte, 2) · feature level (UInt16) · used through (UInt64) · member
/// count (UInt16) · members ascending · voter count (UInt16) · voters (UInt64 each, ascending) · outgoing count
/// (UInt16) · outgoing voters. Member: id (UInt64) · incarnation (UInt64) · priority (UInt8) · flags (UInt8, bit 0
/// joining) · replaces (UInt64, 0 for none) · address length (UInt16) · address (UTF-8).
/// Must never: accept bytes it would not itself have written.

public struct ConfigurationDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

extension Configuration {
    /// More members than any cluster can use; a bound for decoding (invariant 13).
    public static let membersMax = 64
    private static let version: UInt8 = 2

    public func encode() -> [UInt8] {
        var writer = ConfigurationWriter()
        writer.uint8(Configuration.version)
        writer.uint16(featureLevel)
        writer.node(usedThrough)
        writer.members(members)
        writer.nodes(voters)
        writer.nodes(outgoing)
        return writer.bytes
    }

    public static func decode(_ bytes: [UInt8]) throws(ConfigurationDecodingError) -> Configuration {
        var reader = ConfigurationReader(bytes, "configuration")
        let found = try reader.uint8("version")
        guard found == version else { throw reader.problem("unknown version \(found)") }
        let featureLevel = try reader.uint16("feature level")
        let usedThrough = try reader.node("used through")
        let members = try reader.members("members")
        let voters = try reader.nodes("voters", isAscending: true)
        let outgoing = try reader.nodes("outgoing voters", isAscending: true)
        try reader.finish()
        guard !voters.isEmpty else { throw reader.problem("no voters") }
        for voter in voters + outgoing where !members.contains(where: { $0.id == voter }) {
            throw reader.problem("voter \(voter) is no member")
        }
        guard let last = members.last, last.id <= usedThrough else {
            throw reader.problem("a member beyond \(usedThrough), the last id used")
        }
        return Configuration(
            members: members, voters: voters, outgoing: outgoing, usedThrough: usedThrough, featureLevel: featureLevel)
    }
}

extension MembershipChange {
    private static let version: UInt8 = 1

    /// Version (1 byte, 1) · new members · promoted · removed (each a count and its items, in the order given) ·
    /// priority count (UInt16) · id (UInt64) and priority (UInt8) each.
    public func encode() -> [UInt8] {
        var writer = ConfigurationWriter()
        writer.uint8(MembershipChange.version)
        writer.members(add)
        writer.nodes(promote)
        writer.nodes(remove)
        writer.uint16(UInt16(truncatingIfNeeded: prioritise.count))
        for wanted in prioritise {
            writer.node(wanted.id)
            writer.uint8(wanted.priority)
        }
        return writer.bytes
    }

    public static func decode(_ bytes: [UInt8]) throws(ConfigurationDecodingError) -> MembershipChange {
        var reader = ConfigurationReader(bytes, "membership change")
        let found = try reader.uint8("version")
        guard found == version else { throw reader.problem("unknown version \(found)") }
        var change = MembershipChange()
        change.add = try reader.members("new members")
        change.promote = try reader.nodes("promoted members", isAscending: false)
        change.remove = try reader.nodes("removed members", isAscending: false)
        for _ in 0..<(try reader.count("priorities")) {
            let id = try reader.node("priority id")
            change.prioritise.append(Priority(id: id, priority: try reader.uint8("priority")))
        }
        try reader.finish()
        return change
    }
}
