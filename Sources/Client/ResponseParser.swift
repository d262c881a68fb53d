/// Cuts HTTP/1.1 responses out of a byte stream (RFC 9112 §4, §6, §7).
///
/// Owns: framing, the three headers it depends on, and the bounds. Must never: keep more than one response, or read a
/// header it does not need.
import NIOCore

struct ResponseParser {
    /// Head bytes are bounded by this; no node of ours comes near.
    static let headBytesMax = 16 * 1024

    private enum State {
        case head
        case body(status: Int, head: ByteBuffer, length: Int)
        case chunkSize(status: Int, head: ByteBuffer)
        case chunkData(status: Int, head: ByteBuffer, remaining: Int)
        case trailers(status: Int, head: ByteBuffer)
        case untilClose(status: Int, head: ByteBuffer)
    }

    let bodyBytesMax: Int
    private var state = State.head
    private var chunks = ByteBuffer()
    /// Whether the peer will close after the response that was returned last.
    private(set) var closesAfterResponse = false

    init(bodyBytesMax: Int) {
        self.bodyBytesMax = bodyBytesMax
    }

    /// Takes one response off the front of `buffer`, or as much of one as is there.
    /// - Returns: nil when more bytes are needed.
    mutating func next(_ buffer: inout ByteBuffer) throws(ExchangeError) -> HTTPResponse? {
        while true {
            switch state {
            case .head:
                guard try takeHead(&buffer) else { return nil }
            case .body(let status, let head, let length):
                guard let body = buffer.readSlice(length: length) else { return nil }
                state = .head
                return HTTPResponse(status: status, head: head, body: body)
            case .chunkSize(let status, let head):
                guard let size = try takeChunkSize(&buffer) else { return nil }
                guard chunks.readableBytes + size <= bodyBytesMax else {
                    throw ExchangeError.bodyTooLarge(bytesMax: bodyBytesMax)
                }
                state =
                    size == 0
                    ? .trailers(status: status, head: head)
                    : .chunkData(status: status, head: head, remaining: size)
            case .chunkData(let status, let head, let remaining):
                guard buffer.readableBytes >= remaining + 2, var chunk = buffer.readSlice(length: remaining) else {
                    return nil
                }
                chunks.writeBuffer(&chunk)
                guard buffer.readBytes(length: 2) == [0x0d, 0x0a] else {
                    throw ExchangeError.malformed("a chunk does not end where it says")
                }
                state = .chunkSize(status: status, head: head)
            case .trailers(let status, let head):
                guard let line = try takeLine(&buffer) else { return nil }
                guard line.isEmpty else { continue }
                state = .head
                defer { chunks = ByteBuffer() }
                return HTTPResponse(status: status, head: head, body: chunks)
            case .untilClose:
                guard buffer.readableBytes <= bodyBytesMax else {
                    throw ExchangeError.bodyTooLarge(bytesMax: bodyBytesMax)
                }
                return nil
            }
        }
    }

    /// The peer closed: a response without a length is complete now.
    mutating func finish(_ buffer: inout ByteBuffer) -> HTTPResponse? {
        guard case .untilClose(let status, let head) = state else { return nil }
        state = .head
        let body = buffer
        buffer = ByteBuffer()
        return HTTPResponse(status: status, head: head, body: body)
    }

    private mutating func takeHead(_ buffer: inout ByteBuffer) throws(ExchangeError) -> Bool {
        let scan = buffer.withUnsafeReadableBytes { ResponseHead.scan($0) }
        switch scan {
        case .incomplete:
            guard buffer.readableBytes <= ResponseParser.headBytesMax else {
                throw .malformed("the head is larger than \(ResponseParser.headBytesMax) bytes")
            }
            return false
        case .malformed(let reason):
            throw .malformed(reason)
        case .complete(let scanned):
            guard scanned.bytes <= ResponseParser.headBytesMax else {
                throw .malformed("the head is larger than \(ResponseParser.headBytesMax) bytes")
            }
            guard let head = buffer.readSlice(length: scanned.bytes) else { return false }
            try enterBody(scanned, head: head)
            return true
        }
    }

    private mutating func enterBody(_ scanned: ResponseHead, head: ByteBuffer) throws(ExchangeError) {
        // Interim responses (RFC 9110 §15.2) precede the one that counts.
        if scanned.status < 200 { return }
        closesAfterResponse = scanned.closes
        if scanned.status == 204 || scanned.status == 304 {
            state = .body(status: scanned.status, head: head, length: 0)
        } else if scanned.isChunked {
            state = .chunkSize(status: scanned.status, head: head)
        } else if let length = scanned.contentLength {
            guard length <= bodyBytesMax else { throw .bodyTooLarge(bytesMax: bodyBytesMax) }
            state = .body(status: scanned.status, head: head, length: length)
        } else {
            closesAfterResponse = true
            state = .untilClose(status: scanned.status, head: head)
        }
    }

