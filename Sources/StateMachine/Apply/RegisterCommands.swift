/// The small register table: a value under a key, with compare-and-set by version.
///
/// Owns: the version check. Must never: reuse a version: it is the log index of the write.

extension ApplyContext {
    func setRegister(_ command: SetRegisterCommand) throws(StoreError) -> Outcome {
        let current = try register(command.key)
        if let expected = command.expectedVersion, expected != current?.version ?? 0 {
            return .registerConflict(version: current?.version ?? 0, value: current?.value ?? [])
        }
        let statement = current == nil ? statements.insertRegister : statements.updateRegister
        try statement.bind(1, command.key)
        try statement.bind(2, Int64(bitPattern: index))
        try statement.bind(3, command.value)
        try statement.run()
        try digest.registerWritten(key: command.key, version: index, value: command.value)
        return .registerSet(version: index)
    }

    private func register(_ key: String) throws(StoreError) -> (version: UInt64, value: [UInt8])? {
        let statement = statements.registerByKey
        defer { statement.reset() }
        try statement.bind(1, key)
        return try statement.step() ? (UInt64(bitPattern: statement.int64(0)), statement.blob(1)) : nil
    }
}
