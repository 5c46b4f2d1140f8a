// Pooling of NHWC arrays over windows and over whole images; V channels at a time.

#include "reduce.cuh"
#include "windows.cuh"

// The largest of each window; padding never wins.
template <typename T, int V>
__global__ void max_pool(const T* __restrict__ x, T* __restrict__ y, WINDOW_SIZES, int channels,
                         int64 count) {
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels / V) * V;
        int column = taken_apart(rest, out_width) * across - left;
        int row = taken_apart(rest, out_height) * down - top;
        Lanes<V> most = filled<V>(-infinity());
        for (int h = max(row, 0); h < min(row + kernel_height, height); h++)
            for (int w = max(column, 0); w < min(column + kernel_width, width); w++) {
                Lanes<V> value =
                    loaded<V>(x + (((int64)rest * height + h) * width + w) * channels + c);
#pragma unroll
                for (int v = 0; v < V; v++)
                    if (!(value.at[v] <= most.at[v])) most.at[v] = value.at[v];  // a NaN too
            }
        stored<V>(y + number * V, most);
    }
}

// The windows of one axis that hold `place` (with padding before it): first to last.
__device__ __forceinline__ void holding(int place, int size, int stride, int windows, int& first,
                                        int& last) {
    first = place < size ? 0 : (place - size) / stride + 1;
    last = min(place / stride, windows - 1);
}

// An element gets the gradients of the windows of which it is the first largest.
template <typename T>
__global__ void max_pool_gradient(const T* __restrict__ g, const T* __restrict__ y,
                                  const T* __restrict__ x, T* __restrict__ gx, WINDOW_SIZES,
                                  int channels, int64 count) {
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels);
        int w = taken_apart(rest, width);
        int h = taken_apart(rest, height);
        int first_row, last_row, first_column, last_column;
        holding(h + top, kernel_height, down, out_height, first_row, last_row);
        holding(w + left, kernel_width, across, out_width, first_column, last_column);
        const T* image = x + (int64)rest * height * width * channels + c;
        float value = widen(x[number]), sum = 0.0f;
        for (int row = first_row; row <= last_row; row++)
            for (int column = first_column; column <= last_column; column++) {
                int64 at = ((int64)rest * out_height + row) * out_width + column;
                if (widen(y[at * channels + c]) != value) continue;
                bool before = false;  // whether an earlier element of the window is as large
                for (int i = max(row * down - top, 0); i <= h && !before; i++) {
                    int start = max(column * across - left, 0);
                    int end = i < h ? min(column * across - left + kernel_width, width) : w;
                    for (int j = start; j < end; j++)
                        before |= widen(image[((int64)i * width + j) * channels]) == value;
                }
                if (!before) sum += widen(g[at * channels + c]);
            }
        gx[number] = narrow<T>(sum);
    }
}

// 1 / (elements of the image in a window)
__device__ __forceinline__ float share_of(int row, int column, WINDOW_SIZES) {
    int rows = min(row * down - top + kernel_height, height) - max(row * down - top, 0);
    int columns =
        min(column * across - left + kernel_width, width) - max(column * across - left, 0);
    return 1.0f / (float)(rows * columns);
}

#define WINDOW_ARGUMENTS                                                                     \
    height, width, out_height, out_width, kernel_height, kernel_width, down, across,         \
        dilation_down, dilation_across, top, left

// The mean of each window over the elements of the image.
template <typename T, int V>
__global__ void average_pool(const T* __restrict__ x, T* __restrict__ y, WINDOW_SIZES,
                             int channels, int64 count) {
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels / V) * V;
        int column = taken_apart(rest, out_width);
        int row = taken_apart(rest, out_height);
        float share = share_of(row, column, WINDOW_ARGUMENTS);
        row = row * down - top, column = column * across - left;
        Lanes<V> sum = filled<V>(0.0f);
        for (int h = max(row, 0); h < min(row + kernel_height, height); h++)
            for (int w = max(column, 0); w < min(column + kernel_width, width); w++) {
                Lanes<V> value =
                    loaded<V>(x + (((int64)rest * height + h) * width + w) * channels + c);
#pragma unroll
                for (int v = 0; v < V; v++) sum.at[v] += value.at[v];
            }
