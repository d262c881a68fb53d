/// Lines for the person at the terminal.
///
/// Owns: the clock in front of a line and whether a line may be overwritten. Must never: write escape codes anywhere but
/// to a terminal.
import Client
import Foundation
import Synchronization

public final class Console: Sendable {
    private let start = ContinuousClock().now
    private let isTerminal: Bool
    private let hasOpenLine = Mutex(false)

    public init() { isTerminal = SystemText.isTerminal(1) }

    /// A whole line.
    public func line(_ text: String = "") {
        hasOpenLine.withLock { isOpen in
            Console.write((isOpen ? "\r\u{1b}[K" : "") + text + "\n")
            isOpen = false
        }
    }

    /// A line with the seconds since the start in front.
    public func step(_ text: String) {
        line("\(Console.seconds(ContinuousClock().now - start).leftPadded(to: 6)) s  \(text)")
    }

    /// A line that the next one replaces; only shown on a terminal.
    public func progress(_ text: String) {
        guard isTerminal else { return }
        hasOpenLine.withLock { isOpen in
            Console.write("\r\u{1b}[K" + text)
            isOpen = true
        }
    }

    public static func error(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Written at once, unlike `print`, which keeps text back when it goes to a pipe.
    public static func write(_ text: String) {
        FileHandle.standardOutput.write(Data(text.utf8))
    }

    /// With two decimals.
    public static func seconds(_ duration: Duration) -> String {
        fixed(Double(duration.milliseconds) / 1000, decimals: 2)
    }

    public static func fixed(_ value: Double, decimals: Int) -> String {
        String(format: "%.\(decimals)f", value)
    }
}

extension String {
    func leftPadded(to width: Int) -> String {
        count >= width ? self : String(repeating: " ", count: width - count) + self
    }
    func rightPadded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
