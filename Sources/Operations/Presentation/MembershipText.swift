/// Members and changes of membership as people read them.
///
/// Owns: the wording. Must never: call a change done that is not.
import Client

public enum MembershipText {
    public static func table(_ cluster: ClusterMembers) -> String {
        var table = TextTable([
            ("NODE", .right), ("ADDRESS", .left), ("ROLE", .left), ("PRIORITY", .right), ("MATCH", .right),
            ("LAG", .right), ("CONTACT", .right), ("DIRECTORY", .left),
        ])
        for member in cluster.members {
            table.add([
                "\(member.id)", member.address.isEmpty ? "-" : member.address, role(member, cluster),
                "\(member.priority)", member.matchIndex.map { "\($0)" } ?? "-",
                member.lagEntries.map { "\($0)" } ?? "-",
                member.lastContactMilliseconds.map { "\($0) ms" } ?? "-", member.incarnation ?? "not heard of yet",
            ])
        }
        var lines = ["cluster \(cluster.clusterID), term \(cluster.term), as node \(cluster.nodeID) knows it"]
        if cluster.isJoint { lines.append("a change of voters is under way") }
        return lines.joined(separator: "\n") + "\n" + table.text
    }

    private static func role(_ member: ClusterMember, _ cluster: ClusterMembers) -> String {
        var text = member.role
        if cluster.leaderID == member.id { text += ", leader" }
        if let replaced = member.replaces { text += ", replaces \(replaced)" }
        return text
    }

    /// - Parameter what: the change, as in "node 4 is added".
    public static func outcome(_ answer: MembershipAnswer, _ what: String) -> String {
        let voters = answer.cluster.members.filter { $0.role == "voter" }.map { "\($0.id)" }.joined(separator: " ")
        guard answer.isFinished else {
            return "under way: \(what); \(answer.pending). Watch it with: mneme cluster members"
        }
        return "done: \(what); voters are \(voters)"
    }
}
