/// Vectors of what a write leaves behind, when its text is known only after it: they are in the log before the write is
/// answered, so that whoever asks next finds the memory by meaning too.
///
/// Owns: that order. Must never: fail a write, which is done whatever becomes of its vector: what is left out here the
/// backlog makes good.
import StateMachine

extension MemoryAPI {
    /// What the memory will say, as far as this node knows and if nobody else changes it meanwhile.
    func texts(after command: UpdateCommand) async throws(APIFailure) -> [String] {
        guard embedding != nil, command.title != nil || command.content != nil else { return [] }
        if let title = command.title, let content = command.content {
            return [EmbeddedText.of(title: title, content: content)]
        }
        let id = command.id
        let found = try await readBriefly("lookup") { (reader) throws(StoreError) in try reader.memory(id: id) }
        return found.map {
            [EmbeddedText.of(title: command.title ?? $0.title, content: command.content ?? $0.content)]
        } ?? []
    }

    /// Brings the vector of a memory whose text the command did not carry.
    func vectorize(id: String, nowNanoseconds: Int64) async {
        guard embedding != nil else { return }
        do throws(APIFailure) {
            _ = try await barrier(.linearizable)
            let found = try await readBriefly("lookup") { (reader) throws(StoreError) in try reader.memory(id: id) }
            guard let found else { return }
            await vectorize(
                id: id, EmbeddedText.of(title: found.title, content: found.content), nowNanoseconds: nowNanoseconds)
        } catch {
            options.logger.debug("a vector was put off", metadata: ["id": "\(id)"])
        }
    }

    func vectorize(id: String, _ text: String, nowNanoseconds: Int64) async {
        guard let embedding, service.hasTables(), let vectors = await embedding.attachment([text]),
            let entry = vectors.entries.first
        else { return }
        let command = SetVectorsCommand(model: vectors.model, items: [.init(id: id, entry: entry)])
        do throws(APIFailure) {
            _ = try await submit(.setVectors(command), idempotency: nil, nowNanoseconds: nowNanoseconds)
        } catch {
            options.logger.debug("a vector was put off", metadata: ["id": "\(id)"])
        }
    }
}
