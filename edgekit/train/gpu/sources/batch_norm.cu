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

// y = f((x - mean) scale + shift ...) of a channel
struct Line { float mean, scale, shift; };

// Enters the statistics of a channel; the moving ones follow by a share of 1 - momentum.
template <typename P>
__device__ __forceinline__ Line entered(Moments found, float pivot, const P* gamma, const P* beta,
                                        float* moving_mean, float* moving_variance,
                                        float momentum, float epsilon, int has,
                                        float* statistics, int64 rows, int c, int channels) {
    float variance = found.squares / (float)rows, mean = found.mean + pivot;
    Line line = {mean, 1.0f / sqrtf(variance + epsilon), 0.0f};
    if (has & HAS_GAMMA) line.scale *= widen(gamma[c]);
    if (has & HAS_BETA) line.shift = widen(beta[c]);
    statistics[c] = mean;
    statistics[channels + c] = variance;
    statistics[2 * channels + c] = line.scale;
    statistics[3 * channels + c] = line.shift;
    if (has & HAS_MOVING) {
        float rest = 1.0f - momentum;
        moving_mean[c] = moving_mean[c] * momentum + mean * rest;
        moving_variance[c] = moving_variance[c] * momentum + variance * rest;
    }
    return line;
}

// The statistics of the batch. Grid (tiles of channels, shares of the rows).
template <typename T, typename P>
__global__ void batch_moments(const T* __restrict__ x, const P* __restrict__ gamma,
                              const P* __restrict__ beta, float* moving_mean,
                              float* moving_variance, float momentum, float epsilon, int has,
                              float* parts, uint32* tickets, float* __restrict__ statistics,
                              int lanes, int64 share, int64 rows, int channels) {
    Columns c = columns(lanes, share, rows, channels);
    float pivot = c.there ? widen(x[c.channel]) : 0.0f;
    Moments found = moments(x, pivot, c, channels);
    if (joined_blocks(found, c, lanes, (Moments*)parts, tickets, channels))
        entered(found, pivot, gamma, beta, moving_mean, moving_variance, momentum, epsilon, has,
                statistics, rows, c.channel, channels);
}

// Statistics and result at once, for so few rows that a block can take all of some channels.
// Grid (tiles of channels).
template <typename T, typename P>
__global__ void batch_norm_of_few(const T* __restrict__ x, const P* __restrict__ gamma,
                                  const P* __restrict__ beta, float* moving_mean,
                                  float* moving_variance, float momentum, float epsilon, int has,
                                  const T* __restrict__ residual, int has_residual, int f,
                                  float* __restrict__ statistics, T* __restrict__ y, int lanes,
                                  int64 rows, int channels) {
    __shared__ Line lines[32];
    Columns c = columns(lanes, rows, rows, channels);
    float pivot = c.there ? widen(x[c.channel]) : 0.0f;
    Moments found = joined_rows(moments(x, pivot, c, channels), c, lanes);
    if (c.row == 0 && c.there)
        lines[threadIdx.x] =
            entered(found, pivot, gamma, beta, moving_mean, moving_variance, momentum, epsilon,
                    has, statistics, rows, c.channel, channels);
    __syncthreads();
    if (!c.there) return;
    Line line = lines[threadIdx.x % lanes];
#pragma unroll 4
    for (int64 row = c.row; row < rows; row += c.step) {
        int64 i = row * channels + c.channel;
        float z = (widen(x[i]) - line.mean) * line.scale + line.shift;
        if (has_residual) z += widen(residual[i]);
        y[i] = narrow<T>(activated(z, f));
    }
}

// The line of a channel from given moments.
template <typename P>
__device__ __forceinline__ Line given_line(const P* gamma, const P* beta, const P* mean,
                                           const P* variance, float epsilon, int has, int64 c) {
    float scale = 1.0f / sqrtf(widen(variance[c]) + epsilon);
    return {widen(mean[c]), has & HAS_GAMMA ? scale * widen(gamma[c]) : scale,
            has & HAS_BETA ? widen(beta[c]) : 0.0f};
}

// statistics from given moments
template <typename P>
__global__ void given_moments(const P* __restrict__ gamma, const P* __restrict__ beta,
                              const P* __restrict__ mean, const P* __restrict__ variance,
                              float epsilon, int has, float* __restrict__ statistics,
                              int64 channels) {
    FOR_EACH(i, channels) {
        Line line = given_line(gamma, beta, mean, variance, epsilon, has, i);
        statistics[i] = line.mean;
        statistics[channels + i] = widen(variance[i]);
        statistics[2 * channels + i] = line.scale;
        statistics[3 * channels + i] = line.shift;
    }
}

