/// Runs another program to its end and takes what it printed.
///
/// Owns: the pipe and the bound on what is read. Must never: run a shell.
import Foundation

public enum CommandCapture {
    /// - Parameters:
    ///   - executable: looked up in PATH.
    ///   - bytesMax: what is read at most; the rest is dropped with the program.
    /// - Returns: its standard output, or nil when it is not there or did not end with 0.
    public static func output(of executable: String, _ arguments: [String], bytesMax: Int) -> [UInt8]? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        let readEnd = ends[0]
        let writeEnd = ends[1]
        _ = fcntl(readEnd, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
        let processID: pid_t
        do throws(OperationsError) {
            processID = try SpawnRequest(executable: executable, arguments: arguments).start { actions in
                posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
                posix_spawn_file_actions_adddup2(&actions, writeEnd, 1)
                posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
            }
        } catch {
            // Not installed: to the caller the same as having nothing to say.
            close(readEnd)
            close(writeEnd)
            return nil
        }
        close(writeEnd)
        let bytes = drain(readEnd, bytesMax: bytesMax)
        // Closing our end stops a program that still writes.
        close(readEnd)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return status == 0 || bytes.count == bytesMax ? bytes : nil
    }

    private static func drain(_ descriptor: Int32, bytesMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < bytesMax {
            let count = read(descriptor, &chunk, min(chunk.count, bytesMax - bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }
}
