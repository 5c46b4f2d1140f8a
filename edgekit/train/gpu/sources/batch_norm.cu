// Batch normalization of (rows, channels) with a residual and an activation after it.
// Ioffe and Szegedy, "Batch Normalization", 2015.
//
// statistics (4, channels): mean, variance, scale = gamma / deviation, shift = beta.
// y = f((x - mean) scale + shift + residual); f: 0 none, 1 max(., 0), 2 min(max(., 0), 6).

#include "columns.cuh"
#include "vector.cuh"

#define HAS_GAMMA 1
#define HAS_BETA 2
#define HAS_MOVING 4

__device__ __forceinline__ float activated(float x, int f) {
    if (f == 0 || x != x) return x;
    x = fmaxf(x, 0.0f);
    return f == 2 ? fminf(x, 6.0f) : x;
}

// what comes back through f
__device__ __forceinline__ float passed(float g, float y, int f) {
    if (f == 0) return g;
    return y > 0.0f && (f == 1 || y < 6.0f) ? g : 0.0f;
}

// The moments of some rows, a few at a time: their mean, then the squares around it. `pivot`, which
// is near to all of them, is taken off first.
template <typename T>
__device__ __forceinline__ Moments moments(const T* x, float pivot, const Columns& c,
                                           int channels) {
    Moments found = Moments::start();
    if (!c.there) return found;
    for (int64 row = c.start + c.row; row < c.end; row += ROWS_AT_A_TIME * c.step) {
        float value[ROWS_AT_A_TIME];
        float count = 0.0f, sum = 0.0f, squares = 0.0f;
#pragma unroll
        for (int j = 0; j < ROWS_AT_A_TIME; j++) {
            bool there = row + j * c.step < c.end;
            value[j] = there ? widen(x[(row + j * c.step) * channels + c.channel]) - pivot : 0.0f;
            count += there ? 1.0f : 0.0f;
            sum += value[j];
        }
        float mean = sum / count;
#pragma unroll
        for (int j = 0; j < ROWS_AT_A_TIME; j++) {
            float apart = row + j * c.step < c.end ? value[j] - mean : 0.0f;
            squares += apart * apart;
        }
        found = Moments::joined(found, {count, mean, squares});
    }
    return found;
}

// statistics of the batch; the moving ones follow by a share of 1 - momentum.
// Grid (tiles of channels, shares of the rows).
template <typename T, typename P>
__global__ void batch_moments(const T* __restrict__ x, const P* __restrict__ gamma,
                              const P* __restrict__ beta, float* moving_mean,
                              float* moving_variance, float momentum, float epsilon, int has,
                              float* parts, uint32* tickets, float* __restrict__ statistics,
                              int lanes, int64 share, int64 rows, int channels) {
    Columns c = columns(lanes, share, rows, channels);
    float pivot = c.there ? widen(x[c.channel]) : 0.0f;
    Moments found = moments(x, pivot, c, channels);
    if (!joined_blocks(found, c, lanes, (Moments*)parts, tickets, channels)) return;
    float variance = found.squares / (float)rows;
    float scale = 1.0f / sqrtf(variance + epsilon);
    if (has & HAS_GAMMA) scale *= widen(gamma[c.channel]);
    float mean = found.mean + pivot;
    statistics[c.channel] = mean;
    statistics[channels + c.channel] = variance;
    statistics[2 * channels + c.channel] = scale;
    statistics[3 * channels + c.channel] = has & HAS_BETA ? widen(beta[c.channel]) : 0.0f;
    if (has & HAS_MOVING) {
        float rest = 1.0f - momentum;
        moving_mean[c.channel] = moving_mean[c.channel] * momentum + mean * rest;
        moving_variance[c.channel] = moving_variance[c.channel] * momentum + variance * rest;
    }
}

// statistics from given moments
template <typename P>
__global__ void given_moments(const P* __restrict__ gamma, const P* __restrict__ beta,
                              const P* __restrict__ mean, const P* __restrict__ variance,
                              float epsilon, int has, float* __restrict__ statistics,
                              int64 channels) {
    FOR_EACH(i, channels) {
        float scale = 1.0f / sqrtf(widen(variance[i]) + epsilon);
        statistics[i] = widen(mean[i]);
        statistics[channels + i] = widen(variance[i]);
        statistics[2 * channels + i] = has & HAS_GAMMA ? scale * widen(gamma[i]) : scale;
        statistics[3 * channels + i] = has & HAS_BETA ? widen(beta[i]) : 0.0f;
    }
}

