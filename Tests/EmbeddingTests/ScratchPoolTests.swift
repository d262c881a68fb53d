/// Scratch memory: never shared by two calls, and not hoarded after a burst.
import Testing

@testable import Embedding

@Suite("Scratch pool")
struct ScratchPoolTests {
    @Test("calls at the same time get different scratches; what is idle is used again, up to the limit")
    func lending() {
        let pool = ScratchPool(idleMax: 2)
        let places = pool.with { first in
            pool.with { second in pool.with { third in [first.state, second.state, third.state] } }
        }
        #expect(Set(places).count == 3)
        #expect(pool.idleCount == 2)
        #expect(places.contains(pool.with { $0.state }))
        #expect(pool.idleCount == 2)
    }
}
