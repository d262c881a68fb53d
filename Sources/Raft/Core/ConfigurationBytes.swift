/// Little-endian writing and checked reading for `Configuration+Coding`; consensus has no other bytes of its own.
///
/// Must never: read past the end, or allocate by a count it has not compared with its limit.

struct ConfigurationWriter {
    private(set) var bytes: [UInt8] = []

    mutating func uint8(_ value: UInt8) { bytes.append(value) }
    mutating func uint16(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }
    mutating func uint64(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    mutating func node(_ node: NodeID) { uint64(node.rawValue) }
    mutating func nodes(_ nodes: [NodeID]) {
        uint16(UInt16(truncatingIfNeeded: nodes.count))
        for node in nodes { self.node(node) }
    }
    mutating func members(_ members: [Member]) {
        uint16(UInt16(truncatingIfNeeded: members.count))
        for member in members {
            node(member.id)
            uint64(member.incarnation)
            uint8(member.priority)
            uint8(member.isJoining ? 1 : 0)
            node(member.replaces ?? NodeID(0))
            let address = Array(member.address.utf8)
            uint16(UInt16(truncatingIfNeeded: address.count))
            bytes.append(contentsOf: address)
        }
    }
}

struct ConfigurationReader {
    private let bytes: [UInt8]
    private let subject: String
    private var offset = 0

    init(_ bytes: [UInt8], _ subject: String) {
        self.bytes = bytes
        self.subject = subject
    }

    func problem(_ text: String) -> ConfigurationDecodingError { ConfigurationDecodingError("\(subject): \(text)") }

    mutating func uint8(_ field: String) throws(ConfigurationDecodingError) -> UInt8 {
        UInt8(truncatingIfNeeded: try number(field, bytes: 1))
    }
    mutating func uint16(_ field: String) throws(ConfigurationDecodingError) -> UInt16 {
        UInt16(truncatingIfNeeded: try number(field, bytes: 2))
    }
    mutating func uint64(_ field: String) throws(ConfigurationDecodingError) -> UInt64 { try number(field, bytes: 8) }
    mutating func node(_ field: String) throws(ConfigurationDecodingError) -> NodeID { NodeID(try uint64(field)) }

    mutating func count(_ field: String) throws(ConfigurationDecodingError) -> Int {
        let count = Int(try uint16("\(field) count"))
        guard count <= Configuration.membersMax else {
            throw problem("\(count) \(field), the limit is \(Configuration.membersMax)")
        }
        return count
    }

    mutating func nodes(_ field: String, isAscending: Bool) throws(ConfigurationDecodingError) -> [NodeID] {
        var nodes: [NodeID] = []
        for _ in 0..<(try count(field)) {
            let node = try node(field)
            if isAscending, let last = nodes.last, last >= node { throw problem("\(field) not ascending at \(node)") }
            nodes.append(node)
        }
        return nodes
    }

    mutating func members(_ field: String) throws(ConfigurationDecodingError) -> [Member] {
        var members: [Member] = []
        for _ in 0..<(try count(field)) {
            let id = try node("member id")
            if let last = members.last, last.id >= id { throw problem("\(field) not ascending at \(id)") }
            let incarnation = try uint64("incarnation")
            let priority = try uint8("priority")
            let flags = try uint8("flags")
            guard flags <= 1 else { throw problem("unknown flags \(flags) of member \(id)") }
            let replaces = try node("replaces")
            let length = Int(try uint16("address length"))
            guard length <= Member.addressBytesMax else {
                throw problem("an address of \(length) bytes, the limit is \(Member.addressBytesMax)")
            }
            guard bytes.count - offset >= length else { throw problem("address cut short") }
            let text = bytes[offset..<offset + length]
            offset += length
            guard let address = String(validating: text, as: UTF8.self) else {
                throw problem("the address of \(id) is not UTF-8")
            }
            members.append(
                Member(
                    id: id, address: address, incarnation: incarnation, priority: priority, isJoining: flags == 1,
                    replaces: replaces.rawValue == 0 ? nil : replaces))
        }
        return members
    }

    func finish() throws(ConfigurationDecodingError) {
        guard offset == bytes.count else { throw problem("\(bytes.count - offset) bytes too many") }
    }

    private mutating func number(_ field: String, bytes count: Int) throws(ConfigurationDecodingError) -> UInt64 {
        guard bytes.count - offset >= count else { throw problem("\(field) cut short") }
        var value: UInt64 = 0
        for place in 0..<count { value |= UInt64(bytes[offset + place]) << UInt64(8 * place) }
        offset += count
        return value
    }
}
