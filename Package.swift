// swift-tools-version: 6.2
import PackageDescription

// Floors point downward only: mneme → Server, Operations → Raft, StateMachine, Client → RaftCore, JSON → C targets.
// RaftCore is a target of its own so that the compiler keeps it pure: it can import nothing that does I/O.

/// `MNEME_MUTANTS=1` compiles in the bugs of `Sources/Raft/Core/Mutant.swift`, for `make mutants` alone, which builds into a
/// directory of its own.
let mutants: [SwiftSetting] = Context.environment["MNEME_MUTANTS"] == nil ? [] : [.define("MUTANTS")]

let package = Package(
    name: "mneme",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "mneme", targets: ["mneme"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
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
        .target(name: "CTensorKernels"),
        .target(name: "CVectorKernels"),

        // Floor 2: consensus, the store, and what both speak.
        .target(name: "JSON"),
        .target(name: "RaftCore", path: "Sources/Raft/Core", swiftSettings: mutants),
        .target(
            name: "Raft",
            dependencies: ["RaftCore", "CLZ4", "CChecksum"],
            path: "Sources/Raft",
            exclude: ["Core", "TCP"],
            swiftSettings: mutants),
        .target(
            name: "RaftTCP",
            dependencies: [
                "Raft", "RaftCore", "CChecksum",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Raft/TCP"),
        // The nearest vectors, derived from the store's rows.
        .target(name: "VectorIndex", dependencies: ["CVectorKernels", "CChecksum"]),
        .target(name: "StateMachine", dependencies: ["CSQLite", "COpenSSL", "JSON", "VectorIndex"]),
        // Texts to vectors, before the log.
        .target(name: "Embedding", dependencies: ["CTensorKernels", "COpenSSL", "JSON"]),
        .target(
            name: "Client",
            dependencies: [
                "JSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // The one file that knows both consensus and the store; a target of its own for the simulator.
        .target(
            name: "StoreMachine",
            dependencies: ["Raft", "StateMachine"],
            path: "Sources/Server/Cluster",
            sources: ["MemoryMachine.swift"]),

        // Floor 3: what faces people and programs.
        .target(
            name: "Server",
            dependencies: [
                "Raft", "RaftCore", "RaftTCP", "StateMachine", "StoreMachine", "Embedding", "JSON",
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Cluster/MemoryMachine.swift"]),
        .target(
            name: "Operations",
            dependencies: [
                "Client", "JSON",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),

        // Reads the files of another product, which Operations must not: it knows the public API only.
        .target(name: "Import", dependencies: ["Operations", "Client", "JSON", "CSQLite"]),

        // Judges of histories: pure, know no node.
        .target(name: "Checkers", path: "jepsen-like/Checkers"),
        // The simulator runs whole nodes on virtual time.
        .target(
            name: "Simulator",
            dependencies: ["Raft", "RaftCore", "Checkers"],
            path: "jepsen-like/Simulator",
            exclude: ["Store"],
            swiftSettings: mutants),
        // The product's SQLite store on the simulator's disk.
        .target(
            name: "StoreSimulation",
            dependencies: ["Simulator", "Raft", "StateMachine", "StoreMachine", "CSQLite", "JSON"],
            path: "jepsen-like/Simulator/Store"),

        // Floor 4: argument parsing only.
        .executableTarget(
            name: "mneme",
            dependencies: [
                "Server", "Operations", "Import", "Client", "Raft", "JSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // All interleavings of small clusters of the same core.
        .target(
            name: "ModelChecker", dependencies: ["RaftCore"], path: "jepsen-like/ModelChecker", swiftSettings: mutants),
        .executableTarget(
            name: "mneme-sim",
            dependencies: [
                "Simulator", "StoreSimulation", "ModelChecker", "RaftCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "jepsen-like/mneme-sim",
            swiftSettings: mutants),

        // Hostile input: a library for the tests, a command for the millions.
        .target(
            name: "Fuzzers", dependencies: ["Server", "StateMachine", "StoreSimulation", "Raft", "JSON"],
            path: "jepsen-like/Fuzzers"),
        .executableTarget(
            name: "mneme-fuzz",
            dependencies: ["Fuzzers", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "jepsen-like/mneme-fuzz"),

        // Questions with known answers.
        .executableTarget(
            name: "mneme-eval",
            dependencies: [
                "Client", "JSON", "Operations", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "bench/eval"),
        // The vector index alone, for the comparison with other libraries.
        .executableTarget(name: "ann-bench", dependencies: ["VectorIndex", "Embedding"], path: "bench/ann/ann-bench"),

        .testTarget(name: "FuzzTests", dependencies: ["Fuzzers"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .testTarget(name: "RaftCoreTests", dependencies: ["RaftCore"], exclude: ["Dialogues"]),
        .testTarget(
            name: "RaftTests",
            dependencies: [
                "Raft", "RaftCore", "RaftTCP", "Simulator",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "StoreSimulationTests",
            dependencies: ["StoreSimulation", "Simulator", "Raft", "StateMachine", "StoreMachine"]),
        .testTarget(
            name: "JepsenLikeTests", dependencies: ["Simulator", "Checkers", "ModelChecker", "Raft", "RaftCore"]),
        .testTarget(
            name: "EmbeddingTests", dependencies: ["Embedding", "CTensorKernels", "JSON"], exclude: ["Fixtures"]),
        .testTarget(
            name: "VectorIndexTests", dependencies: ["VectorIndex", "CVectorKernels", "CChecksum"]),
        .testTarget(name: "StateMachineTests", dependencies: ["StateMachine", "VectorIndex", "JSON"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Server", "StateMachine", "Raft", "RaftCore", "Client", "Operations", "JSON",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(
            name: "EndToEndTests", dependencies: ["mneme", "Client", "Operations", "Import", "JSON", "CSQLite"]),
    ],
    swiftLanguageModes: [.v6]
)
