/// Framing of HTTP/1.1 responses, byte for byte and however the bytes are cut.
///
/// Must never: open a socket.
import NIOCore
import Testing

@testable import Client

@Suite("The response parser frames what RFC 9112 allows and refuses the rest")
struct ResponseParserTests {
    /// Feeds the text in pieces of `size` bytes.
    private func parse(_ text: String, pieces size: Int, bodyBytesMax: Int = 1000) throws -> [HTTPResponse] {
        var parser = ResponseParser(bodyBytesMax: bodyBytesMax)
        var buffer = ByteBuffer()
        var responses: [HTTPResponse] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            buffer.writeBytes(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let response = try parser.next(&buffer) { responses.append(response) }
        }
        if let last = parser.finish(&buffer) { responses.append(last) }
        return responses
    }

    @Test("a body with a length, however it is cut", arguments: [1, 2, 7, 64, 4096])
    func contentLength(size: Int) throws {
        let text =
            "HTTP/1.1 201 Created\r\nETag:  \"7\" \r\nContent-LENGTH: 5\r\n\r\nhello"
            + "HTTP/1.1 404 N\r\ncontent-length:0\r\n\r\n"
        let responses = try parse(text, pieces: size)
        #expect(responses.map(\.status) == [201, 404])
        #expect(responses.map(\.bodyText) == ["hello", ""])
        #expect(responses.first?.header("etag") == "\"7\"")
        #expect(responses.first?.header("x-absent") == nil)
    }

    @Test("chunks with extensions and trailers", arguments: [1, 3, 4096])
    func chunked(size: Int) throws {
        let text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
        let responses = try parse(text + text, pieces: size)
        #expect(responses.map(\.bodyText) == ["hello0123456789", "hello0123456789"])
    }

    @Test func `interim responses are passed over`() throws {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        #expect(try parse(text, pieces: 5).map(\.bodyText) == ["ok"])
    }

    @Test func `a body without a length ends with the connection`() throws {
        #expect(try parse("HTTP/1.0 200 OK\r\n\r\nall of it", pieces: 4).map(\.bodyText) == ["all of it"])
    }

    @Test func `204 has no body whatever it says`() throws {
        let text = "HTTP/1.1 204 N\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        #expect(try parse(text, pieces: 4096).map(\.status) == [204, 200])
    }

    @Test(
        "what is not a response is refused",
        arguments: [
            "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n",
        ])
    func malformed(text: String) {
        #expect {
            try parse(text, pieces: 4096)
        } throws: { error in
            guard let error = error as? ExchangeError, case .malformed = error else { return false }
            return true
        }
    }

    @Test(
        "bodies are bounded in every framing",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n01234567890",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n01234567890",
        ])
    func bounded(text: String) {
        #expect(throws: ExchangeError.bodyTooLarge(bytesMax: 10)) { try parse(text, pieces: 4, bodyBytesMax: 10) }
    }

    @Test func `a head without end is refused at its bound`() {
        let text = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 20_000)
        #expect(throws: ExchangeError.self) { try parse(text, pieces: 4096) }
    }
}
