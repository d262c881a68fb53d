// Kernels for x86-64: AVX2 and AVX-512 with VNNI. Compiled for them by attribute, run only where the CPU has them.
#if defined(__x86_64__)
#include "kernels.h"
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// Signed code times sign of the query, times the query's absolute value: pairs add up to at most 2 * 127 * 127, which
// sixteen bits hold, so that the saturating instruction never saturates.
__attribute__((always_inline)) AVX2 static inline __m256i product_avx2(__m256i code, __m256i query) {
    __m256i value = _mm256_xor_si256(code, _mm256_set1_epi8((char)0x80));
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(query), _mm256_sign_epi8(value, query));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

__attribute__((always_inline)) AVX2 static inline int32_t dot_avx2(const uint8_t *code, const int8_t *query,
                                                                   int32_t query_sum, size_t dimension) {
    (void)query_sum;
    __m256i sums = _mm256_setzero_si256();
    size_t d = 0;
    for (; d + 32 <= dimension; d += 32)
        sums = _mm256_add_epi32(sums, product_avx2(_mm256_loadu_si256((const void *)(code + d)),
                                                   _mm256_loadu_si256((const void *)(query + d))));
    if (d < dimension)  // sixteen are left; the upper half multiplies by zero
        sums = _mm256_add_epi32(sums, product_avx2(_mm256_zextsi128_si256(_mm_loadu_si128((const void *)(code + d))),
                                                   _mm256_zextsi128_si256(_mm_loadu_si128((const void *)(query + d)))));
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
    return _mm_cvtsi128_si32(half);
}

__attribute__((always_inline)) AVX512 static inline int32_t dot_avx512(const uint8_t *code, const int8_t *query,
                                                                       int32_t query_sum, size_t dimension) {
    __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
    size_t d = 0;
    for (; d + 128 <= dimension; d += 128) {
        even = _mm512_dpbusd_epi32(even, _mm512_loadu_si512(code + d), _mm512_loadu_si512(query + d));
        odd = _mm512_dpbusd_epi32(odd, _mm512_loadu_si512(code + d + 64), _mm512_loadu_si512(query + d + 64));
    }
    for (; d < dimension; d += 64) {
        size_t left = dimension - d;
        __mmask64 mask = left >= 64 ? ~(__mmask64)0 : (((__mmask64)1 << left) - 1);
        even = _mm512_dpbusd_epi32(even, _mm512_maskz_loadu_epi8(mask, code + d),
                                   _mm512_maskz_loadu_epi8(mask, query + d));
    }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(even, odd)) - 128 * query_sum;
}

#define STEP_AVX512(sums, code) sums = _mm512_dpbusd_epi32(sums, _mm512_maskz_loadu_epi8(mask, (code) + d), factors)

// Four sums of sixteen parts each are folded together, which costs little more than folding one.
__attribute__((always_inline)) AVX512 static inline void four_avx512(
    const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d4, const int8_t *query, int32_t query_sum,
    size_t dimension, int32_t *scores) {
    __m512i sa = _mm512_setzero_si512(), sb = sa, sc = sa, sd = sa;
    for (size_t d = 0; d < dimension; d += 64) {
        size_t left = dimension - d;
        __mmask64 mask = left >= 64 ? ~(__mmask64)0 : (((__mmask64)1 << left) - 1);
        __m512i factors = _mm512_maskz_loadu_epi8(mask, query + d);
        STEP_AVX512(sa, a);
        STEP_AVX512(sb, b);
        STEP_AVX512(sc, c);
        STEP_AVX512(sd, d4);
    }
    __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(sa, sb), _mm512_unpackhi_epi32(sa, sb));
    __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(sc, sd), _mm512_unpackhi_epi32(sc, sd));
    __m512i abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(abcd), _mm512_extracti64x4_epi64(abcd, 1));
    __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    _mm_storeu_si128((void *)scores, _mm_sub_epi32(sums, _mm_set1_epi32(128 * query_sum)));
}

DEFINE_FOUR(four_avx2, AVX2, dot_avx2)
DEFINE_KERNELS(avx2, AVX2, dot_avx2, four_avx2)
DEFINE_KERNELS(avx512, AVX512, dot_avx512, four_avx512)
#endif
