// Depthwise convolution of NHWC arrays: output channel c M + m from input channel c.

#include "columns.cuh"
#include "windows.cuh"

#define COLUMNS_OF_A_THREAD 4
#define TAPS 9

// y[n,h,w,c] = b[c] + sum over i, j of x[n, h S - top + i, w S - left + j, c] k[i,j,c], for windows
// of K x K, strides S and M = 1; a thread makes four neighbouring columns of V channels.
// flipped: k[K-1-i, K-1-j, c] in place of k[i,j,c].
template <typename T, int K, int S, int V>
__global__ void depthwise_square(const T* __restrict__ x, const T* __restrict__ kernel,
                                 const T* __restrict__ bias, int has_bias, int flipped,
                                 T* __restrict__ y, int height, int width, int out_height,
                                 int out_width, int channels, int top, int left, int64 count) {
    const int SEEN = (COLUMNS_OF_A_THREAD - 1) * S + K;
    int strips = (out_width + COLUMNS_OF_A_THREAD - 1) / COLUMNS_OF_A_THREAD;
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels / V) * V;
        int column = taken_apart(rest, strips) * COLUMNS_OF_A_THREAD;
        int row = taken_apart(rest, out_height);
        Lanes<V> sums[COLUMNS_OF_A_THREAD];
        Lanes<V> first = has_bias ? loaded<V>(bias + c) : filled<V>(0.0f);
#pragma unroll
        for (int q = 0; q < COLUMNS_OF_A_THREAD; q++) sums[q] = first;
#pragma unroll
        for (int i = 0; i < K; i++) {
            int h = row * S - top + i;
            if (h < 0 || h >= height) continue;
            const T* line = x + ((int64)rest * height + h) * width * channels + c;
            Lanes<V> seen[SEEN];
#pragma unroll
            for (int s = 0; s < SEEN; s++) {
                int w = column * S - left + s;
                seen[s] = w >= 0 && w < width ? loaded<V>(line + (int64)w * channels)
                                              : filled<V>(0.0f);
            }
#pragma unroll
            for (int j = 0; j < K; j++) {
                int tap = flipped ? K * K - 1 - (i * K + j) : i * K + j;
                Lanes<V> weight = loaded<V>(kernel + tap * channels + c);
#pragma unroll
                for (int q = 0; q < COLUMNS_OF_A_THREAD; q++)
#pragma unroll
                    for (int v = 0; v < V; v++)
                        sums[q].at[v] += seen[q * S + j].at[v] * weight.at[v];
            }
        }
        T* result = y + (((int64)rest * out_height + row) * out_width + column) * channels + c;
#pragma unroll
        for (int q = 0; q < COLUMNS_OF_A_THREAD; q++)
            if (column + q < out_width) stored<V>(result + (int64)q * channels, sums[q]);
    }
}

// The same for every window; V channels at a time where M = 1.
template <typename T, int V>
__global__ void depthwise_forward(const T* __restrict__ x, const T* __restrict__ kernel,
                                  const T* __restrict__ bias, int has_bias, T* __restrict__ y,
                                  WINDOW_SIZES, int channels, int multiplier, int64 count) {
    int out_channels = channels * multiplier;
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int o = taken_apart(rest, out_channels / V) * V;
        int column = taken_apart(rest, out_width);
        int row = taken_apart(rest, out_height);
        int c = o / multiplier;
        Lanes<V> sum = has_bias ? loaded<V>(bias + o) : filled<V>(0.0f);
        for (int i = 0; i < kernel_height; i++) {
            int h = row * down - top + i * dilation_down;
            if (h < 0 || h >= height) continue;
            for (int j = 0; j < kernel_width; j++) {
                int w = column * across - left + j * dilation_across;
                if (w < 0 || w >= width) continue;
                Lanes<V> value =
                    loaded<V>(x + (((int64)rest * height + h) * width + w) * channels + c);
                Lanes<V> weight = loaded<V>(kernel + (i * kernel_width + j) * out_channels + o);
#pragma unroll
                for (int v = 0; v < V; v++) sum.at[v] += value.at[v] * weight.at[v];
            }
        }
        stored<V>(y + number * V, sum);
    }
}

