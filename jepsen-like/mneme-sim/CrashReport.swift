/// Says which run it was when the process dies in the middle of one.
///
/// Owns: what the handler needs, prepared before it can be needed. Must never: allocate or lock in the handler; the run
/// has one thread, so what it reads stands still.
import Foundation
import Simulator

enum CrashReport {
    // nonisolated(unsafe): set and read on the one thread that runs the simulation, or by a signal that interrupted it.
    nonisolated(unsafe) private static var simulation: Simulation?
    // nonisolated(unsafe): as above.
    nonisolated(unsafe) private static var arguments: [String] = []

    static func watch(_ simulation: Simulation, arguments: [String]) {
        self.simulation = simulation
        self.arguments = arguments
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
            signal(number) { number in
                CrashReport.tell(number)
                // The exit code of a crash, whatever the signal was.
                _exit(127)
            }
        }
    }

    static func end() { simulation = nil }

    private static func tell(_ number: Int32) {
        guard let simulation else { return }
        let plan = simulation.plan
        let command = replay(seed: plan.seed, profile: plan.profile, arguments)
        FileHandle.standardError.write(
            Data(
                """
                died on signal \(number) in seed \(plan.seed) profile \(plan.profile.rawValue) \
                at \(simulation.now / 1_000_000) simulated ms; again: \(command)

                """.utf8))
    }

    static func replay(seed: UInt64, profile: Profile, _ arguments: [String]) -> String {
        (["mneme-sim", "--seed", "\(seed)", "--profile", profile.rawValue] + arguments).joined(separator: " ")
    }
}
