/// Snapshot transfers: what the sender and the receiver ask, carried to the lanes. Core lane only.
extension RaftNode {
    func received(_ chunk: SnapshotChunk, _ message: RaftMessage) {
        let status = core.status
        guard message.term == status.term, status.leader == message.from else { return }
        perform(receiver.chunk(chunk, from: message.from, commit: status.commit))
    }

    func received(_ reply: SnapshotReply, _ message: RaftMessage) {
        let status = core.status
        guard message.term == status.term, status.role == .leader else { return }
        perform(sender.reply(from: message.from, reply, nowNanoseconds: clock.monotonicNanoseconds()))
    }

    func handle(_ event: SnapshotEvent) {
        switch event {
        case .tick(let now):
            perform(
                sender.tick(
                    nowNanoseconds: now, resendNanoseconds: options.snapshotResendNanoseconds,
                    timeoutNanoseconds: options.snapshotTimeoutNanoseconds, isSilent: { core.isSilent($0) }))
        case .pinned(let peer, let work):
            perform(sender.pinned(peer: peer, work: work))
        case .copied(let peer, let result):
            perform(sender.copied(peer: peer, result: result, nowNanoseconds: clock.monotonicNanoseconds()))
        case .chunkRead(let peer, let identifier, let offset, let result):
            perform(sender.chunkRead(peer: peer, identifier: identifier, offsetBytes: offset, result: result))
        case .chunkStored(let identifier, let next, let problem):
            perform(receiver.stored(identifier: identifier, nextOffsetBytes: next, problem: problem))
        case .installFinished(let identifier, let position, _):
            if let position {
                // The state machine is durable at `position`; only then may the core forget the log before it.
                gauges.update { $0.snapshotsInstalled += 1 }
                step(.snapshotInstalled(position: position, configuration: nil))
            }
            perform(receiver.installFinished(identifier: identifier, installed: position != nil))
        }
    }

    func perform(_ actions: [SnapshotSender.Action]) {
        for action in actions {
            switch action {
            case .pin(let peer):
                applier.submit([.prepareSnapshot(peer: peer)])
            case .copy(let peer, let work):
                background { .copied(peer: peer, result: work()) }
            case .read(let peer, let identifier, let file, let offset, let count):
                background { [machine] in
                    .chunkRead(
                        peer: peer, identifier: identifier, offsetBytes: offset,
                        result: Result { () throws(StateMachineError) in
                            try machine.readSnapshot(file, atBytes: offset, count: count)
                        })
                }
            case .send(let peer, let chunk):
                transport.send(
                    RaftMessage(from: nodeID, to: peer, term: core.status.term, body: .snapshotChunk(chunk)))
                transport.flush()
            case .finished(let peer, let position):
                if position != nil { gauges.update { $0.snapshotsSent += 1 } }
                step(.snapshotSent(peer: peer, position: position))
            case .discard(let file):
                lanes.background.submit { [machine] in machine.discardSnapshot(file) }
            }
        }
    }

    func perform(_ actions: [SnapshotReceiver.Action]) {
        for action in actions {
            switch action {
            case .store(let identifier, let offset, let bytes):
                background { [machine] in
                    do throws(StateMachineError) {
                        try machine.writeIncoming(identifier: identifier, atBytes: offset, bytes: bytes)
                        return .chunkStored(
                            identifier: identifier, nextOffsetBytes: offset + UInt64(bytes.count), problem: nil)
                    } catch {
                        return .chunkStored(
                            identifier: identifier, nextOffsetBytes: offset, problem: error.description)
                    }
                }
            case .install(let identifier, let totalBytes, let digest, let position):
                applier.submit([
                    .install(identifier: identifier, totalBytes: totalBytes, digest: digest, position: position)
                ])
            case .reply(let peer, let reply):
                transport.send(
                    RaftMessage(from: nodeID, to: peer, term: core.status.term, body: .snapshotReply(reply)))
                transport.flush()
            case .discard(let identifier):
                lanes.background.submit { [machine] in machine.discardIncoming(identifier: identifier) }
            }
        }
    }

    private func background(_ work: @escaping @Sendable () -> SnapshotEvent) {
        lanes.background.submit { [weak self] in
            let event = work()
            self?.put(.snapshot(event))
        }
    }
}
