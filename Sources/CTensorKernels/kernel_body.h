// The kernels themselves, written once in vector types of LANES floats. tensor_kernels.c includes this file once per
// instruction set, with SUFFIX, ATTRIBUTES (target), LANES, TILE_VECTORS and TILE_ROWS set. A header for no one else.
//
// The product works on tiles of TILE_ROWS x (TILE_VECTORS * LANES) sums that stay in registers while the depth runs by.
// All loops over a tile have constant bounds and are unrolled: that is what keeps the sums out of memory.

#define JOIN_NAMES(name, suffix) name##_##suffix
#define JOIN(name, suffix) JOIN_NAMES(name, suffix)
#define VARIANT(name) JOIN(name, SUFFIX)
#define INLINED static inline __attribute__((always_inline)) ATTRIBUTES
#define KERNEL static __attribute__((noinline)) ATTRIBUTES
#define TILE_WIDTH (TILE_VECTORS * LANES)
#define SUM_PARTS (SUM_LANES / LANES)

#define vec VARIANT(vec)
#define ints VARIANT(ints)
#define loose VARIANT(loose)

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int ints __attribute__((ext_vector_type(LANES)));
// For loads and stores at any multiple of four bytes.
typedef float loose __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

INLINED vec VARIANT(load)(const float *from) { return *(const loose *)from; }
INLINED void VARIANT(store)(float *to, vec value) { *(loose *)to = value; }

// Sums are kept in SUM_LANES lanes whatever LANES is and added in one order: variants with fused multiply-add agree in
// every bit.
INLINED float VARIANT(sum)(const vec *values) {
    float total = 0;
    for (int part = 0; part < SUM_PARTS; part++)
        for (int lane = 0; lane < LANES; lane++) total += values[part][lane];
    return total;
}

// 2^x for x <= 0, relative error below 1e-7; tiny instead of denormal below -126.
INLINED vec VARIANT(power_of_two)(vec exponent) {
    exponent = exponent < -126.0f ? (vec)-126.0f : exponent;
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    vec shifted = exponent + 12582912.0f;
    vec fraction = exponent - (shifted - 12582912.0f);
    vec result = fraction * 0.00015353361826480876f + 0.0013398874445734426f;
    result = result * fraction + 0.009618437358261886f;
    result = result * fraction + 0.05550332471025935f;
    result = result * fraction + 0.24022647913619924f;
    result = result * fraction + 0.6931472028551291f;
    result = result * fraction + 1.0f;
    // Casts between vectors keep the bits. Those of `shifted` are 1.5 * 2^23 plus the integer, which alone survives <<.
    return (vec)((ints)result + ((ints)shifted << 23));
}

// x * Phi(x). Phi(-|x|) = exp(-x^2 / 2) * P(1 / (1 + 0.4 |x|)); P was fitted for the least error of the whole product,
// which is 1.5e-8 before rounding.
INLINED vec VARIANT(gelu_vector)(vec x) {
    vec size = x < 0.0f ? -x : x;
    vec place = 1.0f / (size * 0.4f + 1.0f);
    vec tail = place * 0.05634135452846019f + -0.2544638207679905f;
    tail = tail * place + 0.3392704754456624f;
    tail = tail * place + 0.013584139534408055f;
    tail = tail * place + 0.18853302848339135f;
    tail = tail * place + 0.15673487140146092f;
    tail = tail * place * VARIANT(power_of_two)(x * x * -0.72134752044448170f);
    vec positive = x < 0.0f ? (vec)0.0f : x;
    return positive - size * tail;
}

// `rows` is a constant wherever this is inlined. `ahead`, if any, is what will be read next: with few rows it is the
// weights that a product waits for, so they are fetched into the second-level cache one panel early. Measured: 10 % at
// 16 tokens, 15 % at 64.
INLINED void VARIANT(tile)(const int rows, const float *restrict left, size_t left_stride, const float *restrict right,
                           size_t right_stride, size_t depth, const float *restrict bias, const float *ahead,
                           float *restrict output, size_t output_stride) {
    vec sums[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++)
#pragma clang loop unroll(full)
        for (int part = 0; part < TILE_VECTORS; part++)
            sums[row][part] = bias ? VARIANT(load)(bias + part * LANES) : (vec)0.0f;
    for (size_t step = 0; step < depth; step++) {
        vec weights[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int part = 0; part < TILE_VECTORS; part++) weights[part] = VARIANT(load)(right + part * LANES);
        right += right_stride;
        if (ahead) {
#pragma clang loop unroll(full)
            for (int part = 0; part < TILE_WIDTH; part += 16) __builtin_prefetch(ahead + part, 0, 2);
            ahead += MNEME_PANEL_WIDTH;
        }
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            vec value = (vec)left[(size_t)row * left_stride + step];
#pragma clang loop unroll(full)
            for (int part = 0; part < TILE_VECTORS; part++) sums[row][part] += value * weights[part];
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++)
#pragma clang loop unroll(full)
        for (int part = 0; part < TILE_VECTORS; part++)
            VARIANT(store)(output + (size_t)row * output_stride + part * LANES, sums[row][part]);
}

