/// `Raft` speaks in the core's vocabulary; whoever imports it gets that too.
@_exported import RaftCore

/// `Message` is a common word outside this module.
public typealias RaftMessage = Message
