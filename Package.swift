// swift-tools-version: 6.2
import PackageDescription

// Floors point downward only: mneme → Server, Operations → Raft, StateMachine, Client → RaftCore, JSON → C targets.
// RaftCore is a target of its own so that the compiler keeps it pure: it can import nothing that does I/O.
let package = Package(
    name: "mneme",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "mneme", targets: ["mneme"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    ],
    targets: [
        // Floor 1: C, one reason each.
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CChecksum"),

        // Floor 2: consensus, the store, and what both speak.
        .target(name: "JSON"),
        .target(name: "RaftCore", path: "Sources/Raft/Core"),
        .target(
            name: "Raft",
            dependencies: ["RaftCore", "CLZ4", "CChecksum"],
            path: "Sources/Raft",
            exclude: ["Core", "TCP"]),
        .target(
            name: "RaftTCP",
            dependencies: [
                "Raft", "RaftCore", "CChecksum",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Raft/TCP"),
        .target(name: "StateMachine", dependencies: ["CSQLite", "COpenSSL", "JSON"]),
        .target(
            name: "Client",
            dependencies: [
                "JSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // Floor 3: what faces people and programs.
        .target(
            name: "Server",
            dependencies: [
                "Raft", "RaftCore", "RaftTCP", "StateMachine", "JSON",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Operations",
            dependencies: [
                "Client", "JSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // The simulator runs whole nodes on virtual time.
        .target(name: "Simulator", dependencies: ["Raft", "RaftCore"], path: "jepsen-like/Simulator"),

        // Floor 4: argument parsing only.
        .executableTarget(
            name: "mneme",
            dependencies: [
                "Server", "Operations", "Client", "Raft", "JSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "RaftCoreTests", dependencies: ["RaftCore"]),
        .testTarget(
            name: "RaftTests",
            dependencies: [
                "Raft", "RaftCore", "RaftTCP", "Simulator",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "StateMachineTests", dependencies: ["StateMachine", "JSON"]),
        .testTarget(
            name: "ServerTests",
            dependencies: ["Server", "StateMachine", "Raft", "RaftCore", "Client", "Operations", "JSON"]),
        .testTarget(name: "EndToEndTests", dependencies: ["mneme", "Client", "Operations"]),
    ],
    swiftLanguageModes: [.v6]
)
