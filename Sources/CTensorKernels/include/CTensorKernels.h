// The arithmetic of a small transformer: matrix product with packed weights, attention, layer norm, pooling, in f32.
// In C because only here can one binary hold a variant per instruction set. Nothing here allocates or keeps state, so
// every function may run on any number of threads as long as outputs and scratch are not shared.
#pragma once
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Columns per panel of packed weights; also the width of an attention head. The same for every variant.
#define MNEME_PANEL_WIDTH 32

/// What is done to a product after the bias was added.
typedef enum mneme_activation {
    MNEME_ACTIVATION_NONE = 0,
    /// x * Phi(x) with the exact normal distribution (not the tanh approximation), within 1e-6.
    MNEME_ACTIVATION_GELU = 1,
} mneme_activation;

/// One implementation of every kernel. All variants read the same packed layout, and those with fused multiply-add
/// (all but the portable one) give the same bits.
typedef struct mneme_kernels {
    const char *_Nonnull name;

    /// output[rows][outputs] = activation(input[rows][inputs] * weights + bias). `outputs`: a multiple of the width.
    void (*_Nonnull linear)(const float *_Nonnull input, size_t rows, size_t inputs, const float *_Nonnull packed,
                            const float *_Nonnull bias, size_t outputs, mneme_activation activation,
                            float *_Nonnull output);

    /// Attention of all tokens of one text to each other. `joined` is [tokens][3][heads][panel width]: queries, keys,
    /// values; `output` is [tokens][heads][panel width]. `scratch` holds mneme_attention_scratch_count(tokens) floats.
    void (*_Nonnull attention)(const float *_Nonnull joined, size_t tokens, size_t heads, float *_Nonnull scratch,
                               float *_Nonnull output);

    /// output = layer norm of (left + right), row by row. `output` may be `left` or `right`. `width`: a multiple of 16.
    void (*_Nonnull add_normalize)(const float *_Nonnull left, const float *_Nonnull right, size_t rows, size_t width,
                                   const float *_Nonnull gain, const float *_Nonnull shift, float epsilon,
                                   float *_Nonnull output);

    /// The mean of `rows` rows, divided by its length. Both denominators are floored (at 1e-9 and 1e-12).
    void (*_Nonnull mean_unit)(const float *_Nonnull input, size_t rows, size_t width, float *_Nonnull output);

    /// In place, for the tests: the GELU that `linear` applies, and the exponential that `attention` applies (x <= 0).
    void (*_Nonnull gelu)(float *_Nonnull values, size_t count);
    void (*_Nonnull exponential)(float *_Nonnull values, size_t count);
} mneme_kernels;

/// The variants this processor can run, fastest first; nil after the last one. Index 0 always exists.
const mneme_kernels *_Nullable mneme_kernels_at(size_t index);

/// Packs row-major weights [outputs][inputs] into panels: [outputs / panel width][inputs][panel width].
void mneme_pack_weights(const float *_Nonnull weights, size_t outputs, size_t inputs, float *_Nonnull packed);

/// How many floats of scratch an attention over `tokens` tokens needs.
size_t mneme_attention_scratch_count(size_t tokens);

#ifdef __cplusplus
}
#endif
