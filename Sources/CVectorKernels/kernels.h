// What the kernel files share: the loops over records, made from a kernel's dot product of one record.
//
// The dimension of the product's embedding model is compiled in as a constant next to the general form: the loop over
// it then unrolls and the query stays in registers.
#pragma once
#include "CVectorKernels.h"
#include "floats.h"

#define COMMON_DIMENSION 384
/// How many records ahead of a scan its memory is asked for.
#define RANGE_AHEAD 12

__attribute__((always_inline)) static inline int32_t query_of_code_body(const uint8_t *restrict code, size_t dimension,
                                                                        int8_t *restrict query) {
    int32_t sum = 0;
    for (size_t d = 0; d < dimension; d++) {
        int8_t value = (int8_t)(code[d] ^ 0x80);
        query[d] = value;
        sum += value;
    }
    return sum;
}

// The kernels of a set, from two inline functions: DOT scores one record, FOUR scores four at once.
#define DEFINE_KERNELS(NAME, ATTRIBUTES, DOT, FOUR)                                                                    \
    __attribute__((always_inline)) ATTRIBUTES static inline void NAME##_records_body(                                  \
        const uint8_t *restrict records, size_t stride, const uint32_t *restrict slots, size_t count,                  \
        const int8_t *restrict query, int32_t query_sum, size_t dimension, int32_t *restrict scores) {                 \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= count; i += 4)                                                                                 \
            FOUR(records + slots[i] * stride, records + slots[i + 1] * stride, records + slots[i + 2] * stride,        \
                 records + slots[i + 3] * stride, query, query_sum, dimension, scores + i);                            \
        for (; i < count; i++) scores[i] = DOT(records + slots[i] * stride, query, query_sum, dimension);              \
    }                                                                                                                  \
    ATTRIBUTES static void NAME##_records(const uint8_t *records, size_t stride, const uint32_t *slots, size_t count,  \
                                          const int8_t *query, int32_t query_sum, size_t dimension, int32_t *scores) { \
        if (dimension == COMMON_DIMENSION)                                                                             \
            NAME##_records_body(records, stride, slots, count, query, query_sum, COMMON_DIMENSION, scores);            \
        else NAME##_records_body(records, stride, slots, count, query, query_sum, dimension, scores);                  \
    }                                                                                                                  \
    __attribute__((always_inline)) ATTRIBUTES static inline void NAME##_range_body(                                    \
        const uint8_t *restrict records, size_t stride, size_t count, const int8_t *restrict query, int32_t query_sum, \
        size_t dimension, int32_t *restrict scores) {                                                                  \
        size_t i = 0;                                                                                                  \
        for (; i + 4 <= count; i += 4) {                                                                               \
            const uint8_t *record = records + i * stride;                                                              \
            /* May point beyond the end: a hint reads nothing. */                                                      \
            mneme_prefetch((const void *)((uintptr_t)record + RANGE_AHEAD * stride), 4 * stride);                      \
            FOUR(record, record + stride, record + 2 * stride, record + 3 * stride, query, query_sum, dimension,       \
                 scores + i);                                                                                          \
        }                                                                                                              \
        for (; i < count; i++) scores[i] = DOT(records + i * stride, query, query_sum, dimension);                     \
    }                                                                                                                  \
    ATTRIBUTES static void NAME##_range(const uint8_t *records, size_t stride, size_t count, const int8_t *query,      \
                                        int32_t query_sum, size_t dimension, int32_t *scores) {                        \
        if (dimension == COMMON_DIMENSION)                                                                             \
            NAME##_range_body(records, stride, count, query, query_sum, COMMON_DIMENSION, scores);                     \
        else NAME##_range_body(records, stride, count, query, query_sum, dimension, scores);                           \
    }                                                                                                                  \
    ATTRIBUTES static float NAME##_floats(const float *left, const float *right, size_t dimension) {                   \
        return dimension == COMMON_DIMENSION ? dot_floats_body(left, right, COMMON_DIMENSION)                          \
                                             : dot_floats_body(left, right, dimension);                                \
    }                                                                                                                  \
    ATTRIBUTES static int32_t NAME##_query(const uint8_t *code, size_t dimension, int8_t *query) {                     \
        return dimension == COMMON_DIMENSION ? query_of_code_body(code, COMMON_DIMENSION, query)                       \
                                             : query_of_code_body(code, dimension, query);                             \
    }                                                                                                                  \
    const mneme_vector_kernels mneme_kernels_##NAME = {#NAME, NAME##_records, NAME##_range, NAME##_floats,             \
                                                       NAME##_query};

/// Four records one by one, for instruction sets that gain nothing from scoring them together.
#define DEFINE_FOUR(NAME, ATTRIBUTES, DOT)                                                                             \
    __attribute__((always_inline)) ATTRIBUTES static inline void NAME(                                                 \
        const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, const int8_t *query, int32_t sum,      \
        size_t dimension, int32_t *scores) {                                                                           \
        scores[0] = DOT(a, query, sum, dimension);                                                                     \
        scores[1] = DOT(b, query, sum, dimension);                                                                     \
        scores[2] = DOT(c, query, sum, dimension);                                                                     \
        scores[3] = DOT(d, query, sum, dimension);                                                                     \
    }
