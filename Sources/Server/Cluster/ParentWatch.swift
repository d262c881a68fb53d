import Dispatch
import Foundation

/// Ends this process when the one that started it is gone, however that one ended: no orphan keeps a port or a lock.
///
/// Works by asking for the parent's id several times a second, which is portable and survives `exec`.
public enum ParentWatch {
    private static let intervalMilliseconds = 250
    /// How long an orderly stop may take before the process is ended without one.
    private static let graceSeconds = 10

    /// Begins to watch; ends the process with SIGTERM to itself, and for good `graceSeconds` later.
    public static func endWithParent() {
        let parent = getppid()
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(
            deadline: .now() + .milliseconds(intervalMilliseconds), repeating: .milliseconds(intervalMilliseconds))
        timer.setEventHandler {
            // Naming the timer here keeps it alive for as long as the process lives.
            guard getppid() != parent, !timer.isCancelled else { return }
            timer.cancel()
            kill(getpid(), SIGTERM)
            DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(graceSeconds)) { exit(0) }
        }
        timer.resume()
    }
}
