/// Cuts a byte stream into frames, however the network chopped it up.
///
/// Owns: the bytes of at most one unfinished frame. Complete frames are handed out from the caller's memory without
/// a copy. Must never: allocate because a header says so (memory grows only with bytes that arrived), or continue after
/// an error: a stream that lied once has no trustworthy frame boundaries left.

public struct FrameDecoder {
    /// Kept between frames only up to this size, so that one large frame does not hold memory for ever.
    private static let keptCapacityBytes = 1 << 18

    private let bodyBytesMax: Int
    private var unfinished: [UInt8] = []
    private var failure: WireError?

    /// - Parameter bodyBytesMax: largest body accepted, in bytes.
    public init(bodyBytesMax: Int = Frame.defaultBodyBytesMax) { self.bodyBytesMax = bodyBytesMax }

    /// Bytes held of a frame that is not complete yet.
    public var unfinishedBytes: Int { unfinished.count }

    /// Takes the next bytes of the stream and hands each complete, verified body to `deliver`.
    ///
    /// - Parameters:
    ///   - input: any piece of the stream, also an empty one.
    ///   - deliver: called with each body in order; the memory is valid only during the call.
    /// - Throws: the first thing wrong with the stream or thrown by `deliver`; every later call throws it again.
    public mutating func feed(
        _ input: UnsafeRawBufferPointer, deliver: (UnsafeRawBufferPointer) throws(WireError) -> Void
    ) throws(WireError) {
        if let failure { throw failure }
        do throws(WireError) {
            try consume(input, deliver: deliver)
        } catch {
            failure = error
            unfinished = []
            throw error
        }
    }

    private mutating func consume(
        _ input: UnsafeRawBufferPointer, deliver: (UnsafeRawBufferPointer) throws(WireError) -> Void
    ) throws(WireError) {
        var rest = input
        if !unfinished.isEmpty {
            guard try completeUnfinished(from: &rest, deliver: deliver) else { return }
        }
        while rest.count >= Frame.headerBytes {
            let total = Frame.headerBytes + (try Frame.bodyBytes(header: rest, bodyBytesMax: bodyBytesMax))
            guard rest.count >= total else { break }
            let frame = UnsafeRawBufferPointer(rebasing: rest[..<total])
            rest = UnsafeRawBufferPointer(rebasing: rest[total...])
            try deliver(try Frame.verifiedBody(frame))
        }
        unfinished.append(contentsOf: rest)
    }

    /// Moves bytes from `input` to the unfinished frame; true when that frame is complete and delivered.
    private mutating func completeUnfinished(
        from input: inout UnsafeRawBufferPointer, deliver: (UnsafeRawBufferPointer) throws(WireError) -> Void
    ) throws(WireError) -> Bool {
        if unfinished.count < Frame.headerBytes {
            take(Frame.headerBytes - unfinished.count, from: &input)
            guard unfinished.count >= Frame.headerBytes else { return false }
        }
        let limit = bodyBytesMax
        let total: Int = try withUnfinished { bytes throws(WireError) in
            Frame.headerBytes + (try Frame.bodyBytes(header: bytes, bodyBytesMax: limit))
        }
        take(total - unfinished.count, from: &input)
        guard unfinished.count == total else { return false }
        try withUnfinished { bytes throws(WireError) in try deliver(try Frame.verifiedBody(bytes)) }
        unfinished.removeAll(keepingCapacity: unfinished.capacity <= FrameDecoder.keptCapacityBytes)
        return true
    }

    private mutating func take(_ wanted: Int, from input: inout UnsafeRawBufferPointer) {
        let count = min(wanted, input.count)
        unfinished.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[..<count]))
        input = UnsafeRawBufferPointer(rebasing: input[count...])
    }

    /// `withUnsafeBytes` with a typed error.
    private func withUnfinished<Value>(
        _ body: (UnsafeRawBufferPointer) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        let result: Result<Value, WireError> = unfinished.withUnsafeBytes { bytes in
            do throws(WireError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
