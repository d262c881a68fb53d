import Client
import Foundation
import Operations
import Testing

/// Clients that connect and say nothing.
@Suite(.serialized) struct IdleClientsTests {
    /// Plain sockets, closed with their owner.
    private final class IdleSockets {
        private var descriptors: [Int32] = []

        /// Connects without waiting for the other side to accept.
        func open(_ count: Int, port: Int) throws {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            for _ in 0..<count {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                try #require(descriptor >= 0)
                descriptors.append(descriptor)
                let code = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
                try #require(code == 0)
            }
        }
        deinit { for descriptor in descriptors { close(descriptor) } }
    }

    @Test func `more idle clients than there are file descriptors do not stop a node that writes`() async throws {
        let directory = try TemporaryDirectory(prefix: "mneme-idle")
        // Small segments and checkpoints, so that log and database need files all the time.
        let node = try await SingleNode.start(
            data: directory.path + "/data", output: directory.path + "/node.log", openFilesMax: 400,
            ["--segment-bytes", "16777216", "--checkpoint-bytes", "200000", "--keep-entries", "10"])
        var acknowledged = [try await node.store("before")]
        var idle: IdleSockets? = IdleSockets()
        try idle?.open(600, port: node.client.endpoints[0].port)
        for number in 0..<250 {
            acknowledged.append(try await node.store("memory \(number)", contentBytes: 48_000))
        }
        #expect(node.child.exit == nil)
        // Whoever waited to be accepted is served once the idle ones are gone.
        idle = nil
        await node.verify(acknowledged)
        await node.stop()
        try directory.remove()
    }
}
