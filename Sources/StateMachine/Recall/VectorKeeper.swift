/// The thread that works for the index of vectors behind the store's back: links new vectors into the graph, makes room
/// where many were removed, and writes the file that the next start reads.
///
/// Owns: the thread, and when each is done. Must never: hold up apply or a read; nothing waits for it but `stop`.
import Synchronization
import VectorIndex

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class VectorKeeper: @unchecked Sendable {
    // Sendable: `thread` is written by `start` and read by `stop`, which the owner calls in this order, once each;
    // `saveNotBefore` and `compactNotBefore` belong to the thread; the rest locks itself or never changes.

    struct Options: Hashable, Sendable {
        /// Vectors linked before the thread looks up again.
        var linkBatch = 64
        /// A file is written when so many vectors changed since the last one, or this part of all if that is more: so
        /// that growing writes each vector a few times, not every time.
        var saveChangesMin = 4_096
        var saveChangesShare = 0.1
        /// At the end it is written for less: linking a vector again takes half a millisecond.
        var saveAtEndMin = 256
        /// Between attempts after one that failed.
        var retrySeconds = 60
        /// Left free on the disk beside the file: the log and the database go before it.
        var freeBytesMin = 512 << 20
    }

    private let options: Options
    let signal = ThreadSignal()
    /// Notified after each step of the work.
    let progress = ThreadSignal()
    private let current: Mutex<RecallIndex?>
    private let trouble = Mutex<String?>(nil)
    private var thread: pthread_t?
    /// Of the keeper's thread alone.
    private var saveNotBefore = ContinuousClock.now
    private var compactNotBefore = ContinuousClock.now

    init(options: Options = Options()) {
        self.options = options
        current = Mutex(nil)
    }

    /// For which index it works from now on.
    func serve(_ index: RecallIndex) {
        current.withLock { $0 = index }
        signal.notify()
    }

    /// What went wrong last; told once.
    func takeTrouble() -> String? {
        trouble.withLock { trouble in
            defer { trouble = nil }
            return trouble
        }
    }

    func start() throws(StoreError) {
        let argument = Unmanaged.passRetained(self).toOpaque()
        #if canImport(Darwin)
        var created: pthread_t?
        let code = pthread_create(&created, nil, { VectorKeeper.main($0) }, argument)
        #else
        var created = pthread_t()
        let code = pthread_create(&created, nil, { VectorKeeper.main($0) }, argument)
        #endif
        guard code == 0 else {
            Unmanaged<VectorKeeper>.fromOpaque(argument).release()
            throw PosixStoreFiles.failure("start the thread that links vectors", code)
        }
        thread = created
    }

    /// Waits for the thread, which first writes what is worth it.
    func stop() {
        signal.end()
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let keeper = Unmanaged<VectorKeeper>.fromOpaque(argument).takeRetainedValue()
        #if canImport(Glibc)
        // Of this thread alone: requests come first where cores are few.
        if setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10) != 0 {
            keeper.note("the thread that links vectors could not be made less urgent")
        }
        #endif
        keeper.run()
        return nil
    }

    private func run() {
        while !signal.hasEnded {
            let seen = signal.count
            let isBusy = work()
            progress.notify()
            if !isBusy { signal.wait(beyond: seen) }
        }
        save { $0.unsavedCount >= options.saveAtEndMin }
        progress.end()
    }

    /// - Returns: whether there may be more to do at once.
    private func work() -> Bool {
        guard let recall = current.withLock({ $0 }), let index = recall.vectorIndex else { return false }
        var linkedCount = 0
        do throws(VectorIndexError) {
            // Not put off for want of a quiet moment: there may never be one.
            if index.needsRebuild, ContinuousClock.now >= compactNotBefore {
                // Should it fail, what is linked meanwhile serves as well.
                compactNotBefore = .now + .seconds(options.retrySeconds)
                let isDone = try compact(recall, index)
                compactNotBefore = .now
                return isDone
            }
            linkedCount = try index.linkNext(options.linkBatch)
        } catch {
            // Vectors that are not linked are found all the same.
            note(error.description)
            return false
        }
        if index.unlinkedCount <= options.linkBatch {
            save { state in
                let share = Double(state.vectors?.count ?? 0) * options.saveChangesShare
                return state.unsavedCount >= max(options.saveChangesMin, Int(share))
            }
        }
        return linkedCount > 0
    }

    private func compact(_ recall: RecallIndex, _ index: VectorIndex) throws(VectorIndexError) -> Bool {
        guard let rebuild = try index.rebuilt(shouldStop: { self.signal.hasEnded }) else { return false }
        var slots = SlotTable()
        for (slot, key) in rebuild.index.keysBySlot() { slots.set(key, slot) }
        try recall.state.withLock { (state) throws(VectorIndexError) in
            // Another index took its place: a snapshot came.
            guard state.vectors?.index === index else { return }
            let finished = try rebuild.finish()
            for key in finished.removed { slots.set(key, nil) }
            for (slot, key) in finished.index.keysBySlot(from: finished.firstNewSlot) { slots.set(key, slot) }
            state.vectors?.move(to: finished.index, slots: slots)
            state.unsavedCount += finished.index.slotCount
        }
        return true
    }

    private func save(if isWorthIt: (RecallIndex.State) -> Bool) {
        guard let recall = current.withLock({ $0 }), let path = recall.path, ContinuousClock.now >= saveNotBefore,
            recall.state.withLock({ isWorthIt($0) }), hasRoom(recall, path)
        else { return }
        let taken = recall.state.withLock { state -> (capture: VectorIndexCapture, changes: Int)? in
            guard isWorthIt(state), let index = state.vectors?.index else { return nil }
            let changes = state.unsavedCount
            state.unsavedCount = 0
            return (index.capture(coveredIndex: min(state.durableIndex, state.appliedIndex)), changes)
        }
        guard let taken else { return }
        do throws(VectorIndexError) {
            try taken.capture.write(to: path)
        } catch {
            // The next start takes longer, that is all; a vector that comes a while later brings the next attempt.
            note(error.description)
            saveNotBefore = .now + .seconds(options.retrySeconds)
            recall.state.withLock { $0.unsavedCount += taken.changes }
        }
    }

    /// The file is there twice while it is written.
    private func hasRoom(_ recall: RecallIndex, _ path: String) -> Bool {
        var status = statvfs()
        guard let index = recall.vectorIndex, statvfs(StoreDirectory.parent(of: path), &status) == 0 else {
            return true
        }
        let freeBytes = Double(status.f_bavail) * Double(status.f_frsize)
        let wantedBytes = Double(index.memory.total) + Double(options.freeBytesMin)
        guard freeBytes < wantedBytes else { return true }
        note(
            "the vectors are not kept in \(path): that takes \(Int(wantedBytes)) free bytes, of which 512 MiB stay free"
        )
        saveNotBefore = .now + .seconds(options.retrySeconds)
        return false
    }

    private func note(_ text: String) { trouble.withLock { $0 = text } }
}

extension RecallIndex {
    var vectorIndex: VectorIndex? { state.withLock { $0.vectors?.index } }
}