#pragma unroll
        for (int v = 0; v < V; v++) sum.at[v] *= share;
        stored<V>(y + number * V, sum);
    }
}

template <typename T, int V>
__global__ void average_pool_gradient(const T* __restrict__ g, T* __restrict__ gx, WINDOW_SIZES,
                                      int channels, int64 count) {
    FOR_EACH(number, count) {
        uint32 rest = (uint32)number;
        int c = taken_apart(rest, channels / V) * V;
        int w = taken_apart(rest, width);
        int h = taken_apart(rest, height);
        int first_row, last_row, first_column, last_column;
        holding(h + top, kernel_height, down, out_height, first_row, last_row);
        holding(w + left, kernel_width, across, out_width, first_column, last_column);
        Lanes<V> sum = filled<V>(0.0f);
        for (int row = first_row; row <= last_row; row++)
            for (int column = first_column; column <= last_column; column++) {
                float share = share_of(row, column, WINDOW_ARGUMENTS);
                int64 at = ((int64)rest * out_height + row) * out_width + column;
                Lanes<V> back = loaded<V>(g + at * channels + c);
#pragma unroll
                for (int v = 0; v < V; v++) sum.at[v] += back.at[v] * share;
            }
        stored<V>(gx + number * V, sum);
    }
}

// Over all `places` of each image (n, places, channels): y (n, channels) the mean (largest = 0)
// or the largest. A block takes 32 channels of an image with 8 threads for each.
template <typename T>
__global__ void global_pool(const T* __restrict__ x, T* __restrict__ y, int largest_wanted,
                            int places, int channels) {
    __shared__ float parts[8][32];
    int c = blockIdx.x * 32 + threadIdx.x % 32, row = threadIdx.x / 32;
    float found = largest_wanted ? -infinity() : 0.0f;
    const T* image = x + (int64)blockIdx.y * places * channels + c;
    if (c < channels)
        for (int place = row; place < places; place += 8) {
            float value = widen(image[(int64)place * channels]);
            if (!largest_wanted) found += value;
            else if (!(value <= found)) found = value;  // a NaN too
        }
    parts[row][threadIdx.x % 32] = found;
    __syncthreads();
    if (row != 0 || c >= channels) return;
    for (int i = 1; i < 8; i++) {
        float value = parts[i][threadIdx.x];
        if (!largest_wanted) found += value;
        else if (!(value <= found)) found = value;
    }
    y[(int64)blockIdx.y * channels + c] =
        narrow<T>(largest_wanted ? found : found * (1.0f / (float)places));
}

// g / places to every place
template <typename T>
__global__ void global_average_gradient(const T* __restrict__ g, T* __restrict__ gx, int places,
                                        int channels, int64 count) {
    float share = 1.0f / (float)places;
    FOR_EACH(i, count) {
        uint32 rest = (uint32)i;
        int c = taken_apart(rest, channels);
        gx[i] = narrow<T>(widen(g[(int64)(rest / (uint32)places) * channels + c]) * share);
    }
}

// The elements that equal the largest share the gradient. Blocks as in global_pool.
template <typename T>
__global__ void global_max_gradient(const T* __restrict__ g, const T* __restrict__ y,
                                    const T* __restrict__ x, T* __restrict__ gx, int places,
                                    int channels) {
    __shared__ float parts[8][32];
    int lane = threadIdx.x % 32, c = blockIdx.x * 32 + lane, row = threadIdx.x / 32;
    int64 image = (int64)blockIdx.y * places * channels + c;
    float most = 0.0f, equal = 0.0f;
    if (c < channels) {
        most = widen(y[(int64)blockIdx.y * channels + c]);
        for (int place = row; place < places; place += 8)
            equal += widen(x[image + (int64)place * channels]) == most ? 1.0f : 0.0f;
    }
    parts[row][lane] = equal;
    __syncthreads();
    if (c >= channels) return;
    equal = 0.0f;
    for (int i = 0; i < 8; i++) equal += parts[i][lane];
    float share = widen(g[(int64)blockIdx.y * channels + c]) / equal;
    for (int place = row; place < places; place += 8) {
        int64 at = image + (int64)place * channels;
        gx[at] = narrow<T>(widen(x[at]) == most ? share : 0.0f);
    }
}