// y = f((x - mean) scale + shift + residual), by vectors of a number for each channel
template <typename T>
__device__ __forceinline__ void normalize_all(const T* __restrict__ x,
                                              const T* __restrict__ residual, int has_residual,
                                              const float* mean, const float* scale,
                                              const float* shift, int f, T* __restrict__ y,
                                              int channels, int64 count) {
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

template <typename T>
__global__ void batch_normalize(const T* __restrict__ x, const T* __restrict__ residual,
                                int has_residual, const float* __restrict__ statistics, int f,
                                T* __restrict__ y, int channels, int64 count) {
    normalize_all(x, residual, has_residual, statistics, statistics + 2 * channels,
                  statistics + 3 * channels, f, y, channels, count);
}

#define MOST_CHANNELS 1024

// The same from given moments, for at most MOST_CHANNELS: each block makes the vectors itself.
template <typename T, typename P>
__global__ void batch_norm_given(const T* __restrict__ x, const P* __restrict__ gamma,
                                 const P* __restrict__ beta, const P* __restrict__ mean,
                                 const P* __restrict__ variance, float epsilon, int has,
                                 const T* __restrict__ residual, int has_residual, int f,
                                 T* __restrict__ y, int channels, int64 count) {
    __shared__ float means[MOST_CHANNELS], scales[MOST_CHANNELS], shifts[MOST_CHANNELS];
    for (int c = threadIdx.x; c < channels; c += blockDim.x) {
        Line line = given_line(gamma, beta, mean, variance, epsilon, has, c);
        means[c] = line.mean, scales[c] = line.scale, shifts[c] = line.shift;
    }
    __syncthreads();
    normalize_all(x, residual, has_residual, means, scales, shifts, f, y, channels, count);
}

// The sums of g' and of g' (x - mean) over some rows, g' being g behind f.
template <typename T>
__device__ __forceinline__ Pair gradient_sums(const T* g, const T* y, const T* x, float mean, int f,
                                              const Columns& c, int channels) {
    Pair sums = Pair::start();
    if (!c.there) return sums;
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
    return sums;
}

// gx = of_g g' + of_x (x - mean) + shift of a channel
struct Slopes { float of_g, of_x, shift; };

// Enters the gradients of gamma and beta. fixed: the statistics do not depend on x.
template <typename P>
__device__ __forceinline__ Slopes entered(Pair sums, const float* statistics, float epsilon,
                                          int fixed, P* g_gamma, P* g_beta, int64 rows, int c,
                                          int channels) {
    float inverse = 1.0f / sqrtf(statistics[channels + c] + epsilon);
    float scale = statistics[2 * channels + c];
    float portion = fixed ? 0.0f : -scale / (float)rows;
    g_gamma[c] = narrow<P>(sums.second * inverse);
    g_beta[c] = narrow<P>(sums.first);
    return {scale, portion * inverse * inverse * sums.second, portion * sums.first};
}

// The gradients of gamma and beta, and `slopes` (3, channels) for batch_backward.
template <typename T, typename P>
__global__ void batch_gradient_sums(const T* __restrict__ g, const T* __restrict__ y,
                                    const T* __restrict__ x, const float* __restrict__ statistics,
                                    float epsilon, int f, int fixed, P* __restrict__ g_gamma,
                                    P* __restrict__ g_beta, float* __restrict__ slopes,
                                    float* parts, uint32* tickets, int lanes, int64 share,
                                    int64 rows, int channels) {
    Columns c = columns(lanes, share, rows, channels);
    float mean = c.there ? statistics[c.channel] : 0.0f;
    Pair sums = gradient_sums(g, y, x, mean, f, c, channels);
    if (!joined_blocks(sums, c, lanes, (Pair*)parts, tickets, channels)) return;
    Slopes found = entered(sums, statistics, epsilon, fixed, g_gamma, g_beta, rows, c.channel,
                           channels);
    slopes[c.channel] = found.of_g;
    slopes[channels + c.channel] = found.of_x;
    slopes[2 * channels + c.channel] = found.shift;
}

// All gradients at once, for few rows. Grid (tiles of channels).
template <typename T, typename P>
__global__ void batch_backward_of_few(const T* __restrict__ g, const T* __restrict__ y,
                                      const T* __restrict__ x,
                                      const float* __restrict__ statistics, float epsilon, int f,
                                      int fixed, P* __restrict__ g_gamma, P* __restrict__ g_beta,
                                      T* __restrict__ gx, T* __restrict__ g_residual,
                                      int has_residual, int lanes, int64 rows, int channels) {
    __shared__ Slopes slopes[32];
    Columns c = columns(lanes, rows, rows, channels);
    float mean = c.there ? statistics[c.channel] : 0.0f;
    Pair sums = joined_rows(gradient_sums(g, y, x, mean, f, c, channels), c, lanes);
    if (c.row == 0 && c.there)
        slopes[threadIdx.x] = entered(sums, statistics, epsilon, fixed, g_gamma, g_beta, rows,
                                      c.channel, channels);
    __syncthreads();
    if (!c.there) return;
    Slopes slope = slopes[threadIdx.x % lanes];
#pragma unroll 4
    for (int64 row = c.row; row < rows; row += c.step) {
        int64 i = row * channels + c.channel;
        float one = passed(widen(g[i]), f != 0 ? widen(y[i]) : 0.0f, f);
        if (has_residual) g_residual[i] = narrow<T>(one);
        gx[i] = narrow<T>(one * slope.of_g + (widen(x[i]) - mean) * slope.of_x + slope.shift);
    }
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
