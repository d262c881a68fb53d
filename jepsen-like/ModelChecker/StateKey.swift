/// 128-bit names of states. Two different states of one exploration get the same name with a chance of about n²/2¹²⁹ for
/// n states: below 10⁻²⁴ for ten million.
///
/// A state's name is the sum of the names of its parts, so a part is hashed once, and the order of the parts does not
/// show, which is right for a set of messages and, as every part carries its place, for everything else.

struct StateKey: Hashable {
    var low: UInt64 = 0
    var high: UInt64 = 0

    init() {}

    init(words: [UInt64], salt: UInt64) {
        var low = salt &+ 0x9E37_79B9_7F4A_7C15
        var high = salt ^ 0xD1B5_4A32_D192_ED03
        for word in words {
            low = StateKey.mix(low ^ word, 0xBF58_476D_1CE4_E5B9)
            high = StateKey.mix(high &+ word, 0x94D0_49BB_1331_11EB)
        }
        let length = UInt64(words.count)
        self.low = StateKey.mix(low ^ length, 0xFF51_AFD7_ED55_8CCD)
        self.high = StateKey.mix(high &+ length, 0xC4CE_B9FE_1A85_EC53)
    }

    private static func mix(_ value: UInt64, _ factor: UInt64) -> UInt64 {
        var mixed = (value ^ (value >> 32)) &* factor
        mixed = (mixed ^ (mixed >> 29)) &* 0x9FB2_1C65_1E98_DF25
        return mixed ^ (mixed >> 32)
    }

    static func + (left: StateKey, right: StateKey) -> StateKey {
        var sum = StateKey()
        sum.low = left.low &+ right.low
        sum.high = left.high &+ right.high
        return sum
    }

    static func < (left: StateKey, right: StateKey) -> Bool {
        left.low != right.low ? left.low < right.low : left.high < right.high
    }
}
