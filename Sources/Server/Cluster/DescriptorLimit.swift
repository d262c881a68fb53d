import Foundation

/// How many files and sockets this process may have open, and how they are shared out.
///
/// A node that cannot open a file when it needs one must stop, so clients may never use up what log, database and the
/// other nodes need. Owns: the reserve. Must never: lower a limit.
enum DescriptorLimit {
    /// For log segments, database connections, snapshots, other nodes and event loops.
    static let reserve = 192

    struct TooLow: Error, CustomStringConvertible {
        var limit: Int
        var description: String {
            "the limit of open files is \(limit); a node needs at least \(2 * reserve) (see ulimit -n)"
        }
    }

    /// Raises the soft limit to the hard one and returns how many connections clients may hold at the same time.
    static func connectionsMax(wanted: Int) throws -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 2 * reserve }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = raised.rlim_max
            // Where the system does not grant it, what it granted before still holds.
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        let available = Int(clamping: limit.rlim_cur)
        guard available >= 2 * reserve else { throw TooLow(limit: available) }
        return min(wanted, available - reserve)
    }
}