// One panel of columns for up to TILE_ROWS rows. Inlined with a constant stride where the caller has one.
INLINED void VARIANT(panel)(size_t rows, const float *left, size_t left_stride, const float *right, size_t right_stride,
                            size_t depth, const float *bias, const float *ahead, float *output, size_t output_stride) {
    for (int column = 0; column < MNEME_PANEL_WIDTH; column += TILE_WIDTH) {
        const float *shift = bias ? bias + column : bias;
        const float *next = ahead ? ahead + column : ahead;
        switch (rows) {
#define ROWS_CASE(count)                                                                                               \
    case count:                                                                                                        \
        VARIANT(tile)(count, left, left_stride, right + column, right_stride, depth, shift, next,                      \
                      output + column, output_stride);                                                                 \
        break;
            ROWS_CASE(1)
            ROWS_CASE(2)
            ROWS_CASE(3)
            ROWS_CASE(4)
            ROWS_CASE(5)
            ROWS_CASE(6)
#if TILE_ROWS > 6
            ROWS_CASE(7)
            ROWS_CASE(8)
            ROWS_CASE(9)
            ROWS_CASE(10)
            ROWS_CASE(11)
            ROWS_CASE(12)
#endif
#undef ROWS_CASE
        }
    }
}

INLINED void VARIANT(linear_of)(const float *input, size_t rows, const size_t inputs, const float *packed,
                                const float *bias, size_t outputs, mneme_activation activation, float *output) {
    // Blocks of nearly equal height: 16 rows as 8 + 8 use the registers better than 12 + 4.
    size_t blocks = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t column = 0; column < outputs; column += MNEME_PANEL_WIDTH) {
        const float *weights = packed + column * inputs;
        const float *ahead = column + MNEME_PANEL_WIDTH < outputs ? weights + MNEME_PANEL_WIDTH * inputs : weights;
        for (size_t block = 0; block < blocks; block++) {
            size_t first = block * rows / blocks;
            size_t count = (block + 1) * rows / blocks - first;
            float *target = output + first * outputs + column;
            VARIANT(panel)(count, input + first * inputs, inputs, weights, MNEME_PANEL_WIDTH, inputs, bias + column,
                           ahead, target, outputs);
            if (activation != MNEME_ACTIVATION_GELU) continue;
            // While the tile is still in the nearest cache.
            for (size_t row = 0; row < count; row++)
                for (int lane = 0; lane < MNEME_PANEL_WIDTH; lane += LANES) {
                    float *place = target + row * outputs + lane;
                    VARIANT(store)(place, VARIANT(gelu_vector)(VARIANT(load)(place)));
                }
        }
    }
}

KERNEL void VARIANT(linear)(const float *input, size_t rows, size_t inputs, const float *packed, const float *bias,
                            size_t outputs, mneme_activation activation, float *output) {
    // A constant row length becomes part of the address of every load.
    if (inputs == 384)
        VARIANT(linear_of)(input, rows, 384, packed, bias, outputs, activation, output);
    else
        VARIANT(linear_of)(input, rows, inputs, packed, bias, outputs, activation, output);
}

// Turns scores into weights that are not yet divided by their sum, which it returns.
INLINED float VARIANT(soften)(float *scores, size_t count, size_t padded, float scale) {
    // Beyond the last token: never read as weights, but part of the vectors below.
    for (size_t index = count; index < padded; index++) scores[index] = scores[0];
    vec highest = VARIANT(load)(scores);
    for (size_t index = LANES; index < padded; index += LANES) {
        vec value = VARIANT(load)(scores + index);
        highest = value > highest ? value : highest;
    }
    float top = highest[0];
    for (int lane = 1; lane < LANES; lane++) top = highest[lane] > top ? highest[lane] : top;
    for (size_t index = 0; index < padded; index += LANES)
        VARIANT(store)(scores + index, VARIANT(power_of_two)((VARIANT(load)(scores + index) - top) * scale));
    for (size_t index = count; index < padded; index++) scores[index] = 0;
    vec totals[SUM_PARTS] = {0};
    for (size_t index = 0; index < padded; index += SUM_LANES)
        for (int part = 0; part < SUM_PARTS; part++) totals[part] += VARIANT(load)(scores + index + part * LANES);
    return VARIANT(sum)(totals);
}

