/// The tensors of a safetensors file: eight bytes of header length, a JSON header, then the numbers.
///
/// Owns: the check of everything the header claims. Must never: hand out a pointer that does not lie wholly inside the
/// file, or crash on a file that is truncated or made to deceive.
import JSON

struct ModelFile: Sendable {
    /// Far above a real header (11 KB for this model), far below what would hurt to parse.
    static let headerByteCountMax = 1 << 20
    static let byteCountMax = 1 << 30

    private struct Tensor {
        var type: String
        var shape: [Int]
        /// Where its numbers begin, and how many bytes they have. Checked: wholly inside the file.
        var offset: Int
        var byteCount: Int
    }

    private let file: MappedFile
    private let tensors: [String: Tensor]

    init(path: String) throws(EmbeddingError) {
        file = try MappedFile(path: path, byteCountMax: ModelFile.byteCountMax)
        let prefix = 8
        guard file.bytes.count >= prefix else {
            throw EmbeddingError(file: path, message: "is no safetensors file: shorter than \(prefix) bytes")
        }
        let claimed = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard claimed <= UInt64(ModelFile.headerByteCountMax), Int(claimed) <= file.bytes.count - prefix else {
            throw EmbeddingError(
                file: path,
                message: "is no safetensors file, or truncated: a header of \(claimed) bytes in \(file.bytes.count)")
        }
        let dataOffset = prefix + Int(claimed)
        let text = UnsafeRawBufferPointer(rebasing: file.bytes[prefix..<dataOffset])
        let parsed: JSONValue
        do {
            parsed = try JSONValue.parse(buffer: text.bindMemory(to: UInt8.self), depthMax: 8).get()
        } catch {
            throw EmbeddingError(file: path, message: "the header is no JSON: \(error)")
        }
        guard case .object(let header) = parsed else {
            throw EmbeddingError(file: path, message: "the header is no JSON object")
        }
        var tensors: [String: Tensor] = [:]
        // All of them, also those nobody will ask for: a file that ends early is refused wherever it was cut.
        for member in header.members where member.key != "__metadata__" {
            guard let tensor = ModelFile.checked(member.value, dataOffset: dataOffset, in: file.bytes.count) else {
                throw EmbeddingError(
                    file: path, message: "tensor `\(member.key)` lies outside the file: truncated or damaged")
            }
            tensors[member.key] = tensor
        }
        self.tensors = tensors
    }

    private static func checked(_ value: JSONValue, dataOffset: Int, in fileByteCount: Int) -> Tensor? {
        let offsets = (value["data_offsets"]?.arrayValue ?? []).map { $0.integerValue ?? -1 }
        let dataCount = fileByteCount - dataOffset
        // In this order nothing can overflow: both offsets are known to lie in the file before they are subtracted.
        guard offsets.count == 2, (0...dataCount).contains(offsets[0]), (offsets[0]...dataCount).contains(offsets[1]),
            let type = value["dtype"]?.stringValue, let shape = value["shape"]?.arrayValue
        else { return nil }
        return Tensor(
            type: type, shape: shape.map { $0.integerValue ?? -1 }, offset: dataOffset + offsets[0],
            byteCount: offsets[1] - offsets[0])
    }

    /// Of the whole file; reads all of it.
    func contentHash() throws(EmbeddingError) -> ContentHash {
        guard let hash = ContentHash(of: file.bytes) else {
            throw EmbeddingError(file: file.path, message: "cannot be hashed: libcrypto does not offer SHA-256")
        }
        return hash
    }

    /// The numbers of one tensor, row by row. Valid as long as this value, or a copy of it, is.
    func tensor(_ name: String, shape: [Int]) throws(EmbeddingError) -> UnsafePointer<Float> {
        guard let tensor = tensors[name] else { throw fault(name, "is missing") }
        guard tensor.type == "F32" else { throw fault(name, "is not of type F32 but \(tensor.type)") }
        guard tensor.shape == shape else { throw fault(name, "has shape \(tensor.shape) instead of \(shape)") }
        let byteCount = shape.reduce(MemoryLayout<Float>.stride, *)
        guard tensor.byteCount == byteCount else {
            throw fault(name, "has \(tensor.byteCount) bytes instead of \(byteCount)")
        }
        guard tensor.offset % MemoryLayout<Float>.alignment == 0, let start = file.bytes.baseAddress else {
            throw fault(name, "is not aligned")
        }
        return (start + tensor.offset).bindMemory(to: Float.self, capacity: byteCount / MemoryLayout<Float>.stride)
    }

    private func fault(_ name: String, _ what: String) -> EmbeddingError {
        EmbeddingError(file: file.path, message: "tensor `\(name)` \(what)")
    }
}