template <typename T>
__global__ void batch_normalize(const T* __restrict__ x, const T* __restrict__ residual,
                                int has_residual, const float* __restrict__ statistics, int f,
                                T* __restrict__ y, int channels, int64 count) {
    const float *mean = statistics, *scale = mean + 2 * channels, *shift = mean + 3 * channels;
    bool whole = channels % 4 == 0 && in_fours(x) && in_fours(y) && in_fours(residual);
    int64 fours = whole ? count / 4 : 0;
    FOR_EACH(i, fours) {
        int c = remainder_of(4 * i, channels);
        Four<T> value = four(x, i), more = value;
        if (has_residual) more = four(residual, i);
#pragma unroll
        for (int j = 0; j < 4; j++) {
            float z = (widen(value.at[j]) - mean[c + j]) * scale[c + j] + shift[c + j];
            if (has_residual) z += widen(more.at[j]);
            value.at[j] = narrow<T>(activated(z, f));
        }
        put(y, i, value);
    }
    FOR_EACH(i, whole ? 0 : count) {
        int c = remainder_of(i, channels);
        float z = (widen(x[i]) - mean[c]) * scale[c] + shift[c];
        if (has_residual) z += widen(residual[i]);
        y[i] = narrow<T>(activated(z, f));
    }
}

// The sums of g' and of g' (x - mean), g' being g behind f; from them the gradients of gamma and
// beta, and `slopes` (3, channels) for batch_backward: a scale of g', of x - mean, and a shift.
// fixed: the statistics do not depend on x.
template <typename T, typename P>
__global__ void batch_gradient_sums(const T* __restrict__ g, const T* __restrict__ y,
                                    const T* __restrict__ x, const float* __restrict__ statistics,
                                    float epsilon, int f, int fixed, P* __restrict__ g_gamma,
                                    P* __restrict__ g_beta, float* __restrict__ slopes,
                                    float* parts, uint32* tickets, int lanes, int64 share,
                                    int64 rows, int channels) {
    Columns c = columns(lanes, share, rows, channels);
    Pair sums = Pair::start();
    if (c.there) {
        float mean = statistics[c.channel];
        for (int64 row = c.start + c.row; row < c.end; row += ROWS_AT_A_TIME * c.step) {
            float back[ROWS_AT_A_TIME], from[ROWS_AT_A_TIME];
#pragma unroll
            for (int j = 0; j < ROWS_AT_A_TIME; j++) {
                bool there = row + j * c.step < c.end;
                int64 i = (row + j * c.step) * channels + c.channel;
                back[j] = there ? widen(g[i]) : 0.0f;
                from[j] = there ? widen(x[i]) : mean;
                if (f != 0 && there) back[j] = passed(back[j], widen(y[i]), f);
            }
#pragma unroll
            for (int j = 0; j < ROWS_AT_A_TIME; j++) {
                sums.first += back[j];
                sums.second += back[j] * (from[j] - mean);
            }
        }
    }
    if (!joined_blocks(sums, c, lanes, (Pair*)parts, tickets, channels)) return;
    float inverse = 1.0f / sqrtf(statistics[channels + c.channel] + epsilon);
    float scale = statistics[2 * channels + c.channel];
    float portion = fixed ? 0.0f : -scale / (float)rows;
    g_gamma[c.channel] = narrow<P>(sums.second * inverse);
    g_beta[c.channel] = narrow<P>(sums.first);
    slopes[c.channel] = scale;
    slopes[channels + c.channel] = portion * inverse * inverse * sums.second;
    slopes[2 * channels + c.channel] = portion * sums.first;
}

// gx = slope g' + slope' (x - mean) + shift; g' itself is the gradient of the residual
template <typename T>
__global__ void batch_backward(const T* __restrict__ g, const T* __restrict__ y,
                               const T* __restrict__ x, const float* __restrict__ statistics,
                               const float* __restrict__ slopes, int f, T* __restrict__ gx,
                               T* __restrict__ g_residual, int has_residual, int channels,
                               int64 count) {
    const float *mean = statistics, *of_g = slopes, *of_x = slopes + channels;
    const float* shift = slopes + 2 * channels;
    bool whole = channels % 4 == 0 && in_fours(g) && in_fours(y) && in_fours(x) &&
                 in_fours(gx) && in_fours(g_residual);
    int64 fours = whole ? count / 4 : 0;
    FOR_EACH(i, fours) {
        int c = remainder_of(4 * i, channels);
        Four<T> back = four(g, i), from = four(x, i), to = from, result;
        if (f != 0) to = four(y, i);
#pragma unroll
        for (int j = 0; j < 4; j++) {
            float one = passed(widen(back.at[j]), widen(to.at[j]), f);
            back.at[j] = narrow<T>(one);
            result.at[j] = narrow<T>(one * of_g[c + j] +
                                     (widen(from.at[j]) - mean[c + j]) * of_x[c + j] +
                                     shift[c + j]);
        }
        put(gx, i, result);
        if (has_residual) put(g_residual, i, back);
    }
    FOR_EACH(i, whole ? 0 : count) {
        int c = remainder_of(i, channels);
        float one = passed(widen(g[i]), f != 0 ? widen(y[i]) : 0.0f, f);
        if (has_residual) g_residual[i] = narrow<T>(one);
        gx[i] = narrow<T>(one * of_g[c] + (widen(x[i]) - mean[c]) * of_x[c] + shift[c]);
    }
}
