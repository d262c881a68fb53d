/// Ports on 127.0.0.1 that nobody listens on.
///
/// Owns: asking the kernel. Must never: promise more than "free a moment ago".
import Foundation

public enum LoopbackPorts {
    /// Below the range from which the kernel gives ports to outgoing connections, so that a node that was killed finds
    /// its port free when it comes back.
    private static let candidates = 15_000...31_999
    private static let attemptsMax = 2000

    /// Whether a listener could be bound there now.
    public static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, streamType, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0 && listen(descriptor, 1) == 0
    }

    /// - Parameter count: how many different ports are wanted.
    public static func free(_ count: Int) throws(OperationsError) -> [Int] {
        var ports: [Int] = []
        var attempts = 0
        while ports.count < count {
            attempts += 1
            guard attempts <= attemptsMax else {
                let range = "\(candidates.lowerBound) and \(candidates.upperBound)"
                throw OperationsError("no \(count) free ports between \(range)")
            }
            let port = Int.random(in: candidates)
            if !ports.contains(port) && isFree(port) { ports.append(port) }
        }
        return ports
    }

    private static var streamType: Int32 {
        #if os(Linux)
        Int32(SOCK_STREAM.rawValue)
        #else
        SOCK_STREAM
        #endif
    }
}
