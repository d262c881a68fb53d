/// One request and its answer, between Hummingbird's types and the handlers' own.
///
/// Owns: collecting the body within its limit and the translation of both heads. Must never: keep more of a body than
/// the limit, or read on once the limit is known to be exceeded.
import HTTPTypes
import HummingbirdCore
import NIOCore

struct HTTPExchange: Sendable {
    let bodyBytesMax: Int
    let handler: HTTPServer.Handler
    let dates = HTTPDateCache()

    func run(_ request: Request, _ writer: consuming ResponseWriter) async throws {
        let head = request.head
        let expectsContinue = head.headerFields[.expect]?.lowercased() == "100-continue"
        let body: [UInt8]?
        let declared = head.headerFields[.contentLength].flatMap { Int($0) }
        if let declared, declared > bodyBytesMax {
            body = nil
        } else {
            if expectsContinue { try await writer.writeInformationalHead(HTTPResponse(status: .continue)) }
            body = try await HTTPExchange.collect(request.body, expected: declared ?? 0, bytesMax: bodyBytesMax)
        }
        let answer = await handler(HTTPExchange.translated(head, body: body))
        try await write(answer, isHead: head.method == .head, writer)
    }

    /// - Returns: nil when the body is larger than the limit.
    private static func collect(_ body: RequestBody, expected: Int, bytesMax: Int) async throws -> [UInt8]? {
        var collected: [UInt8] = []
        // What is declared need not come: only a little is set aside in advance.
        collected.reserveCapacity(max(0, min(expected, 65_536)))
        for try await part in body {
            guard collected.count + part.readableBytes <= bytesMax else { return nil }
            part.withUnsafeReadableBytes { collected.append(contentsOf: $0) }
        }
        return collected
    }

    private static func translated(_ head: HTTPRequest, body: [UInt8]?) -> APIRequest {
        // The target may be in absolute form (RFC 9112, section 3.2.2); the authority is of no interest here.
        var target = Substring(head.path ?? "/")
        if !target.utf8.starts(with: "/".utf8), let scheme = target.utf8.firstRange(of: "://".utf8) {
            let rest = target[scheme.upperBound...]
            target = rest.utf8.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] } ?? "/"
        }
        if let fragment = target.utf8.firstIndex(of: UInt8(ascii: "#")) { target = target[..<fragment] }
        var query: String?
        if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
            query = String(target[target.utf8.index(after: mark)...])
            target = target[..<mark]
        }
        return APIRequest(
            method: head.method.rawValue, path: String(target), rawQuery: query,
            headers: APIHeaders(head.headerFields.map { .init(name: $0.name.canonicalName, value: $0.value) }),
            body: body ?? [], bodyExceedsLimit: body == nil)
    }

    private func write(_ answer: APIResponse, isHead: Bool, _ writer: consuming ResponseWriter) async throws {
        var fields = HTTPFields()
        fields.reserveCapacity(answer.headers.fields.count + 2)
        for field in answer.headers.fields {
            guard let name = HTTPField.Name(field.name) else { continue }
            fields.append(HTTPField(name: name, value: field.value))
        }
        if fields[.contentLength] == nil { fields[.contentLength] = String(answer.body.count) }
        fields[.date] = dates.text()
        let head = HTTPResponse(status: .init(code: answer.status), headerFields: fields)
        if answer.body.isEmpty || isHead {
            try await writer.writeResponse(head)
        } else {
            try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        }
    }
}
