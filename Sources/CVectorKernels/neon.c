// Kernels for 64-bit ARM, which always has NEON.
#if defined(__aarch64__)
#include "kernels.h"
#include <arm_neon.h>

__attribute__((always_inline)) static inline int32_t dot_neon(const uint8_t *code, const int8_t *query,
                                                              int32_t query_sum, size_t dimension) {
    (void)query_sum;
    int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
    for (size_t d = 0; d < dimension; d += 16) {
        int8x16_t values = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(code + d), vdupq_n_u8(0x80)));
        int8x16_t factors = vld1q_s8(query + d);
        // A product is at most 127 * 127 and fits sixteen bits; pairs are added in thirty-two.
        low = vpadalq_s16(low, vmull_s8(vget_low_s8(values), vget_low_s8(factors)));
        high = vpadalq_s16(high, vmull_high_s8(values, factors));
    }
    return vaddvq_s32(vaddq_s32(low, high));
}

DEFINE_FOUR(four_neon, , dot_neon)
DEFINE_KERNELS(neon, , dot_neon, four_neon)
#endif
