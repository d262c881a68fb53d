/// What a load run saw.
///
/// Owns: the result and its line of JSON, the same shape as that of the loader that measures etcd beside it.
import JSON

public struct LoadReport: Hashable, Sendable {
    public var operation: LoadOperation
    public var clients: Int
    public var sizeBytes: Int
    /// Operations that succeeded within the measured time.
    public var operations: UInt64
    /// Operations that failed within it: connection lost, time-out, or a status that is not 2xx.
    public var errors: UInt64
    public var perSecond: Double
    public var p50Microseconds: UInt64
    public var p99Microseconds: UInt64
    public var p999Microseconds: UInt64
    public var firstError: String?

    /// One line, keys as in bench/etcd.
    public var jsonLine: String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("system")
        writer.string("mneme")
        writer.key("op")
        writer.string(operation.rawValue)
        writer.key("clients")
        writer.integer(clients)
        writer.key("size")
        writer.integer(sizeBytes)
        writer.key("ops")
        writer.integer(operations)
        writer.key("errors")
        writer.integer(errors)
        writer.key("per_second")
        writer.double((perSecond * 10).rounded() / 10)
        writer.key("p50_us")
        writer.integer(p50Microseconds)
        writer.key("p99_us")
        writer.integer(p99Microseconds)
        writer.key("p999_us")
        writer.integer(p999Microseconds)
        if let firstError {
            writer.key("first_error")
            writer.string(firstError)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
