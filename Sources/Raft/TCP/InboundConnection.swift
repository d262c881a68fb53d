/// One accepted connection: hello first, then messages of that peer only.
///
/// Owns: the decoder of its bytes and the batch of one read. Must never: hold more of a stranger than one small frame,
/// or continue after bytes that cannot be read: TCP delivered them in order, so the sender is wrong or not who it was.

import NIOCore
import Raft

final class InboundConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case expectingHello
        case open(NodeID)
        case closing
    }

    private let core: TransportCore
    private var phase = Phase.expectingHello
    private var decoder = FrameDecoder(bodyBytesMax: Frame.smallestUsefulBodyBytesMax)
    private var hello: Result<Hello, WireError>?
    private var batch: [Message] = []
    private var batchBytes = 0
    private var handshakeTimeout: Scheduled<Void>?

    init(core: TransportCore) { self.core = core }

    func handlerAdded(context: ChannelHandlerContext) {
        let limit = TimeAmount.milliseconds(Int64(core.options.handshakeTimeoutMilliseconds))
        handshakeTimeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.close(context, because: "no handshake within \(limit.nanoseconds / 1_000_000) ms")
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { handshakeTimeout?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        do {
            switch phase {
            case .expectingHello: try readHello(buffer, context: context)
            case .open(let peer): try readMessages(buffer, from: peer)
            case .closing: break
            }
        } catch {
            deliver()
            close(context, because: "\(error)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        deliver()
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        core.logger.debug("connection of a peer failed", metadata: ["reason": "\(error)"])
        phase = .closing
        context.close(promise: nil)
    }

    private func readMessages(_ buffer: ByteBuffer, from peer: NodeID) throws {
        batchBytes += buffer.readableBytes
        let node = core.nodeID
        try buffer.withUnsafeReadableBytes { bytes in
            try decoder.feed(bytes) { body throws(WireError) in
                let message = try MessageCodec.decode(body)
                guard message.from == peer else {
                    throw .invalidValue(field: "from", value: message.from.rawValue)
                }
                guard message.to == node else { throw .invalidValue(field: "to", value: message.to.rawValue) }
                batch.append(message)
            }
        }
    }

    private func deliver() {
        guard case .open(let peer) = phase, batchBytes > 0 else { return }
        let messages = batch
        let bytes = batchBytes
        batch = []
        batchBytes = 0
        core.deliver(messages, from: peer, bytes: bytes)
    }

    private func readHello(_ buffer: ByteBuffer, context: ChannelHandlerContext) throws {
        try buffer.withUnsafeReadableBytes { bytes in
            try decoder.feed(bytes) { body throws(WireError) in
                // The dialler waits for the welcome, so nothing may follow its hello.
                guard hello == nil else { throw .notAHandshake }
                do throws(WireError) {
                    guard case .hello(let value) = try ControlFrame.decode(body) else { throw .notAHandshake }
                    hello = .success(value)
                } catch { hello = .failure(error) }
            }
        }
        guard let hello else { return }
        guard decoder.unfinishedBytes == 0 else { throw WireError.notAHandshake }
        handshakeTimeout?.cancel()
        switch hello {
        case .success(let hello):
            answer(hello, context: context)
        case .failure(.protocolVersion(let theirs, let ours)):
            refuse(.otherVersion, context: context, because: "\(WireError.protocolVersion(theirs: theirs, ours: ours))")
        case .failure(let error):
            throw error
        }
    }

    private func answer(_ hello: Hello, context: ChannelHandlerContext) {
        guard let version = hello.commonVersion(core.options.protocolVersions) else {
            let (theirs, ours) = (hello.versions.upperBound, core.options.protocolVersions.upperBound)
            refuse(.otherVersion, context: context, because: "\(WireError.protocolVersion(theirs: theirs, ours: ours))")
            return
        }
        if let reason = core.admit(hello, on: context.channel) {
            refuse(reason, context: context, because: "\(hello.from) wants \(hello.to): \(reason)")
            return
        }
        phase = .open(hello.from)
        decoder = FrameDecoder(bodyBytesMax: core.options.frameBytesMax)
        let welcome = Welcome(from: core.nodeID, incarnation: core.incarnation, protocolVersion: version)
        write(.welcome(welcome), context: context, promise: nil)
    }

    private func refuse(_ reason: Refusal.Reason, context: ChannelHandlerContext, because words: String) {
        phase = .closing
        core.complain("refused a connection", of: context.channel, reason: words)
        let version = core.options.protocolVersions.upperBound
        let refusal = Refusal(reason: reason, from: core.nodeID, protocolVersion: version)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        write(.refusal(refusal), context: context, promise: promise)
    }

    private func write(_ control: ControlFrame, context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        context.writeAndFlush(wrapOutboundOut(control.frame(allocator: context.channel.allocator)), promise: promise)
    }

    private func close(_ context: ChannelHandlerContext, because reason: String) {
        phase = .closing
        core.complain("closed a connection", of: context.channel, reason: reason)
        context.close(promise: nil)
    }
}

extension ControlFrame {
    /// The whole frame. Control frames have a fixed size far below every limit.
    func frame(allocator: ByteBufferAllocator) -> ByteBuffer {
        let body = encode()
        let size = Frame.headerBytes + body.count
        var buffer = allocator.buffer(capacity: size)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { memory in
            let frame = UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
            frame[Frame.headerBytes...].copyBytes(from: body)
            Frame.seal(frame)
            return size
        }
        return buffer
    }
}
