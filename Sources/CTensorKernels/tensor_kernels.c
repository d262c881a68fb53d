// One set of kernels per instruction set, and the choice between them at run time. The kernels are in kernel_body.h.
#include "CTensorKernels.h"

#define SUM_LANES 16

#define SUFFIX portable
#define VARIANT_NAME "portable"
#define ATTRIBUTES
#define LANES 4
#define TILE_VECTORS 2
#define TILE_ROWS 6
#include "kernel_body.h"

#if defined(__x86_64__)

#define SUFFIX avx2
#define VARIANT_NAME "AVX2"
#define ATTRIBUTES __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE_VECTORS 2
#define TILE_ROWS 6
#include "kernel_body.h"

#define SUFFIX avx512
#define VARIANT_NAME "AVX-512"
#define ATTRIBUTES __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 16
#define TILE_VECTORS 2
#define TILE_ROWS 12
#include "kernel_body.h"

#elif defined(__aarch64__)

// NEON is part of every 64-bit ARM; only the shape of the tile differs from the portable variant: 32 registers, not 16.
#define SUFFIX neon
#define VARIANT_NAME "NEON"
#define ATTRIBUTES
#define LANES 4
#define TILE_VECTORS 4
#define TILE_ROWS 6
#include "kernel_body.h"

#endif

const mneme_kernels *mneme_kernels_at(size_t index) {
    const mneme_kernels *found[3];
    size_t count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw"))
        found[count++] = &kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &kernels_avx2;
#elif defined(__aarch64__)
    found[count++] = &kernels_neon;
#endif
    found[count++] = &kernels_portable;
    return index < count ? found[index] : NULL;
}

void mneme_pack_weights(const float *weights, size_t outputs, size_t inputs, float *packed) {
    for (size_t first = 0; first < outputs; first += MNEME_PANEL_WIDTH)
        for (size_t input = 0; input < inputs; input++)
            for (size_t output = first; output < first + MNEME_PANEL_WIDTH; output++)
                *packed++ = weights[output * inputs + input];
}

size_t mneme_attention_scratch_count(size_t tokens) {
    size_t padded = (tokens + MNEME_PANEL_WIDTH - 1) / MNEME_PANEL_WIDTH * MNEME_PANEL_WIDTH;
    // The keys of one head, transposed, and the scores of the tallest block of any variant.
    return padded * (MNEME_PANEL_WIDTH + 12);
}
