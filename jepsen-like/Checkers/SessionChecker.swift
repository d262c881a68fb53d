/// What one client may rely on, whichever nodes it talks to: monotonic reads and writes, reading its own writes, writes
/// that follow its reads (Terry et al. 1994).
///
/// Owns: one index per client. Stale reads promise none of it and are left out, unless the client asked for them to be
/// monotonic by staying on one run of one node, which is not for this checker to know.
public enum SessionChecker {
    public static func check(_ history: History) -> Verdict {
        var verdict = Verdict()
        var latest: [UInt32: Int] = [:]
        let operations = history.operations
        // A client has one operation at a time, so its operations stand here in its own order.
        for (number, operation) in operations.enumerated() where operation.isOrdered {
            defer { latest[operation.client] = number }
            guard let last = latest[operation.client] else { continue }
            let before = operations[last]
            let isRead = operation.action == .read
            guard operation.index < before.index || !isRead && operation.index == before.index else { continue }
            let name: String
            switch (before.action == .read, isRead) {
            case (true, true): name = "monotonic reads"
            case (false, true): name = "read your writes"
            case (false, false): name = "monotonic writes"
            case (true, false): name = "writes follow reads"
            }
            verdict.violated("\(name): \(operation) after \(before)")
        }
        return verdict
    }
}
