/// Ctrl-C and SIGTERM as events instead of sudden death, so that children and directories can be cleaned up.
///
/// Owns: the two signals while a body runs. Must never: swallow a second Ctrl-C of somebody who lost patience.
import Foundation
import Synchronization

public enum SignalTrap {
    /// Runs `body`; the first signal calls `onSignal` and cancels the body's task, a second one ends the process.
    /// - Returns: the body's result and the signal that came, if any.
    public static func run<Result: Sendable>(
        onSignal: @escaping @Sendable (Int32) -> Void,
        _ body: @escaping @Sendable () async -> Result
    ) async -> (result: Result, signal: Int32?) {
        let task = Task { await body() }
        let seen = FirstSignal()
        let sources = [SIGINT, SIGTERM].map { number -> any DispatchSourceSignal in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                guard seen.record(number) else { _exit(128 + number) }
                onSignal(number)
                task.cancel()
            }
            source.resume()
            return source
        }
        let result = await task.value
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        return (result, seen.value)
    }
}

private final class FirstSignal: Sendable {
    private let number = Mutex<Int32?>(nil)
    var value: Int32? { number.withLock { $0 } }
    /// - Returns: false when there was one before.
    func record(_ signal: Int32) -> Bool {
        number.withLock { number in
            guard number == nil else { return false }
            number = signal
            return true
        }
    }
}
