/// Which implementation of the kernels computes.
///
/// Owns: the choice. Must never: offer one that this processor cannot run.
import CTensorKernels

struct Kernels {
    let table: mneme_kernels

    var name: String { String(cString: table.name) }

    /// Fastest first; the last one is portable C and always there.
    static var available: [Kernels] {
        var found: [Kernels] = []
        while let table = mneme_kernels_at(found.count) { found.append(Kernels(table: table.pointee)) }
        return found
    }

    static var fastest: Kernels {
        guard let first = mneme_kernels_at(0) else { preconditionFailure("CTensorKernels has no portable kernels") }
        return Kernels(table: first.pointee)
    }
}
