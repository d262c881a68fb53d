/// Snapshot transfers: what the sender and the receiver ask, carried to the lanes. Core lane only.
extension RaftNode {
    func received(_ chunk: SnapshotChunk, _ message: RaftMessage) {
        let status = core.status
        guard message.term == status.term, status.leader == message.from, core.listens(to: message) else { return }
        perform(
            receiver.chunk(
                chunk, from: message.from, commit: status.commit, applied: status.applied,
                formats: machine.snapshotFormatsRead, hasRoom: !status.storageIsLow))
    }

    func received(_ reply: SnapshotReply, _ message: RaftMessage) {
        let status = core.status
        guard message.term == status.term, status.role == .leader, core.listens(to: message) else { return }
        perform(sender.reply(from: message.from, reply, nowNanoseconds: clock.monotonicNanoseconds()))
    }

    func handle(_ event: SnapshotEvent) {
        switch event {
        case .tick(let now):
            logWriter.tick(nowNanoseconds: now)
            // A whole status is too much for every tick of a node that sends nothing.
            if !sender.isIdle {
                perform(sender.tick(log: logPlace, nowNanoseconds: now, isSilent: { core.isSilent($0) }))
            }
        case .pinned(let peer, let work):
            perform(sender.pinned(peer: peer, work: work))
        case .copied(let peer, let result):
            perform(sender.copied(peer: peer, result: result, nowNanoseconds: clock.monotonicNanoseconds()))
        case .chunkRead(let peer, let identifier, let offset, let result):
            perform(
                sender.chunkRead(
                    peer: peer, identifier: identifier, offsetBytes: offset, result: result,
                    nowNanoseconds: clock.monotonicNanoseconds()))
        case .chunkStored(let identifier, let next, let problem):
            perform(receiver.stored(identifier: identifier, nextOffsetBytes: next, problem: problem))
        case .installFinished(let identifier, let position, let configuration, let problem):
            if let position {
                // The state machine is durable at `position`; only then may the core forget the log before it.
                gauges.update { $0.snapshotsInstalled += 1 }
                step(.snapshotInstalled(position: position, configuration: configuration))
                if let configuration { committed(configuration.configuration) }
            }
            perform(
                receiver.installFinished(identifier: identifier, installed: position != nil, problem: problem))
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
                send(.snapshotChunk(chunk), to: peer)
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
            case .begin(let identifier, let content, let piece):
                background { [machine] in
                    Self.stored(identifier, from: 0) { () throws(StateMachineError) in
                        let held = try machine.beginIncoming(identifier: identifier, content: content)
                        guard let piece, piece.offsetBytes == held else { return held }
                        return try Self.write(piece, identifier, to: machine)
                    }
                }
            case .store(let identifier, let piece):
                background { [machine] in
                    Self.stored(identifier, from: piece.offsetBytes) { () throws(StateMachineError) in
                        try Self.write(piece, identifier, to: machine)
                    }
                }
            case .install(let identifier, let content):
                applier.submit([
                    .install(
                        identifier: identifier, totalBytes: content.totalBytes, digest: content.digest,
                        position: content.position)
                ])
            case .problem(let text):
                gauges.update { $0.snapshotProblem = text }
            case .reply(let peer, let reply):
                send(.snapshotReply(reply), to: peer)
            case .discard(let identifier):
                lanes.background.submit { [machine] in machine.discardIncoming(identifier: identifier) }
            }
        }
    }

    var logPlace: SnapshotSender.LogPlace {
        let status = core.status
        return SnapshotSender.LogPlace(applied: status.applied, base: status.base.index)
    }

    /// - Returns: where the next piece goes.
    private static func write(
        _ piece: SnapshotReceiver.Piece, _ identifier: UInt64, to machine: any ReplicatedStateMachine
    ) throws(StateMachineError) -> UInt64 {
        try machine.writeIncoming(identifier: identifier, atBytes: piece.offsetBytes, bytes: piece.bytes)
        return piece.offsetBytes + UInt64(piece.bytes.count)
    }

    private static func stored(
        _ identifier: UInt64, from offset: UInt64, _ work: () throws(StateMachineError) -> UInt64
    ) -> SnapshotEvent {
        do throws(StateMachineError) {
            return .chunkStored(identifier: identifier, nextOffsetBytes: try work(), problem: nil)
        } catch {
            return .chunkStored(identifier: identifier, nextOffsetBytes: offset, problem: error.description)
        }
    }

    private func send(_ body: MessageBody, to peer: NodeID) {
        transport.send(
            RaftMessage(
                from: nodeID, to: peer, term: core.currentTerm, incarnation: core.options.incarnation, body: body))
        transport.flush()
    }

    private func background(_ work: @escaping @Sendable () -> SnapshotEvent) {
        lanes.background.submit { [self] in
            put(.snapshot(work()))
        }
    }
}
