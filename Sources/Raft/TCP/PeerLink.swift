/// This node's connection to one peer: dialled, greeted, used for sending, and dialled again when it breaks.
///
/// Owns: its channel, the unwritten messages and the pauses between dials. Lives on the transport's event loop.
/// Must never: keep messages for a peer that is not connected, or hold more than `writeBufferBytesMax` bytes.

import Logging
import NIOCore
import NIOPosix
import Raft

final class PeerLink {
    private enum Phase {
        case idle
        case waiting(Scheduled<Void>)
        case dialling
        case greeting(any Channel, timeout: Scheduled<Void>)
        case ready(any Channel)
        case stopped
    }
    /// Unwritten messages leave before the end of the turn when they are this many bytes.
    private static let writeBytes = 256 << 10

    let peer: NodeID
    var statistics: PeerStatistics
    /// What this connection's messages are written in; agreed on in the handshake.
    private var layout = MessageCodec.version
    private let core: TransportCore
    private var phase = Phase.idle
    /// Grows with every dial and every end, so that news of an older connection is recognised and ignored.
    private var generation: UInt64 = 0
    private var failuresInARow = 0
    private var wasConnected = false
    /// The answer to the latest dial, when it was a refusal.
    private var refusal: Refusal?
    private var loggedRefusal: Refusal?
    /// Why this node turned the peer away at the latest dial.
    private var rejection: Refusal.Reason?
    private var readySince: NIODeadline?
    private var problem: String?
    private var unwritten = ByteBuffer()
    private var unwrittenMessages: UInt64 = 0
    /// Given to the channel, not yet taken by the kernel.
    private var writingBytes = 0

    init(peer: NodeID, address: PeerAddress, core: TransportCore) {
        self.peer = peer
        self.core = core
        statistics = PeerStatistics(node: peer, address: address)
    }

    var currentStatistics: PeerStatistics {
        var result = statistics
        result.bytesQueued = queuedBytes
        return result
    }

    private var queuedBytes: Int { unwritten.readableBytes + writingBytes }

    // MARK: Sending

