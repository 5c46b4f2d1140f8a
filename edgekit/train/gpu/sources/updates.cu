// One step of an optimizer over the flat vector of all weights.
//
// The vector is made of segments, one for each variable, and a segment of tiles, which are what a
// block works on at a time. Gradients stay where the backward pass left them: their addresses come
// with the launch. All that depends on the step is in a row of constants, chosen by the device's
// own count of steps, so that a captured launch can be replayed.

#include "reduce.cuh"
#include "state.cuh"
#include "updates.cuh"

#define THREADS 256
#define TILE 1024
#define GROUP 256  // gradients of one launch
#define ROW 16     // floats of a row

#define CLIP_VALUE 1u  // bound each entry
#define CLIP_NORM 2u   // multiply each segment by a factor that `measure` found
#define CLIP_GLOBAL 4u // the factor is the same for all
#define DECAY 8u
#define AVERAGE 16u
#define ACCUMULATE 32u
#define SCALED 64u  // the loss scale adapts: steps with infinities are left out
#define HAS_SLOT(j) (flags >> (16 + (j)) & 1u)

// Addresses, null where there is no gradient, and how each is stored: 0 float, 1 half_t, 2 bfloat_t.
struct Gradients {
    const void* of[GROUP];
    unsigned char storage[GROUP];
};

__device__ __forceinline__ float gradient_at(const void* g, int storage, uint32 i) {
    if (storage == 0) return ((const float*)g)[i];
    return storage == 1 ? widen(((const half_t*)g)[i]) : widen(((const bfloat_t*)g)[i]);
}

// What comes with every launch: `starts`, `tiles`: first element and first tile of each segment, and
// the end; `of_tile`: the segment of a tile. The launch is for the gradients of the segments from
// `first_segment` on, which are the tiles from `first_tile` to `end_tile`; the last launch of a step
// has `is_end`.

// the places of what all rules share in a row; the constants of the rule follow
enum { BOUND, SHRINK, KEEP, ADD, FACTOR, DUE, OVERWRITE, COUNT, OWN };

__device__ __forceinline__ const float* row_of(const float* rows, int row_count,
                                               const StepState* state) {
    int64 row = state->iterations - state->first;
    row = row < 0 ? 0 : row >= row_count ? row_count - 1 : row;
    return rows + row * ROW;
}

// the gradient without loss scales, and the mean over the accumulated steps where one is due
__device__ __forceinline__ float unscaled(float g, float divisor, const float* row, float before,
                                          uint32 flags) {
    if (flags & SCALED) g /= divisor;
    g *= row[FACTOR];
    return flags & ACCUMULATE && row[DUE] != 0.0f ? (g + before) / row[COUNT] : g;
}

// The factor of each segment: bound / max(norm, bound), of its own norm or that of all together.
__device__ void write_factors(const double* sums, int count, float bound, uint32 flags,
                              float* factors) {
    double total = 0.0;
    if (flags & CLIP_GLOBAL)
        for (int i = 0; i < count; ++i) total += sums[i];
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        float norm = sqrtf((float)(flags & CLIP_GLOBAL ? total : sums[i]));
        factors[i] = bound / (norm > bound || norm != norm ? norm : bound);
    }
}

// After the last gradient: the loss scale for the next step, from whether this one is finite.
__device__ void adapt_scale(StepState* state, bool finite, int growth) {
    state->divisor = state->scale;
    state->finite = finite;
    if (!finite) {
        state->good = 0;
        state->scale *= 0.5f;
    } else if (state->good == growth - 1) {
        state->good = 0;
        state->scale *= 2.0f;
    } else {
        state->good += 1;
    }
}

// Norms of segments, and whether all gradients are finite. `sums` and `strange` have a place for
// each tile; `totals` and `factors` for each segment. The last block of the last launch reduces
// them, in an order that does not depend on the grid, and adapts the loss scale.
__global__ void __launch_bounds__(THREADS)
measure(const __grid_constant__ Gradients gradients, int first_segment, int first_tile,
        int end_tile, const uint32* __restrict__ starts, const uint32* __restrict__ tiles,
        const uint32* __restrict__ of_tile, int segment_count,
        const float* __restrict__ accumulator, const float* __restrict__ rows, int row_count,
        StepState* state, float* sums, int* strange, double* totals, float* factors,
        int growth, int is_end, uint32 flags) {
    const float* row = row_of(rows, row_count, state);
    const float divisor = state->scale;
    for (int tile = first_tile + blockIdx.x; tile < end_tile; tile += gridDim.x) {
        const int segment = of_tile[tile];
        const void* g = gradients.of[segment - first_segment];
        const int storage = gradients.storage[segment - first_segment];
        const uint32 start = starts[segment], end = starts[segment + 1];
        const uint32 begin = start + (tile - tiles[segment]) * TILE;
        float sum = 0.0f;
        bool finite = true;
        for (uint32 i = begin + threadIdx.x; g && i < end && i < begin + TILE; i += THREADS) {
            const float raw = gradient_at(g, storage, i - start);
            finite = finite && isfinite(raw);
            const float before = flags & ACCUMULATE ? accumulator[i] : 0.0f;
            const float value = unscaled(raw, divisor, row, before, flags);
            sum += value * value;
        }
        sum = sum_of_block<THREADS>(sum);
        const int bad = __syncthreads_or(!finite);
        if (threadIdx.x == 0) { sums[tile] = sum; strange[tile] = bad; }
    }
    if (!is_end || !last_block(state->tickets, gridDim.x)) return;
    bool finite = true;
    for (int segment = threadIdx.x / 32; segment < segment_count; segment += THREADS / 32) {
        double total = 0.0;
        for (uint32 tile = tiles[segment] + threadIdx.x % 32; tile < tiles[segment + 1];
             tile += 32) {
            total += sums[tile];
            finite = finite && !strange[tile];
        }
        total = sum_of_warp(total);
        if (threadIdx.x % 32 == 0) totals[segment] = total;
    }
    finite = !__syncthreads_or(!finite);
    if (flags & (CLIP_NORM | CLIP_GLOBAL))
        write_factors(totals, segment_count, row[BOUND], flags, factors);
    if (flags & SCALED && threadIdx.x == 0) adapt_scale(state, finite, growth);
}

