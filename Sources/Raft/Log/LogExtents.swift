/// Where the live entries stand: stretches of a segment in which entry records follow each other without an overwrite.
///
/// Owns: the in-memory read index, one remembered position per some kilobytes. Must never: point at an overwritten entry.

struct LogExtent: Hashable, Sendable {
    struct Point: Hashable, Sendable {
        /// First index of the record at `offset`.
        var index: LogIndex
        var offset: UInt64
    }
    /// Sequence of the segment.
    var segment: UInt64
    /// Live indexes. Records may hold more (cut by truncation or by the base); those are skipped.
    var first: LogIndex
    var last: LogIndex
    /// Ascending; the first one is where the stretch begins.
    var points: [Point]
    /// Just after the last record of the stretch.
    var endOffset: UInt64
}

struct LogExtents: Hashable, Sendable {
    private(set) var extents: [LogExtent] = []
    /// A truncation ends the current stretch: entries after it go into a new one.
    private var sealed = true
    let spacingBytes: UInt64

    init(spacingBytes: Int) {
        self.spacingBytes = UInt64(spacingBytes)
    }

    /// Oldest segment that still holds a live entry.
    var firstSegment: UInt64? { extents.first?.segment }

    mutating func append(first: LogIndex, last: LogIndex, segment: UInt64, offset: UInt64, bytes: UInt64) {
        let point = LogExtent.Point(index: first, offset: offset)
        let end = offset + bytes
        if !sealed, let current = extents.indices.last, extents[current].segment == segment {
            extents[current].last = last
            extents[current].endOffset = end
            if let previous = extents[current].points.last, offset - previous.offset >= spacingBytes {
                extents[current].points.append(point)
            }
            return
        }
        extents.append(LogExtent(segment: segment, first: first, last: last, points: [point], endOffset: end))
        sealed = false
    }

    mutating func truncate(from index: LogIndex) {
        sealed = true
        while let extent = extents.last, extent.first >= index { extents.removeLast() }
        guard let current = extents.indices.last, extents[current].last >= index else { return }
        extents[current].last = index.previous
        while extents[current].points.count > 1, let point = extents[current].points.last, point.index >= index {
            extents[current].points.removeLast()
        }
    }

    mutating func dropThrough(_ index: LogIndex) {
        let gone = extents.firstIndex { $0.last > index } ?? extents.count
        extents.removeFirst(gone)
        guard let first = extents.first, first.first <= index else { return }
        extents[0].first = index.next
        let needed = max(1, first.points.firstIndex { $0.index > index.next } ?? first.points.count)
        extents[0].points.removeFirst(needed - 1)
    }

    mutating func reset() {
        extents = []
        sealed = true
    }

    /// The stretch that holds `index` and the remembered position to start reading at.
    func locate(_ index: LogIndex) -> (extent: LogExtent, offset: UInt64)? {
        var low = 0
        var high = extents.count
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].last < index { low = middle + 1 } else { high = middle }
        }
        guard low < extents.count, extents[low].first <= index else { return nil }
        let extent = extents[low]
        let point = extent.points.last { $0.index <= index } ?? extent.points[0]
        return (extent, point.offset)
    }

    /// Applies what a record at `offset` did to the log.
    mutating func apply(_ effect: RecordEffect, segment: UInt64, offset: UInt64, bytes: UInt64) {
        switch effect {
        case .entries(let first, let last, _):
            append(first: first, last: last, segment: segment, offset: offset, bytes: bytes)
        case .truncate(let from): truncate(from: from)
        case .base(let position): dropThrough(position.index)
        case .hardState, .mark: break
        }
    }
}
