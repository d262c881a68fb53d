/// Why the transport could not start, in words that say what to do.

import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

public enum TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The 16-byte cluster id has another length.
    case clusterIDLength(bytes: Int)
    /// An option makes no sense.
    case invalidOption(String)
    /// `start` was called before.
    case alreadyStarted
    /// `stop` was called before or meanwhile.
    case stopped
    case addressInUse(PeerAddress)
    case addressNotAvailable(PeerAddress)
    case notPermitted(PeerAddress)
    case cannotListen(PeerAddress, reason: String)

    public var description: String {
        switch self {
        case .clusterIDLength(let bytes): "the cluster id has \(bytes) bytes; it must have 16"
        case .invalidOption(let problem): "transport option \(problem)"
        case .alreadyStarted: "the transport was started before"
        case .stopped: "the transport is stopped"
        case .addressInUse(let address):
            "cannot listen for peers on \(address): the address is in use, perhaps by another node that still runs; "
                + "stop that process or choose another port"
        case .addressNotAvailable(let address):
            "cannot listen for peers on \(address): this machine has no such address; choose one of its own"
        case .notPermitted(let address):
            "cannot listen for peers on \(address): not permitted; choose a port above 1023"
        case .cannotListen(let address, let reason): "cannot listen for peers on \(address): \(reason)"
        }
    }

    init(listening address: PeerAddress, failure: any Error) {
        switch (failure as? IOError)?.errnoCode {
        case EADDRINUSE: self = .addressInUse(address)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        case EACCES, EPERM: self = .notPermitted(address)
        default: self = .cannotListen(address, reason: String(describing: failure))
        }
    }
}