// The gradient of the step: unscaled, with those accumulated before, clipped. False where the
// weight is not to change in this step.
__device__ __forceinline__ bool read_gradient(const void* gradient, int storage, uint32 at, uint32 i,
                                              float divisor, const float* row, float factor,
                                              float* accumulator, uint32 flags, float& g) {
    const bool due = row[DUE] != 0.0f;
    const float before = flags & ACCUMULATE ? accumulator[i] : 0.0f;
    g = 0.0f;
    if (gradient) g = unscaled(gradient_at(gradient, storage, at), divisor, row, before, flags);
    if (flags & ACCUMULATE) accumulator[i] = due ? 0.0f : before + g;
    if (!gradient || !due) return false;
    const float bound = row[BOUND];
    if (flags & CLIP_VALUE) g = g < -bound ? -bound : g > bound ? bound : g;
    g *= factor;
    return true;
}

// Apply a rule to a weight and its slots.
template <typename Rule>
__device__ __forceinline__ void apply(float& value, float g, float* const* slot, uint32 i,
                                      const float* row, uint32 flags) {
    float s[3] = {0.0f, 0.0f, 0.0f};
    for (int j = 0; j < Rule::slots; ++j)
        if (HAS_SLOT(j)) s[j] = slot[j][i];
    Rule::step(value, g, s, row + OWN, flags);
    for (int j = 0; j < Rule::slots; ++j)
        if (HAS_SLOT(j)) slot[j][i] = s[j];
}

// Keep a weight, its average, which may take its place, and its copy in 16 bits.
__device__ __forceinline__ void keep(float weight, uint32 i, const float* row, float* p,
                                     float* average, void* copy, int copied, uint32 flags) {
    if (flags & AVERAGE) {
        const float followed = average[i] * row[KEEP] + weight * row[ADD];
        average[i] = followed;
        if (row[OVERWRITE] != 0.0f) weight = followed;
    }
    p[i] = weight;
    if (copied == 1) ((half_t*)copy)[i] = narrow<half_t>(weight);
    if (copied == 2) ((bfloat_t*)copy)[i] = narrow<bfloat_t>(weight);
}

// Count the step in `state`, and in the step number of `clock` that random numbers depend on.
__device__ __forceinline__ void count_step(StepState* state, StepState* clock, bool left_out) {
    clock->step += 1;
    if (!left_out) state->iterations += 1;
}

// The step itself, and the weights in 16 bits where `copied` says so. The last block of the last
// launch counts it.
template <typename Rule>
__global__ void __launch_bounds__(THREADS)
update(const __grid_constant__ Gradients gradients, int first_segment, int first_tile,
       int end_tile, const uint32* __restrict__ starts, const uint32* __restrict__ tiles,
       const uint32* __restrict__ of_tile, const unsigned char* __restrict__ decays,
       float* __restrict__ p, float* slot0, float* slot1, float* slot2, float* average,
       float* accumulator, const float* __restrict__ rows, int row_count, StepState* state,
       StepState* clock, const float* __restrict__ factors, void* copy, int copied, int is_end,
       uint32 flags) {
    const float* row = row_of(rows, row_count, state);
    const bool left_out = flags & SCALED && !state->finite;
    float* const slot[3] = {slot0, slot1, slot2};
    if (left_out) first_tile = end_tile;
    for (int tile = first_tile + blockIdx.x; tile < end_tile; tile += gridDim.x) {
        const int segment = of_tile[tile];
        const void* gradient = gradients.of[segment - first_segment];
        const int storage = gradients.storage[segment - first_segment];
        const uint32 start = starts[segment], end = starts[segment + 1];
        const uint32 begin = start + (tile - tiles[segment]) * TILE;
        const bool shrinks = flags & DECAY && decays[segment];
        const float factor = flags & (CLIP_NORM | CLIP_GLOBAL) ? factors[segment] : 1.0f;
        for (uint32 i = begin + threadIdx.x; i < end && i < begin + TILE; i += THREADS) {
            float weight = p[i], g;
            if (read_gradient(gradient, storage, i - start, i, state->divisor, row, factor,
                              accumulator, flags, g)) {
                if (shrinks) weight -= weight * row[SHRINK];
                apply<Rule>(weight, g, slot, i, row, flags);
            }
            keep(weight, i, row, p, average, copy, copied, flags);
        }
    }
    if (is_end && last_block(state->tickets + 1, gridDim.x) && threadIdx.x == 0)
        count_step(state, clock, left_out);
}

