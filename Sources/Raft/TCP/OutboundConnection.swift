/// The reading side of a dialled connection: one answer to the handshake, then nothing but its end.
///
/// Must never: accept messages; peers send those over connections that they dial.

import NIOCore
import Raft

final class OutboundConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: PeerLink
    private let generation: UInt64
    private var decoder = FrameDecoder(bodyBytesMax: Frame.smallestUsefulBodyBytesMax)

    init(link: PeerLink, generation: UInt64) {
        self.link = link
        self.generation = generation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        do {
            try buffer.withUnsafeReadableBytes { bytes in
                try decoder.feed(bytes) { body throws(WireError) in
                    try link.answered(try ControlFrame.decode(body), generation: generation)
                }
            }
        } catch {
            errorCaught(context: context, error: error)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        link.failed(error, generation: generation)
        context.close(promise: nil)
    }
}