// gx[n,h,w,c] = sum over the outputs that saw the pixel of g k; V channels at a time where M = 1.
template <typename T, int V>
__global__ void depthwise_input_gradient(const T* __restrict__ g, const T* __restrict__ kernel,
                                         T* __restrict__ gx, WINDOW_SIZES, int channels,
                                         int multiplier, int64 count) {
    int out_channels = channels * multiplier;
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels / V) * V;
        int w = taken_apart(rest, width);
        int h = taken_apart(rest, height);
        Lanes<V> sum = filled<V>(0.0f);
        for (int i = 0; i < kernel_height; i++) {
            int row = h + top - i * dilation_down;
            if (row < 0 || row % down != 0 || row / down >= out_height) continue;
            for (int j = 0; j < kernel_width; j++) {
                int column = w + left - j * dilation_across;
                if (column < 0 || column % across != 0 || column / across >= out_width) continue;
                int64 at = ((int64)rest * out_height + row / down) * out_width + column / across;
                for (int m = 0; m < multiplier; m++) {
                    int o = c * multiplier + m;
                    Lanes<V> back = loaded<V>(g + at * out_channels + o);
                    Lanes<V> weight =
                        loaded<V>(kernel + (i * kernel_width + j) * out_channels + o);
#pragma unroll
                    for (int v = 0; v < V; v++) sum.at[v] += back.at[v] * weight.at[v];
                }
            }
        }
        stored<V>(gx + number * V, sum);
    }
}

// The gradients of nine taps, and that of the bias.
struct Taps {
    float at[TAPS + 1];
    static __device__ __forceinline__ Taps start() {
        Taps found;
#pragma unroll
        for (int t = 0; t <= TAPS; t++) found.at[t] = 0.0f;
        return found;
    }
    static __device__ __forceinline__ Taps joined(const Taps& a, const Taps& b) {
        Taps found;
#pragma unroll
        for (int t = 0; t <= TAPS; t++) found.at[t] = a.at[t] + b.at[t];
        return found;
    }
};

// gk[i,j,o] = sum over the outputs (n, h, w) of g[n,h,w,o] x[n, ..., o / M], nine taps at a time;
// gb[o] = sum of g[n,h,w,o] where it is wanted.
// Grid (tiles of channels, shares of the outputs, groups of taps).
template <typename T>
__global__ void depthwise_kernel_gradient(const T* __restrict__ g, const T* __restrict__ x,
                                          T* __restrict__ gk, T* __restrict__ gb,
                                          int wants_bias, float* parts, uint32* tickets,
                                          WINDOW_SIZES, int multiplier, int lanes, int64 share,
                                          int64 rows, int out_channels) {
    __shared__ int tap_row[TAPS], tap_column[TAPS];
    int first = blockIdx.z * TAPS, taps = min(TAPS, kernel_height * kernel_width - first);
    if (threadIdx.x < TAPS) {
        int tap = first + min((int)threadIdx.x, taps - 1);
        tap_row[threadIdx.x] = tap / kernel_width * dilation_down - top;
        tap_column[threadIdx.x] = tap % kernel_width * dilation_across - left;
    }
    __syncthreads();
    Columns c = columns(lanes, share, rows, out_channels);
    Taps found = Taps::start();
    int channels = out_channels / multiplier, channel = c.channel / multiplier;
    if (c.there) {
        for (int64 output = c.start + c.row; output < c.end; output += c.step) {
            uint32 rest = (uint32)output;
            int column = taken_apart(rest, out_width) * across;
            int row = taken_apart(rest, out_height) * down;
            float back = widen(g[output * out_channels + c.channel]);
            found.at[TAPS] += back;
            const T* image = x + (int64)rest * height * width * channels + channel;
#pragma unroll
            for (int t = 0; t < TAPS; t++) {
                int h = row + tap_row[t], w = column + tap_column[t];
                if (h >= 0 && h < height && w >= 0 && w < width)
                    found.at[t] += back * widen(image[((int64)h * width + w) * channels]);
            }
        }
    }
    Taps* own = (Taps*)parts + (int64)blockIdx.z * gridDim.y * out_channels;
    if (!joined_blocks(found, c, lanes, own, tickets + blockIdx.z * gridDim.x, out_channels))
        return;
    for (int t = 0; t < taps; t++)
        gk[(int64)(first + t) * out_channels + c.channel] = narrow<T>(found.at[t]);
    if (wants_bias && first == 0) gb[c.channel] = narrow<T>(found.at[TAPS]);
}
