// One time of a recurrent layer, all that is not a product of matrices; see ops/recurrent.

#include "types.cuh"

#define TANH 0
#define SIGMOID 1
#define RELU 2
#define LINEAR 3
#define HARD_SIGMOID 4

__device__ __forceinline__ float curved(float z, int curve) {
    if (curve == TANH) return tanhf(z);
    if (curve == SIGMOID) return 0.5f * tanhf(0.5f * z) + 0.5f;
    if (curve == RELU) return z != z ? z : fmaxf(z, 0.0f);
    if (curve == HARD_SIGMOID) return z != z ? z : fminf(fmaxf(z / 6.0f + 0.5f, 0.0f), 1.0f);
    return z;
}

// sums (batch, 4 units) of x, heard (batch, 4 units) of the hidden state: gates o, i, f, new, kept
// as (4, batch, units). cell' = f cell + i new, hidden' = o bent, bent = squash(cell').
// skipped (batch,): samples that keep their states.
template <typename T>
__global__ void lstm_step(const T* __restrict__ sums, const T* __restrict__ heard,
                          const T* __restrict__ hidden, const T* __restrict__ cell,
                          const uint8* __restrict__ skipped, int has_mask, int gate, int squash,
                          T* __restrict__ gates, T* __restrict__ bent, T* __restrict__ hidden_after,
                          T* __restrict__ cell_after, int units, int64 count) {
    FOR_EACH(i, count) {
        int64 sample = i / units, base = sample * 4 * units + (i - sample * units);
        float z[4];
#pragma unroll
        for (int k = 0; k < 4; k++) {
            z[k] = curved(widen(sums[base + k * units]) + widen(heard[base + k * units]),
                          k < 3 ? gate : squash);
            gates[k * count + i] = narrow<T>(z[k]);
        }
        float now = z[2] * widen(cell[i]) + z[1] * z[3];
        float seen = curved(now, squash);
        bent[i] = narrow<T>(seen);
        bool kept = has_mask && skipped[sample];
        cell_after[i] = kept ? cell[i] : narrow<T>(now);
        hidden_after[i] = kept ? hidden[i] : narrow<T>(z[0] * seen);
    }
}

// The gradient of a state: what came back through the product at the time after, with what a
// sample that was skipped there kept, and what the output at this time has.
template <typename T>
__device__ __forceinline__ float arrived(const T* back, int has_back, const T* dh, float kept,
                                         const T* extra, int has_extra, int64 i) {
    float d = has_back ? widen(back[i]) + kept * widen(dh[i]) : widen(dh[i]);
    return has_extra ? d + widen(extra[i]) : d;
}

// dc += dh through; row (batch, 4, units) = slopes (4, batch, units) times dh (o) and dc (the
// others); dc *= forget. skipped: at the time after.
template <typename T>
__global__ void lstm_back(const T* __restrict__ back, int has_back,
                          const uint8* __restrict__ skipped, int has_mask,
                          const T* __restrict__ extra, int has_extra,
                          const T* __restrict__ slopes, const T* __restrict__ through,
                          const T* __restrict__ forget, T* dh, T* dc, T* __restrict__ row,
                          int units, int64 count) {
    FOR_EACH(i, count) {
        int64 sample = i / units, base = sample * 4 * units + (i - sample * units);
        float kept = has_mask && skipped[sample] ? 1.0f : 0.0f;
        float d = arrived(back, has_back, dh, kept, extra, has_extra, i);
        float c = widen(dc[i]) + d * widen(through[i]);
        dh[i] = narrow<T>(d);
        row[base] = narrow<T>(widen(slopes[i]) * d);
#pragma unroll
        for (int k = 1; k < 4; k++)
            row[base + k * units] = narrow<T>(widen(slopes[k * count + i]) * c);
        dc[i] = narrow<T>(c * widen(forget[i]));
    }
}

// rows (batch, 3 units) of x become the gates z, r and new; inner = what the hidden state gives to
// new; hidden' = z hidden + (1 - z) new.
template <typename T>
__global__ void gru_step(T* rows, const T* __restrict__ heard, const T* __restrict__ bias,
                         int has_bias, const T* __restrict__ hidden,
                         const uint8* __restrict__ skipped, int has_mask, int gate, int squash,
                         T* __restrict__ inner, T* __restrict__ hidden_after, int units,
                         int64 count) {
    FOR_EACH(i, count) {
        int64 sample = i / units;
        int unit = (int)(i - sample * units);
        int64 base = sample * 3 * units + unit;
        float of_hidden[3];
#pragma unroll
        for (int k = 0; k < 3; k++) {
            of_hidden[k] = widen(heard[base + k * units]);
            if (has_bias) of_hidden[k] += widen(bias[k * units + unit]);
        }
        float z = curved(widen(rows[base]) + of_hidden[0], gate);
        float r = curved(widen(rows[base + units]) + of_hidden[1], gate);
        float fresh = curved(widen(rows[base + 2 * units]) + r * of_hidden[2], squash);
        rows[base] = narrow<T>(z);
        rows[base + units] = narrow<T>(r);
        rows[base + 2 * units] = narrow<T>(fresh);
        inner[i] = narrow<T>(of_hidden[2]);
        float before = widen(hidden[i]);
        bool kept = has_mask && skipped[sample];
        hidden_after[i] = kept ? hidden[i] : narrow<T>(z * (before - fresh) + fresh);
    }
}

// row (batch, 4, units) times dh, and the last three again as (batch, 3 units), for the product.
// kept_after: what a state of the time after has of this one by itself.
template <typename T>
__global__ void gru_back(const T* __restrict__ back, int has_back,
                         const T* __restrict__ kept_after, const T* __restrict__ extra,
                         int has_extra, T* dh, T* row, T* __restrict__ heard, int units,
                         int64 count) {
    FOR_EACH(i, count) {
        int64 sample = i / units;
        int64 unit = i - sample * units;
        float kept = has_back ? widen(kept_after[i]) : 0.0f;
        float d = arrived(back, has_back, dh, kept, extra, has_extra, i);
        dh[i] = narrow<T>(d);
#pragma unroll
        for (int k = 0; k < 4; k++) {
            int64 at = sample * 4 * units + k * units + unit;
            T value = narrow<T>(widen(row[at]) * d);
            row[at] = value;
            if (k > 0) heard[sample * 3 * units + (k - 1) * units + unit] = value;
        }
    }
}

// hidden' = squash(sums + heard)
template <typename T>
__global__ void rnn_step(const T* __restrict__ sums, const T* __restrict__ heard,
                         const T* __restrict__ hidden, const uint8* __restrict__ skipped,
                         int has_mask, int squash, T* __restrict__ hidden_after, int units,
                         int64 count) {
    FOR_EACH(i, count) {
        bool kept = has_mask && skipped[i / units];
        float after = curved(widen(sums[i]) + widen(heard[i]), squash);
        hidden_after[i] = kept ? hidden[i] : narrow<T>(after);
    }
}

// row *= dh. skipped: at the time after.
template <typename T>
__global__ void rnn_back(const T* __restrict__ back, int has_back,
                         const uint8* __restrict__ skipped, int has_mask,
                         const T* __restrict__ extra, int has_extra, T* dh, T* row, int units,
                         int64 count) {
    FOR_EACH(i, count) {
        float kept = has_mask && skipped[i / units] ? 1.0f : 0.0f;
        float d = arrived(back, has_back, dh, kept, extra, has_extra, i);
        dh[i] = narrow<T>(d);
        row[i] = narrow<T>(widen(row[i]) * d);
    }
}
