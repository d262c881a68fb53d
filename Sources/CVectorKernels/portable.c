// Kernels in plain C, what the others are compared with; and the choice among kernels.
#include "kernels.h"

static inline int32_t dot_portable(const uint8_t *code, const int8_t *query, int32_t query_sum, size_t dimension) {
    int32_t sum = 0;
    for (size_t d = 0; d < dimension; d++) sum += (int32_t)code[d] * (int32_t)query[d];
    return sum - 128 * query_sum;
}

DEFINE_FOUR(four_portable, , dot_portable)
DEFINE_KERNELS(portable, , dot_portable, four_portable)

#if defined(__x86_64__)
extern const mneme_vector_kernels mneme_kernels_avx2, mneme_kernels_avx512;
static int supports_avx2(void) { return __builtin_cpu_supports("avx2"); }
static int supports_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
}
#elif defined(__aarch64__)
extern const mneme_vector_kernels mneme_kernels_neon;
#endif

const mneme_vector_kernels *mneme_vector_kernels_of(mneme_kernel_kind kind) {
    switch (kind) {
    case MNEME_KERNEL_PORTABLE: return &mneme_kernels_portable;
#if defined(__x86_64__)
    case MNEME_KERNEL_AVX2: return supports_avx2() ? &mneme_kernels_avx2 : NULL;
    case MNEME_KERNEL_AVX512: return supports_avx512() ? &mneme_kernels_avx512 : NULL;
#elif defined(__aarch64__)
    case MNEME_KERNEL_NEON: return &mneme_kernels_neon;
#endif
    default: return NULL;
    }
}

const mneme_vector_kernels *mneme_vector_kernels_best(void) {
    static const mneme_kernel_kind preferred[] = {MNEME_KERNEL_AVX512, MNEME_KERNEL_AVX2, MNEME_KERNEL_NEON};
    for (size_t i = 0; i < sizeof preferred / sizeof preferred[0]; i++) {
        const mneme_vector_kernels *kernels = mneme_vector_kernels_of(preferred[i]);
        if (kernels) return kernels;
    }
    return &mneme_kernels_portable;
}

void mneme_quantize(const float *vector, float scale, size_t dimension, uint8_t *code) {
#pragma clang fp contract(off)
    for (size_t d = 0; d < dimension; d++) {
        float scaled = vector[d] * scale;
        // Clamped first, so that a huge value cannot overflow the conversion. Not a number becomes -127: never asked.
        scaled = scaled > -127.0f ? scaled : -127.0f;
        scaled = scaled < 127.0f ? scaled : 127.0f;
        // Adding 1.5 * 2^23 rounds to the nearest integer, ties to even, in the last bits of the sum on every CPU.
        float shifted = scaled + 12582912.0f;
        code[d] = (uint8_t)(128 + (int32_t)(shifted - 12582912.0f));
    }
}
