// Access to a graph that one thread changes while others walk through it.
//
// Every word that is changed after other threads may see it is read and written here, atomically. For links relaxed order
// is enough: what a link leads to was published before by the release store of a count that the reader acquired, and a
// reader takes no link that leads beyond that count. A flag is released: whoever sees that a slot was vacated also sees
// the slot that was published in its place before.
#include "CVectorKernels.h"

uint32_t mneme_load_link(const uint32_t *link) { return __atomic_load_n(link, __ATOMIC_RELAXED); }
void mneme_store_link(uint32_t *link, uint32_t value) { __atomic_store_n(link, value, __ATOMIC_RELAXED); }
uint8_t mneme_load_flag(const uint8_t *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }
void mneme_store_flag(uint8_t *flag, uint8_t value) { __atomic_store_n(flag, value, __ATOMIC_RELEASE); }

size_t mneme_gather_links(const uint32_t *links, size_t capacity, uint32_t limit, uint8_t *stamps, uint8_t epoch,
                          const uint8_t *records, size_t stride, size_t fetched_bytes, uint32_t *found) {
    size_t count = 0;
    for (size_t i = 0; i < capacity; i++) {
        uint32_t slot = __atomic_load_n(links + i, __ATOMIC_RELAXED);
        if (slot == MNEME_NO_LINK) break;
        if (slot >= limit) continue;
        // Whether a node was met is a coin toss, which a branch would lose half the time.
        found[count] = slot;
        count += stamps[slot] != epoch;
        stamps[slot] = epoch;
    }
    for (size_t i = 0; i < count; i++) mneme_prefetch(records + found[i] * stride, fetched_bytes);
    return count;
}
