import Raft

/// Rare things that a campaign must have met, or it proved little. A campaign of many seeds fails on a probe without a hit.
public enum Probe: UInt8, Sendable, CaseIterable {
    case leaderElected, leaderDeposed, leaderTruncatedAfterwards, followerTruncated, splitVote
    case voteRefused, preVoteRefused, conflictHintUsed, lateMessageOfOldTerm
    case entriesFromDisk, logCut, snapshotSent, snapshotInstalled, snapshotRefused, snapshotOvertookAppend
    case crashDuringInstall, forwardedProposal, forwardRefused, readForwarded, readRefused, leaseRead
    case proposalsRefusedOverload, transferAsked, timeoutNowSent, electionWithoutPreVote
    case configurationJoint, configurationFinal, jointLeftByNewLeader, learnerPromoted, configurationTruncated
    case memberRemoved, leaderRemoved, strangerIgnored, incarnationBound
    case restartAfterKill, startRefused, stoppedByDiskError, stoppedByFullDisk
    case buildUpgraded, featureLevelRaised, olderLayoutSent
    case allNodesDown, majorityDown, pausedLeader, wallClockBack
}
