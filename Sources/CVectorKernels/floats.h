// The float dot product, written once over vectors of sixteen lanes; the compiler splits them for narrower CPUs.
// Products are rounded before they are added (no fused operations) and the order of additions is fixed: lanes of even
// and odd blocks apart, then halves onto halves. So every CPU gives the same float.
#pragma once
#include <stddef.h>

typedef float float_x16 __attribute__((vector_size(64)));
typedef float float_x8 __attribute__((vector_size(32)));
typedef float float_x4 __attribute__((vector_size(16)));

__attribute__((always_inline)) static inline float dot_floats_body(const float *left, const float *right,
                                                                   size_t dimension) {
#pragma clang fp contract(off)
    float_x16 sums[2] = {{0}, {0}};
    for (size_t d = 0; d < dimension; d += 16) {
        float_x16 a, b;
        __builtin_memcpy(&a, left + d, sizeof a);
        __builtin_memcpy(&b, right + d, sizeof b);
        float_x16 product = a * b;
        if ((d & 16) == 0) sums[0] += product;
        else sums[1] += product;
    }
    float_x16 total = sums[0] + sums[1];
    float_x8 low8 = __builtin_shufflevector(total, total, 0, 1, 2, 3, 4, 5, 6, 7);
    float_x8 high8 = __builtin_shufflevector(total, total, 8, 9, 10, 11, 12, 13, 14, 15);
    float_x8 half = low8 + high8;
    float_x4 low4 = __builtin_shufflevector(half, half, 0, 1, 2, 3);
    float_x4 high4 = __builtin_shufflevector(half, half, 4, 5, 6, 7);
    float_x4 quarter = low4 + high4;
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}
