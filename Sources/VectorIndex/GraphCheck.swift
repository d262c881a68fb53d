/// Whether a loaded graph can be walked: every link leads to a linked slot of that layer.
///
/// Checksums tell damage; this tells a file that was made to mislead, or by a program with a bug.
/// Owns: the rules. Must never: read outside the sections that the header counts.

struct GraphCheck {
    let header: VectorIndexFile.Header
    let storage: SlotStorage

    func run() throws(VectorIndexError) {
        try checkEntry()
        try checkLevels()
        for slot in 0..<header.linked {
            for layer in 0...Int(storage.levels[slot]) { try checkList(slot, layer: layer) }
        }
        // Appending counts on the lists of a slot that is not linked yet being empty.
        for slot in header.linked..<header.count {
            guard storage.list(slot, layer: 0).allSatisfy({ $0 == UInt32.max }) else {
                throw .damaged("slot \(slot) has links and is not linked")
            }
        }
    }

    private func checkEntry() throws(VectorIndexError) {
        guard let entry = GraphEntry(word: header.entryWord) else {
            guard header.linked == 0 else { throw .damaged("it has a graph and no entry to it") }
            return
        }
        guard Int(entry.slot) < header.linked, Int(storage.levels[Int(entry.slot)]) == entry.level else {
            throw .damaged("the entry to the graph is not in it")
        }
    }

    /// Levels are those of the keys; the lists of upper layers lie one after another, in the order of slots.
    private func checkLevels() throws(VectorIndexError) {
        var lists = 0
        for slot in 0..<header.count {
            let level = SlotStorage.level(key: storage.keys[slot], links: header.parameters.links)
            guard Int(storage.levels[slot]) == level, storage.tombstones[slot] <= 1 else {
                throw .damaged("slot \(slot) has a level or a tombstone that cannot be")
            }
            guard level > 0, slot < header.linked else { continue }
            guard Int(storage.upperStarts[slot]) == lists else {
                throw .damaged("slot \(slot) has its upper links in the wrong place")
            }
            lists += level
            guard lists <= header.upperLists else { break }
        }
        guard lists == header.upperLists else { throw .damaged("the upper links are too few or too many") }
    }

    private func checkList(_ slot: Int, layer: Int) throws(VectorIndexError) {
        var hasEnded = false
        for link in storage.list(slot, layer: layer) {
            if link == UInt32.max {
                hasEnded = true
                continue
            }
            guard !hasEnded, Int(link) < header.linked, Int(storage.levels[Int(link)]) >= layer else {
                throw .damaged("a link of slot \(slot) leads nowhere")
            }
        }
    }
}
