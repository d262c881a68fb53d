/// Cutting the front of the log off once the state machine's checkpoint covers it.
///
/// Owns: the removal of files. Must never: remove one before the record that makes it superfluous is durable, or out of
/// order: oldest first, each removal durable before the next (catalogue bugs 60, 64).

extension WriteAheadLog {
    /// Moves the base to `position` and removes the segments that hold nothing beyond it. Doing it again is harmless.
    ///
    /// - Parameter position: an entry of this log; everything up to it must be durable in the state machine.
    /// - Throws: `LogError.invalidRequest` when the log has no such entry (nothing was changed then); anything else is
    ///   final as for `append`.
    public func compact(through position: LogPosition) throws(LogError) {
        try requireRunning()
        guard position.index > state.base.index else {
            // The base is there already, but the removal may have been cut short by a crash.
            do throws(LogError) { try removeUnusedSegments() } catch { throw stop(error) }
            return
        }
        guard let term = state.term(at: position.index), term == position.term else {
            throw .invalidRequest(
                reason: "the log holds \(state.base.index.rawValue)…\(state.lastIndex.rawValue) and cannot be cut at "
                    + "\(position)")
        }
        try appendRecord(.base(position))
        do throws(LogError) { try removeUnusedSegments() } catch { throw stop(error) }
    }

    /// Removes the segments before the first one that still holds a live entry; the last one always stays.
    func removeUnusedSegments() throws(LogError) {
        let needed = extents.firstSegment ?? UInt64.max
        do throws(DiskError) {
            while segments.count > 1, segments[0].header.sequence < needed {
                segments[0].file.close()
                try disk.remove(segments[0].fileName)
                try disk.syncDirectory()
                segments.removeFirst()
            }
        } catch {
            throw .disk(error)
        }
    }
}
