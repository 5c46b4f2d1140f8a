// Random numbers, drawn anew at every step: the step's number is read from the device.
// Element i takes word i of the stream (key, step), so that any grid draws the same.

#include "philox.cuh"
#include "vector.cuh"

// the words from number 4 first on
__global__ void random_words(uint64 key, const uint64* __restrict__ step, int64 first,
                             uint32* __restrict__ y, int64 count) {
    FOR_EACH(n, (count + 3) / 4) {
        Words words = words_of(first + n, key, *step);
        for (int j = 0; j < 4 && 4 * n + j < count; j++) y[4 * n + j] = words.at[j];
    }
}

// low + (high - low) u, u uniform from 0 to below 1
__global__ void random_uniform(uint64 key, const uint64* __restrict__ step, float low, float high,
                               float* __restrict__ y, int64 count) {
    FOR_EACH(n, (count + 3) / 4) {
        Words words = words_of(n, key, *step);
        for (int j = 0; j < 4 && 4 * n + j < count; j++)
            y[4 * n + j] = low + (high - low) * uniform(words.at[j]);
    }
}

// Normal numbers by pairs: sqrt(-2 log u) times the cosine and the sine of 2 pi v.
// Box and Muller 1958.
template <typename T>
__global__ void random_normal(uint64 key, const uint64* __restrict__ step, float deviation,
                              T* __restrict__ y, int64 count) {
    FOR_EACH(n, (count + 3) / 4) {
        Words words = words_of(n, key, *step);
        float found[4];
#pragma unroll
        for (int pair = 0; pair < 2; pair++) {
            // above 0, at most 1
            float u = (float)words.at[2 * pair] * 2.3283064365386963e-10f + 1.1641532182693481e-10f;
            float radius = sqrtf(-2.0f * logf(fminf(u, 1.0f))), sine, cosine;
            sincospif(2.0f * uniform(words.at[2 * pair + 1]), &sine, &cosine);
            found[2 * pair] = radius * cosine;
            found[2 * pair + 1] = radius * sine;
        }
        for (int j = 0; j < 4 && 4 * n + j < count; j++)
            y[4 * n + j] = narrow<T>(found[j] * deviation);
    }
}

// 1 where the word is not below the threshold, else 0
__global__ void random_kept(uint64 key, const uint64* __restrict__ step, uint32 threshold,
                            uint8* __restrict__ y, int64 count) {
    FOR_EACH(n, (count + 3) / 4) {
        Words words = words_of(n, key, *step);
        for (int j = 0; j < 4 && 4 * n + j < count; j++) y[4 * n + j] = words.at[j] >= threshold;
    }
}

// y = scale x where the word is not below the threshold, else 0. `used` remembers the step, for
// the derivative, which is the same function of g with used for step.
template <typename T>
__global__ void dropout(const T* __restrict__ x, uint64 key, const uint64* step, uint32 threshold,
                        float scale, T* __restrict__ y, uint64* used, int64 count) {
    uint64 now = *step;
    if (blockIdx.x == 0 && threadIdx.x == 0) *used = now;
    bool even = in_fours(x) && in_fours(y);
    FOR_EACH(n, (count + 3) / 4) {
        Words words = words_of(n, key, now);
        if (even && 4 * n + 4 <= count) {
            Four<T> value = four(x, n);
#pragma unroll
            for (int j = 0; j < 4; j++)
                value.at[j] = narrow<T>(
                    words.at[j] >= threshold ? widen(value.at[j]) * scale : 0.0f);
            put(y, n, value);
            continue;
        }
        for (int j = 0; j < 4 && 4 * n + j < count; j++)
            y[4 * n + j] = narrow<T>(
                words.at[j] >= threshold ? widen(x[4 * n + j]) * scale : 0.0f);
    }
}