    private func takeChunkSize(_ buffer: inout ByteBuffer) throws(ExchangeError) -> Int? {
        guard let line = try takeLine(&buffer) else { return nil }
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        guard !digits.isEmpty, digits.count <= 8, let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
            size >= 0
        else { throw .malformed("a chunk size is not a hexadecimal number") }
        return size
    }

    /// One line without its CRLF; bounded.
    private func takeLine(_ buffer: inout ByteBuffer) throws(ExchangeError) -> [UInt8]? {
        guard let newline = buffer.readableBytesView.firstIndex(of: 0x0a) else {
            guard buffer.readableBytes <= 1024 else { throw .malformed("a chunk line is longer than 1024 bytes") }
            return nil
        }
        let length = newline - buffer.readerIndex
        guard length <= 1024, var line = buffer.readBytes(length: length) else {
            throw .malformed("a chunk line is longer than 1024 bytes")
        }
        buffer.moveReaderIndex(forwardBy: 1)
        if line.last == 0x0d { line.removeLast() }
        return line
    }
}

/// What framing needs to know of a response's head.
struct ResponseHead {
    enum Scan {
        case incomplete
        case malformed(String)
        case complete(ResponseHead)
    }
    var status = 0
    /// Length of the head with the empty line.
    var bytes = 0
    var contentLength: Int?
    var isChunked = false
    var closes = false

    /// Reads status line and headers if all of them are there.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> Scan {
        var head = ResponseHead()
        var start = 0
        var isFirst = true
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0a { end += 1 }
            guard end < bytes.count else { return .incomplete }
            let lineEnd = end > start && bytes[end - 1] == 0x0d ? end - 1 : end
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<lineEnd])
            start = end + 1
            if isFirst {
                guard head.readStatusLine(line) else { return .malformed("no HTTP/1.x status line") }
                isFirst = false
            } else if line.isEmpty {
                head.bytes = start
                return .complete(head)
            } else if let reason = head.readHeader(line) {
                return .malformed(reason)
            }
        }
        return .incomplete
    }

    private mutating func readStatusLine(_ line: UnsafeRawBufferPointer) -> Bool {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[8] == 0x20 else { return false }
        var value = 0
        for offset in 9..<12 {
            guard line[offset] >= 0x30, line[offset] <= 0x39 else { return false }
            value = value * 10 + Int(line[offset] - 0x30)
        }
        guard value >= 100 else { return false }
        status = value
        closes = line[7] == UInt8(ascii: "0")
        return true
    }

    /// - Returns: why the header is wrong, or nil.
    private mutating func readHeader(_ line: UnsafeRawBufferPointer) -> String? {
        // Lengths of the three names differ, so one look at the colon's place rules out nearly every header.
        if ResponseHead.has(line, name: "content-length") {
            guard let length = ResponseHead.number(line, from: 15) else { return "Content-Length is not a number" }
            guard contentLength == nil || contentLength == length else { return "two Content-Length headers differ" }
            contentLength = length
        } else if ResponseHead.has(line, name: "transfer-encoding") {
            guard ResponseHead.value(line, from: 18) == "chunked" else { return "unknown Transfer-Encoding" }
            isChunked = true
        } else if ResponseHead.has(line, name: "connection") {
            closes = closes || ResponseHead.value(line, from: 11) == "close"
        }
        return nil
    }

    private static func has(_ line: UnsafeRawBufferPointer, name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard line.count > count, line[count] == UInt8(ascii: ":") else { return false }
        for offset in 0..<count where line[offset] | 0x20 != name.utf8Start[offset] | 0x20 { return false }
        return true
    }

    private static func number(_ line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var value = 0
        var digits = 0
        for byte in line[start...] {
            if byte == 0x20 || byte == 0x09 { continue }
            guard byte >= 0x30, byte <= 0x39, digits < 15 else { return nil }
            value = value * 10 + Int(byte - 0x30)
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    private static func value(_ line: UnsafeRawBufferPointer, from start: Int) -> String {
        let bytes = line[start...].filter { $0 != 0x20 && $0 != 0x09 }.map(HTTPResponse.lowercased)
        return String(decoding: bytes, as: UTF8.self)
    }
}
