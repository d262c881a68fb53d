/// Columns that line up.
///
/// Owns: widths. Must never: wrap or cut a cell.

public struct TextTable: Sendable {
    public enum Alignment: Sendable { case left, right }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    public init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    /// - Precondition: one cell per column.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row needs one cell per column")
        rows.append(cells)
    }

    public var text: String {
        let titles = columns.map(\.title)
        let widths = columns.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([titles] + rows).map { row in
            let cells = columns.indices.map { column in
                switch columns[column].alignment {
                case .left: row[column].rightPadded(to: widths[column])
                case .right: row[column].leftPadded(to: widths[column])
                }
            }
            return TextTable.trimmed(cells.joined(separator: "  "))
        }.joined(separator: "\n")
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
