// Inner loops of the vector index that Swift cannot reach: integer and float dot products with the widest instructions
// of the CPU at hand, prefetching, and atomic access to plain memory.
//
// Owns: the arithmetic. Must never: give another sum on another CPU. Integer sums are exact; float sums are made of the
// same additions in the same order by every kernel, so that replicas on different machines rank alike.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A stored code is one byte per dimension, the signed value -127...127 plus 128. A query is signed bytes and their
/// sum. Dimensions are multiples of 16, at most 4096. No kernel reads outside the bytes that its arguments name.
typedef struct {
    const char *name;
    /// scores[i] = sum over d of (code of slots[i])[d] * query[d], where the code starts at records + slots[i] *
    /// stride.
    void (*score_records)(const uint8_t *records, size_t stride, const uint32_t *slots, size_t count,
                          const int8_t *query, int32_t query_sum, size_t dimension, int32_t *scores);
    /// The same of `count` records one after another.
    void (*score_range)(const uint8_t *records, size_t stride, size_t count, const int8_t *query, int32_t query_sum,
                        size_t dimension, int32_t *scores);
    float (*dot_floats)(const float *left, const float *right, size_t dimension);
    /// Makes the query form of a code. Returns the sum of its values.
    int32_t (*query_of_code)(const uint8_t *code, size_t dimension, int8_t *query);
} mneme_vector_kernels;

typedef enum {
    MNEME_KERNEL_PORTABLE = 0,
    MNEME_KERNEL_AVX2 = 1,
    MNEME_KERNEL_AVX512 = 2,
    MNEME_KERNEL_NEON = 3,
} mneme_kernel_kind;

/// NULL where this CPU cannot run them.
const mneme_vector_kernels *mneme_vector_kernels_of(mneme_kernel_kind kind);

/// The fastest that this CPU can run.
const mneme_vector_kernels *mneme_vector_kernels_best(void);

/// code[d] = round(vector[d] * scale) clamped to -127...127, plus 128; ties to even.
void mneme_quantize(const float *vector, float scale, size_t dimension, uint8_t *code);

/// The end of a list of links that is not full.
#define MNEME_NO_LINK UINT32_MAX

/// Reads a list of links up to its end, takes those below `limit` whose stamp is not `epoch`, stamps them, and begins
/// to fetch `fetched_bytes` of each one's record. Returns how many were written to `found`, at most `capacity`.
size_t mneme_gather_links(const uint32_t *links, size_t capacity, uint32_t limit, uint8_t *stamps, uint8_t epoch,
                          const uint8_t *records, size_t stride, size_t fetched_bytes, uint32_t *found);

/// Begins to fetch memory that will be read soon.
static inline void mneme_prefetch(const void *address, size_t bytes) {
    for (size_t offset = 0; offset < bytes; offset += 64) __builtin_prefetch((const char *)address + offset, 0, 3);
}

// Atomic access: relaxed for links, acquire and release for flags. Out of line where no loop is hot, so that the thread sanitizer sees every one of them.
uint32_t mneme_load_link(const uint32_t *link);
void mneme_store_link(uint32_t *link, uint32_t value);
uint8_t mneme_load_flag(const uint8_t *flag);
void mneme_store_flag(uint8_t *flag, uint8_t value);

#ifdef __cplusplus
}
#endif
