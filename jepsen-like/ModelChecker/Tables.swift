/// Everything an exploration meets is kept once and goes by its number from then on.
///
/// Owns: log entries and messages by number. Must never: give one value two numbers.

import RaftCore

struct EntryTable {
    private var numbers: [Entry: UInt32] = [:]
    private var entries: [Entry] = []

    subscript(number: UInt32) -> Entry { entries[Int(number)] }

    mutating func number(of entry: Entry) -> UInt32 {
        if let known = numbers[entry] { return known }
        let number = UInt32(entries.count)
        entries.append(entry)
        numbers[entry] = number
        return number
    }
}

struct MessageTable {
    /// What the exploration looks at for every state.
    struct Glance {
        /// Place of the receiver.
        var to: Int
        /// Once the receiver's disk knows this term, the message changes nothing any more and is taken away.
        var deadFrom: Term
        /// Part of an election.
        var isElection: Bool
    }

    private var numbers: [Message: UInt32] = [:]
    private(set) var messages: [Message] = []
    private(set) var glances: ContiguousArray<Glance> = []
    /// Names of message `n` under each renaming, from `n × renamings` on.
    private(set) var keys: ContiguousArray<StateKey> = []
    private let renamings: [[UInt64]]

    private let losesStaleRequests: Bool

    init(renamings: [[UInt64]], losesStaleRequests: Bool) {
        self.renamings = renamings
        self.losesStaleRequests = losesStaleRequests
    }

    var count: Int { messages.count }
    subscript(number: UInt32) -> Message { messages[Int(number)] }
    func glance(_ number: UInt32) -> Glance { glances[Int(number)] }

    mutating func number(of message: Message) -> UInt32 {
        if let known = numbers[message] { return known }
        let number = UInt32(messages.count)
        numbers[message] = number
        for names in renamings {
            var encoder = ExplorationEncoder(names: names)
            encoder.message(message)
            keys.append(StateKey(words: encoder.words, salt: 2))
        }
        messages.append(message)
        glances.append(
            Glance(
                to: Int(message.to.rawValue) - 1, deadFrom: endOfLife(of: message),
                isElection: MessageTable.isElection(message.body)))
        return number
    }

    /// Answers of a term are not listened to in a later one. Requests are, but only to tell the sender of that term;
    /// a setting says whether that counts.
    private func endOfLife(of message: Message) -> Term {
        switch message.body {
        case .preVoteReply(let reply) where reply.granted: message.term
        case .preVoteReply, .voteReply, .appendReply, .heartbeatReply: message.term.next
        case .preVoteRequest: losesStaleRequests ? message.term : Term(.max)
        case .forward, .forwardRefused, .readRequest, .readReply, .transferRequest: Term(.max)
        default: losesStaleRequests ? message.term.next : Term(.max)
        }
    }

    private static func isElection(_ body: MessageBody) -> Bool {
        switch body {
        case .preVoteRequest, .preVoteReply, .voteRequest, .voteReply: true
        default: false
        }
    }
}