    /// Encodes the message behind those already waiting.
    ///
    /// - Returns: whether the link has become one that needs `flush`.
    func enqueue(_ message: Message) -> Bool {
        guard case .ready = phase else {
            statistics.messagesDropped += 1
            return false
        }
        let frameBytes: Int
        do throws(WireError) {
            frameBytes = try MessageCodec.frameBytes(
                message, layout: layout, bodyBytesMax: core.options.frameBytesMax)
        } catch {
            statistics.messagesDropped += 1
            core.logger.error("cannot send a message", metadata: ["peer": "\(peer)", "reason": "\(error)"])
            return false
        }
        // An empty queue takes any message, so that a bound below the frame limit delays but never stops a large one.
        guard queuedBytes == 0 || queuedBytes + frameBytes <= core.options.writeBufferBytesMax else {
            statistics.messagesDropped += 1
            return false
        }
        let wasEmpty = unwrittenMessages == 0
        unwritten.writeWithUnsafeMutableBytes(minimumWritableBytes: frameBytes) { memory in
            MessageCodec.encodeFrame(
                message, layout: layout, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<frameBytes]))
            return frameBytes
        }
        unwrittenMessages += 1
        if unwritten.readableBytes >= PeerLink.writeBytes { flush() }
        return wasEmpty && unwrittenMessages > 0
    }

    func flush() {
        guard case .ready(let channel) = phase, unwrittenMessages > 0 else { return }
        let bytes = unwritten.readableBytes
        let mine = generation
        writingBytes += bytes
        statistics.messagesSent += unwrittenMessages
        statistics.bytesSent += UInt64(bytes)
        unwrittenMessages = 0
        channel.writeAndFlush(unwritten).assumeIsolated().whenComplete { _ in
            if self.generation == mine { self.writingBytes -= bytes }
        }
        // When the kernel took everything at once nobody else holds the memory any more and it is used again.
        if unwritten.capacity > 2 * PeerLink.writeBytes {
            unwritten = channel.allocator.buffer(capacity: PeerLink.writeBytes)
        } else {
            unwritten.clear()
        }
    }

    // MARK: Connecting

    func dial() {
        generation += 1
        let mine = generation
        phase = .dialling
        problem = nil
        refusal = nil
        rejection = nil
        let address = statistics.address
        SocketOptions.dialling(ClientBootstrap(group: core.eventLoop), options: core.options)
            .connect(host: address.host, port: address.port).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel):
                    guard self.generation == mine, case .dialling = self.phase else {
                        channel.close(promise: nil)
                        return
                    }
                    self.greet(channel)
                case .failure(let error):
                    guard self.generation == mine, case .dialling = self.phase else { return }
                    self.problem = "\(error)"
                    self.closed(generation: mine)
                }
            }
    }

    /// The peer has just connected to this node, so it is worth dialling it now rather than after the pause.
    func peerIsUp() {
        guard case .waiting(let pause) = phase, refusal == nil, rejection == nil else { return }
        pause.cancel()
        dial()
    }

    /// - Returns: the channel that is left to be closed.
    func stop() -> (any Channel)? {
        let channel: (any Channel)?
        switch phase {
        case .idle, .dialling, .stopped: channel = nil
        case .waiting(let pause):
            pause.cancel()
            channel = nil
        case .greeting(let greeted, let timeout):
            timeout.cancel()
            channel = greeted
        case .ready(let ready): channel = ready
        }
        phase = .stopped
        generation += 1
        dropUnwritten()
        return channel
    }

    private func greet(_ channel: any Channel) {
        let mine = generation
        let limit = TimeAmount.milliseconds(Int64(core.options.handshakeTimeoutMilliseconds))
        let timeout = core.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            guard self.generation == mine, case .greeting = self.phase else { return }
            self.problem = "no answer to the handshake within \(self.core.options.handshakeTimeoutMilliseconds) ms"
            channel.close(promise: nil)
        }
        phase = .greeting(channel, timeout: timeout)
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.closed(generation: mine) }
        do {
            try channel.pipeline.syncOperations.addHandler(OutboundConnection(link: self, generation: mine))
        } catch {
            problem = "\(error)"
            channel.close(promise: nil)
            return
        }
        let hello = ControlFrame.hello(core.hello(to: peer))
        channel.writeAndFlush(hello.frame(allocator: channel.allocator), promise: nil)
    }

    /// The peer's answer to the handshake.
    ///
    /// - Throws: when the answer is none.
    func answered(_ control: ControlFrame, generation answering: UInt64) throws(WireError) {
        guard answering == generation, case .greeting(let channel, let timeout) = phase else {
            throw .notAHandshake
        }
        switch control {
        case .hello:
            throw .notAHandshake
        case .refusal(let refusal):
            self.refusal = refusal
            problem = "refused: \(refusal)"
            channel.close(promise: nil)
        case .welcome(let welcome):
            guard welcome.from == peer else {
                throw .invalidValue(field: "welcome.from", value: welcome.from.rawValue)
            }
            guard core.options.protocolVersions.contains(welcome.protocolVersion) else {
                throw .invalidValue(field: "welcome.protocolVersion", value: UInt64(welcome.protocolVersion))
            }
            statistics.incarnation = welcome.incarnation
            if let reason = core.admission.refusal(of: peer, incarnation: welcome.incarnation) {
                reject(reason, channel)
                return
            }
            timeout.cancel()
            statistics.protocolVersion = welcome.protocolVersion
            layout = MessageCodec.layout(protocolVersion: welcome.protocolVersion)
            phase = .ready(channel)
            readySince = .now()
            if wasConnected { statistics.reconnects += 1 }
            wasConnected = true
            statistics.isConnected = true
            core.logger.info("connected to peer", metadata: metadata)
            core.report(.connected(peer))
        }
    }

    private func reject(_ reason: Refusal.Reason, _ channel: any Channel) {
        rejection = reason
        problem = "this node turns it away: \(reason)"
        channel.close(promise: nil)
    }

    /// The committed configuration changed: ends the connection to a directory that it does not name.
    func reconsider() {
        guard case .ready(let channel) = phase, let incarnation = statistics.incarnation,
            let reason = core.admission.refusal(of: peer, incarnation: incarnation), reason == .otherDirectory
        else { return }
        reject(reason, channel)
    }

    /// What went wrong on the wire; the channel is about to close.
    func failed(_ error: any Error, generation failing: UInt64) {
        if failing == generation, problem == nil { problem = "\(error)" }
    }

    private func closed(generation closing: UInt64) {
        guard closing == generation else { return }
        // Writes of the closed channel that fail from now on are old news.
        generation += 1
        switch phase {
        case .idle, .waiting, .stopped: return
        case .dialling: connectionFailed()
        case .greeting(_, let timeout):
            timeout.cancel()
            connectionFailed()
        case .ready:
            statistics.isConnected = false
            dropUnwritten()
            core.logger.warning("lost the connection to peer", metadata: metadata)
            // A connection that did not last is no reason to hurry: two nodes with one id would fight at full speed.
            let lasting = TimeAmount.milliseconds(Int64(core.options.backoffMilliseconds.upperBound))
            if let readySince, NIODeadline.now() - readySince >= lasting { failuresInARow = 0 }
            waitAndDial()
            core.report(.disconnected(peer))
            if let rejection { core.report(.rejected(peer, rejection)) }
        }
    }

    private func connectionFailed() {
        statistics.failedDials += 1
        // The first failure of a row is news, and so is the first refusal; the others are not.
        let isNewRefusal = refusal != nil && refusal != loggedRefusal
        loggedRefusal = refusal
        let level: Logger.Level = failuresInARow == 0 || isNewRefusal ? .warning : .debug
        core.logger.log(level: level, "cannot connect to peer; trying again", metadata: metadata)
        waitAndDial()
        if let refusal { core.report(.refused(peer, refusal)) }
        if let rejection { core.report(.rejected(peer, rejection)) }
    }

    private func waitAndDial() {
        let range = core.options.backoffMilliseconds
        var pause = range.upperBound
        // A refusal does not go away by itself, so it waits the longest.
        if refusal == nil, rejection == nil, failuresInARow < 32, range.lowerBound <= range.upperBound >> failuresInARow
        {
            pause = range.lowerBound << failuresInARow
        }
        failuresInARow += 1
        let milliseconds = Int64(Int.random(in: max(1, pause / 2)...pause))
        let scheduled = core.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) { self.dial() }
        phase = .waiting(scheduled)
    }

    private func dropUnwritten() {
        statistics.messagesDropped += unwrittenMessages
        statistics.isConnected = false
        unwrittenMessages = 0
        unwritten = ByteBuffer()
        writingBytes = 0
    }

    private var metadata: Logger.Metadata {
        var result: Logger.Metadata = ["peer": "\(peer)", "address": "\(statistics.address)"]
        if let problem { result["reason"] = "\(problem)" }
        return result
    }
}
