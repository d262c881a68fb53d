/// posix_spawn, once, for all that start processes here.
///
/// Owns: the C structures' lifetime. Must never: leave the child in our process group or with our signal handling.
import Foundation

struct SpawnRequest {
    /// A path, or a name to be looked up in PATH.
    var executable: String
    /// Without the program's own name.
    var arguments: [String]
    /// On top of what this process has.
    var environment: [String: String] = [:]

    /// - Parameter prepare: adds what is to happen to the child's descriptors.
    /// - Returns: the child's process id, which is its group's id too.
    func start(
        prepare: (inout posix_spawn_file_actions_t) -> Void
    ) throws(OperationsError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        prepare(&actions)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: Int(flags)))

        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var variables = environmentWords()
        defer { for variable in variables { free(variable) } }
        variables.append(nil)
        var processID: pid_t = 0
        let code = posix_spawnp(&processID, executable, &actions, &attributes, words, variables)
        guard code == 0 else { throw OperationsError("start \(executable)", errno: code) }
        return processID
    }

    private func environmentWords() -> [UnsafeMutablePointer<CChar>?] {
        let all = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        return all.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
    }
}
