/// SHA-256 through the system's libcrypto.
///
/// Owns: one reusable digest context. Must never: be shared between threads.
import COpenSSL

final class SHA256 {
    static let byteCount = 32

    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    /// The algorithm is fetched once: the implicit fetch of OpenSSL 3 costs more than hashing a small command.
    init() throws(StoreError) {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            throw StoreError(doing: "set up SHA-256", message: "libcrypto does not offer it")
        }
        guard let context = EVP_MD_CTX_new() else {
            EVP_MD_free(algorithm)
            throw StoreError(doing: "set up SHA-256", message: "out of memory")
        }
        self.algorithm = algorithm
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    private func check(_ code: Int32) throws(StoreError) {
        guard code == 1 else { throw StoreError(doing: "compute SHA-256", message: "libcrypto refused") }
    }

    func begin() throws(StoreError) {
        try check(EVP_DigestInit_ex2(context, algorithm, nil))
    }

    func add(_ bytes: [UInt8]) throws(StoreError) {
        try check(bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) })
    }

    func add(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        try check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    func finish() throws(StoreError) -> [UInt8] {
        var code: Int32 = 0
        let digest = [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            code = EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = code == 1 ? SHA256.byteCount : 0
        }
        try check(code)
        return digest
    }
}