// Rules that look at a variable as a whole, in two kernels: the direction of each weight's step,
// and for each segment the norm of its weights divided by that of its directions (1 where one of
// them is 0); then the steps. `sums` has two places for each tile.
template <typename Rule>
__global__ void __launch_bounds__(THREADS)
directions(const __grid_constant__ Gradients gradients, int first_segment, int first_tile,
           int end_tile, const uint32* __restrict__ starts, const uint32* __restrict__ tiles,
           const uint32* __restrict__ of_tile, const unsigned char* __restrict__ decays,
           float* __restrict__ p, float* slot0, float* slot1, float* slot2, float* accumulator,
           const float* __restrict__ rows, int row_count, StepState* state,
           const float* __restrict__ factors, float* __restrict__ found, float* sums,
           float* ratios, int segment_count, int is_end, uint32 flags) {
    const float* row = row_of(rows, row_count, state);
    float* const slot[3] = {slot0, slot1, slot2};
    if (flags & SCALED && !state->finite) return;
    for (int tile = first_tile + blockIdx.x; tile < end_tile; tile += gridDim.x) {
        const int segment = of_tile[tile];
        const void* gradient = gradients.of[segment - first_segment];
        const int storage = gradients.storage[segment - first_segment];
        const uint32 start = starts[segment], end = starts[segment + 1];
        const uint32 begin = start + (tile - tiles[segment]) * TILE;
        const bool shrinks = flags & DECAY && decays[segment];
        const float factor = flags & (CLIP_NORM | CLIP_GLOBAL) ? factors[segment] : 1.0f;
        float of_weights = 0.0f, of_steps = 0.0f;
        for (uint32 i = begin + threadIdx.x; i < end && i < begin + TILE; i += THREADS) {
            float weight = p[i], step = 0.0f, g;
            if (read_gradient(gradient, storage, i - start, i, state->divisor, row, factor,
                              accumulator, flags, g)) {
                if (shrinks) p[i] = weight -= weight * row[SHRINK];
                apply<Rule>(step, g, slot, i, row, flags);
            }
            found[i] = step;
            of_weights += weight * weight;
            of_steps += step * step;
        }
        of_weights = sum_of_block<THREADS>(of_weights);
        of_steps = sum_of_block<THREADS>(of_steps);
        if (threadIdx.x == 0) { sums[2 * tile] = of_weights; sums[2 * tile + 1] = of_steps; }
    }
    if (!is_end || !last_block(state->tickets, gridDim.x)) return;
    for (int segment = threadIdx.x / 32; segment < segment_count; segment += THREADS / 32) {
        double of_weights = 0.0, of_steps = 0.0;
        for (uint32 tile = tiles[segment] + threadIdx.x % 32; tile < tiles[segment + 1];
             tile += 32) {
            of_weights += sums[2 * tile];
            of_steps += sums[2 * tile + 1];
        }
        of_weights = sum_of_warp(of_weights);
        of_steps = sum_of_warp(of_steps);
        const bool both = of_weights > 0.0 && of_steps > 0.0;
        if (threadIdx.x % 32 == 0) ratios[segment] = both ? (float)sqrt(of_weights / of_steps) : 1.0f;
    }
}

// p <- p - rate ratio direction, and what `update` does after its rule; the rate is the first of
// the rule's constants.
__global__ void __launch_bounds__(THREADS)
follow_directions(const float* __restrict__ found, const float* __restrict__ ratios,
                  const uint32* __restrict__ starts, const uint32* __restrict__ tiles,
                  const uint32* __restrict__ of_tile, int tile_count, float* __restrict__ p,
                  float* average, const float* __restrict__ rows, int row_count,
                  StepState* state, StepState* clock, void* copy, int copied, uint32 flags) {
    const float* row = row_of(rows, row_count, state);
    const bool left_out = flags & SCALED && !state->finite;
    if (left_out) tile_count = 0;
    for (int tile = blockIdx.x; tile < tile_count; tile += gridDim.x) {
        const int segment = of_tile[tile];
        const float rate = ratios[segment] * row[OWN];
        const uint32 begin = starts[segment] + (tile - tiles[segment]) * TILE;
        for (uint32 i = begin + threadIdx.x; i < starts[segment + 1] && i < begin + TILE;
             i += THREADS)
            keep(p[i] - found[i] * rate, i, row, p, average, copy, copied, flags);
    }
    if (last_block(state->tickets + 1, gridDim.x) && threadIdx.x == 0)
        count_step(state, clock, left_out);
}