KERNEL void VARIANT(attention)(const float *joined, size_t tokens, size_t heads, float *scratch, float *output) {
    const size_t width = MNEME_PANEL_WIDTH;
    const size_t row_length = heads * width;
    const size_t stride = 3 * row_length;
    const size_t padded = (tokens + width - 1) / width * width;
    float *keys = scratch;
    float *scores = scratch + padded * width;
    // log2(e) / sqrt(width): the exponential is one of base two.
    const float scale = 1.44269504088896341f / 5.65685424949238020f;
    const size_t blocks = (tokens + TILE_ROWS - 1) / TILE_ROWS;
    for (size_t head = 0; head < heads; head++) {
        const float *queries = joined + head * width;
        const float *values = queries + 2 * row_length;
        for (size_t token = 0; token < padded; token++) {
            const float *key = queries + row_length + (token < tokens ? token : 0) * stride;
            float *column = keys + token / width * width * width + token % width;
            for (size_t index = 0; index < width; index++) column[index * width] = key[index];
        }
        for (size_t block = 0; block < blocks; block++) {
            size_t first = block * tokens / blocks;
            size_t count = (block + 1) * tokens / blocks - first;
            for (size_t token = 0; token < padded; token += width)
                VARIANT(panel)(count, queries + first * stride, stride, keys + token * width, width, width, NULL, NULL,
                               scores + token, padded);
            float totals[TILE_ROWS];
            for (size_t row = 0; row < count; row++)
                totals[row] = VARIANT(soften)(scores + row * padded, tokens, padded, scale);
            float *target = output + first * row_length + head * width;
            VARIANT(panel)(count, scores, padded, values, stride, tokens, NULL, NULL, target, row_length);
            for (size_t row = 0; row < count; row++)
                for (size_t index = 0; index < width; index += LANES) {
                    float *place = target + row * row_length + index;
                    VARIANT(store)(place, VARIANT(load)(place) * (1.0f / totals[row]));
                }
        }
    }
}

KERNEL void VARIANT(add_normalize)(const float *left, const float *right, size_t rows, size_t width, const float *gain,
                                   const float *shift, float epsilon, float *output) {
    for (size_t row = 0; row < rows; row++, left += width, right += width, output += width) {
        vec totals[SUM_PARTS] = {0};
        for (size_t index = 0; index < width; index += SUM_LANES)
            for (int part = 0; part < SUM_PARTS; part++) {
                size_t place = index + part * LANES;
                vec value = VARIANT(load)(left + place) + VARIANT(load)(right + place);
                VARIANT(store)(output + place, value);
                totals[part] += value;
            }
        float mean = VARIANT(sum)(totals) / (float)width;
        vec squares[SUM_PARTS] = {0};
        for (size_t index = 0; index < width; index += SUM_LANES)
            for (int part = 0; part < SUM_PARTS; part++) {
                vec offset = VARIANT(load)(output + index + part * LANES) - mean;
                squares[part] += offset * offset;
            }
        float scale = 1.0f / __builtin_sqrtf(VARIANT(sum)(squares) / (float)width + epsilon);
        for (size_t index = 0; index < width; index += LANES) {
            vec value = (VARIANT(load)(output + index) - mean) * scale;
            VARIANT(store)(output + index, value * VARIANT(load)(gain + index) + VARIANT(load)(shift + index));
        }
    }
}

KERNEL void VARIANT(mean_unit)(const float *input, size_t rows, size_t width, float *output) {
    for (size_t index = 0; index < width; index++) output[index] = 0;
    for (size_t row = 0; row < rows; row++, input += width)
        for (size_t index = 0; index < width; index += LANES)
            VARIANT(store)(output + index, VARIANT(load)(output + index) + VARIANT(load)(input + index));
    float count = (float)rows < 1e-9f ? 1e-9f : (float)rows;
    vec squares[SUM_PARTS] = {0};
    for (size_t index = 0; index < width; index += SUM_LANES)
        for (int part = 0; part < SUM_PARTS; part++) {
            vec value = VARIANT(load)(output + index + part * LANES) / count;
            VARIANT(store)(output + index + part * LANES, value);
            squares[part] += value * value;
        }
    float length = __builtin_sqrtf(VARIANT(sum)(squares));
    if (length < 1e-12f) length = 1e-12f;
    for (size_t index = 0; index < width; index += LANES)
        VARIANT(store)(output + index, VARIANT(load)(output + index) / length);
}

KERNEL void VARIANT(gelu)(float *values, size_t count) {
    for (size_t index = 0; index < count; index++) values[index] = VARIANT(gelu_vector)((vec)values[index])[0];
}

KERNEL void VARIANT(exponential)(float *values, size_t count) {
    for (size_t index = 0; index < count; index++)
        values[index] = VARIANT(power_of_two)((vec)values[index] * 1.44269504088896341f)[0];
}

static const mneme_kernels VARIANT(kernels) = {
    .name = VARIANT_NAME,
    .linear = VARIANT(linear),
    .attention = VARIANT(attention),
    .add_normalize = VARIANT(add_normalize),
    .mean_unit = VARIANT(mean_unit),
    .gelu = VARIANT(gelu),
    .exponential = VARIANT(exponential),
};

#undef vec
#undef ints
#undef loose
#undef TILE_WIDTH
#undef SUM_PARTS
#undef KERNEL
#undef INLINED
#undef VARIANT
#undef JOIN
#undef JOIN_NAMES
#undef SUFFIX
#undef VARIANT_NAME
#undef ATTRIBUTES
#undef LANES
#undef TILE_VECTORS
#undef TILE_ROWS
