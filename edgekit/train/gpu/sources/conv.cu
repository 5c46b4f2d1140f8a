// Convolutions of images of two or three axes with channels last, by products of matrices whose
// left one is made of windows as it is read (implicit GEMM: Chetlur et al., "cuDNN", 2014).
//
// x (samples, size..., groups * channels), kernel (taps..., channels, groups * features),
// y (samples, out..., groups * features). y[p] = sum over t of x[p * stride + t * dilation -
// before] * kernel[t]. Three axes are given; with RANK 2 the first is of one element.

#include "patches.cuh"

#define AXIS(i) int size##i, int out##i, int taps##i, int stride##i, int dilation##i, int before##i
#define AXES AXIS(0), AXIS(1), AXIS(2)
#define GIVEN(i) {size##i, out##i, taps##i, stride##i, dilation##i, before##i}

struct Along { int size, out, taps, stride, dilation, before; };

__device__ __forceinline__ Axis reading(const Along& along) {
    return {along.size, along.out, along.stride, -along.before, along.taps, along.dilation};
}

// y = activation(conv(x, kernel) + bias): rows are pixels of y, columns features, k taps.
template <typename T, bool TENSOR, int M, int N, int RANK>
__global__ void __launch_bounds__(Shape<M, N>::THREADS) conv_forward(
    const T* __restrict__ x, const T* __restrict__ kernel, const T* __restrict__ bias, void* out,
    AXES, int samples, int channels, int features, int groups, int parts, int part_depth,
    int activation, int flags) {
    typedef Product<T, TENSOR, M, N, true, false> Product;
    __shared__ typename Product::Shared shared;
    Product product;
    Along along[3] = {GIVEN(0), GIVEN(1), GIVEN(2)};
    PatchRows<T, RANK> windows;
    for (int i = 0; i < RANK; i++) windows.axes[i] = reading(along[3 - RANK + i]);
    windows.samples = samples, windows.channels = channels, windows.stride = channels * groups;
    windows.aligned = (flags & A_ALIGNED) != 0;
    windows.prepare();
    int rows = windows.count = windows.pixels(), depth = windows.depth = windows.taps();
    int width = features * groups, items = Work<M, N>::count(rows, features, parts, groups);
    for (int item = blockIdx.x; item < items; item += gridDim.x) {
        Work<M, N> work(item, rows, features, parts);
        windows.data = x + work.batch * channels;
        Matrix<T, false> weights = {kernel + work.batch * features, features, depth, width,
                                    (flags & B_ALIGNED) != 0, -1, {nullptr, false}};
        int begin = work.part * part_depth, end = min(depth, begin + part_depth);
        product.compute(shared, windows, weights, work.row, work.column, begin, end);
        int64 area = (int64)rows * features;
        Output<T, Rows> output = {
            (T*)out + work.batch * features,
            parts > 1 ? (float*)out + ((int64)work.part * groups + work.batch) * area : nullptr,
            flags & WITH_BIAS ? bias + work.batch * features : nullptr, rows, features, activation,
            (flags & C_ALIGNED) != 0, {width}};
        product.sums.each([&](int row, int column, const float* sums) {
            output.template write<Product::V>(work.row + row, work.column + column, sums);
        });
    }
}

// The kernel's gradient: rows are taps and channels, columns features, k pixels of y. With
// GATED_B g comes from behind an activation, whose output is `gate`, as GATED_A says below. With
// WITH_SUMS one more row follows: the sums of g over all pixels, which are the bias's gradient.
template <typename T, bool TENSOR, int M, int N, int RANK>
__global__ void __launch_bounds__(Shape<M, N>::THREADS) conv_kernel_gradient(
    const T* __restrict__ x, const T* __restrict__ g, const T* __restrict__ gate, void* out, AXES,
    int samples, int channels, int features, int groups, int parts, int part_depth, int flags) {
    typedef Product<T, TENSOR, M, N, false, false> Product;
    __shared__ typename Product::Shared shared;
    Product product;
    Along along[3] = {GIVEN(0), GIVEN(1), GIVEN(2)};
    PatchColumns<T, RANK> windows;
    for (int i = 0; i < RANK; i++) windows.axes[i] = reading(along[3 - RANK + i]);
    windows.samples = samples, windows.channels = channels, windows.stride = channels * groups;
    windows.aligned = (flags & A_ALIGNED) != 0;
    windows.prepare();
    int depth = windows.depth = windows.pixels(), taps = windows.count = windows.taps();
    int sums = flags & WITH_SUMS ? 1 : 0;
    windows.ones = sums ? taps : -1;
    int rows = taps + sums, width = features * groups;
    int items = Work<M, N>::count(rows, features, parts, groups);
    for (int item = blockIdx.x; item < items; item += gridDim.x) {
        Work<M, N> work(item, rows, features, parts);
        windows.data = x + work.batch * channels;
        Matrix<T, false> gradient = {g + work.batch * features, features, depth, width,
                                     (flags & B_ALIGNED) != 0, -1,
                                     {flags & GATED_B ? gate + work.batch * features : nullptr,
                                      (flags & GATED_TO_SIX) != 0}};
        int begin = work.part * part_depth, end = min(depth, begin + part_depth);
        product.compute(shared, windows, gradient, work.row, work.column, begin, end);
        int64 area = (int64)rows * features;
        Output<T, Rows> output = {
            (T*)out + work.batch * features,
            parts > 1 ? (float*)out + ((int64)work.part * groups + work.batch) * area : nullptr,
            nullptr, rows, features, LINEAR, (flags & C_ALIGNED) != 0, {width}};
        product.sums.each([&](int row, int column, const float* sums) {
            output.template write<Product::V>(work.row + row, work.column + column, sums);
        });
    }
}

// ---------------------------------------------------------------- the input's gradient
//
// gx[i] = sum over the taps t for which i + before - t * dilation is a multiple of the stride, of
// g[that / stride] * kernel[t]. With a stride only every few taps meet a pixel, and which ones
// depends on i modulo the stride. So the pixels of each remainder (a phase) are a product of their
// own, with their taps alone: t = first + j * jump, jump = stride / gcd(stride, dilation). Within a
// phase it is a convolution of g at stride 1, whose taps step back by dilation / gcd.

__device__ __forceinline__ int greatest_divisor(int a, int b) {
    while (b) {
        int rest = a % b;
        a = b, b = rest;
    }
    return a;
}

struct Phase { int remainder, count, stride, size, first, jump, taps; };

__device__ __forceinline__ Axis phase_of(const Along& along, int remainder, Phase& phase) {
    int shared = greatest_divisor(along.stride, along.dilation), jump = along.stride / shared;
    int first = 0, start = remainder + along.before;
    while (first < jump && (start - first * along.dilation) % along.stride != 0) first++;
    int taps = first < jump && first < along.taps ? (along.taps - first + jump - 1) / jump : 0;
    int count = remainder < along.size
        ? (along.size - remainder + along.stride - 1) / along.stride : 0;
    phase = {remainder, count, along.stride, along.size, first, jump, along.taps};
    int origin = (start - first * along.dilation) / along.stride;
    return {along.out, count, 1, origin, taps, -along.dilation / shared};
}

// The kernel's elements for the taps of a phase: b (taps * features, channels), features along.
template <typename T, int RANK> struct Turned {
    typedef T Element;
    typedef int Outer;
    typedef int Inner;
    const T* data;
    const Patches<T, RANK>& windows;
    const Phase* phases;
    int channels, depth, width;
    bool aligned;
    static constexpr int ones = -1;
    static constexpr Gate<T> gate = {nullptr, false};
    __device__ __forceinline__ int outer(int i) const { return i < channels ? i * width : -1; }
    __device__ __forceinline__ int inner(int k) const {
        if (k >= depth) return -1;
        int feature, place = 0, factor = 1;
        k = windows.by_channels.split(k, feature);
        #pragma unroll
        for (int i = RANK - 1; i >= 0; i--) {
            int tap = k;
            if (i > 0) k = windows.by_taps[i].split(k, tap);
            place += (phases[i].first + tap * phases[i].jump) * factor;
            factor *= phases[i].taps;
        }
        return place * channels * width + feature;
    }
    __device__ __forceinline__ const T* at(int i, int k) const {
        return i >= 0 && k >= 0 ? data + (i + k) : nullptr;
    }
};

// Where the pixels of a phase lie in gx.
template <typename T, int RANK> struct Spread {
    const Patches<T, RANK>& windows;
    const Phase* phases;
    int stride;
    __device__ __forceinline__ int64 offset(int row) const {
        int64 place = 0, factor = 1;
        #pragma unroll
        for (int i = RANK - 1; i >= 0; i--) {
            int at;
            row = windows.by_count[i].split(row, at);
            place += (at * phases[i].stride + phases[i].remainder) * factor;
            factor *= phases[i].size;
        }
        return (row * factor + place) * stride;
    }
};

// gx (+ bias and activation: a transposed convolution): rows are the pixels of a phase, columns
// channels, k taps and features. Several parts only where all strides are 1.
template <typename T, bool TENSOR, int M, int N, int RANK>
__global__ void __launch_bounds__(Shape<M, N>::THREADS) conv_input_gradient(
    const T* __restrict__ g, const T* __restrict__ kernel, const T* __restrict__ bias,
    const T* __restrict__ gate, void* out, AXES, int samples, int channels, int features,
    int groups, int parts, int part_depth, int activation, int flags) {
    typedef Product<T, TENSOR, M, N, true, true> Product;
    __shared__ typename Product::Shared shared;
    Product product;
    Along along[3] = {GIVEN(0), GIVEN(1), GIVEN(2)};
    int count = 1, most = samples;
    for (int i = 3 - RANK; i < 3; i++) {
        count *= along[i].stride;
        most *= (along[i].size + along[i].stride - 1) / along[i].stride;
    }
    int width = features * groups, across = channels * groups;
    int items = Work<M, N>::count(most, channels, parts, groups * count);
    for (int item = blockIdx.x; item < items; item += gridDim.x) {
        Work<M, N> work(item, most, channels, parts);
        int group = work.batch % groups, rest = work.batch / groups;
        Phase phases[RANK];
        PatchRows<T, RANK> windows;
        for (int i = RANK - 1; i >= 0; i--) {
            const Along& one = along[3 - RANK + i];
            windows.axes[i] = phase_of(one, rest % one.stride, phases[i]);
            rest /= one.stride;
        }
        windows.samples = samples, windows.channels = features, windows.stride = width;
        windows.data = g + group * features;
        if (flags & GATED_A)
            windows.gate = {gate + group * features, (flags & GATED_TO_SIX) != 0};
        windows.aligned = (flags & A_ALIGNED) != 0;
        windows.prepare();
        int rows = windows.count = windows.pixels(), depth = windows.depth = windows.taps();
        if (work.row >= rows) continue;
        Turned<T, RANK> weights = {kernel + group * features, windows, phases, channels, depth,
                                   width, (flags & B_ALIGNED) != 0};
        int begin = work.part * part_depth, end = min(depth, begin + part_depth);
        product.compute(shared, windows, weights, work.row, work.column, begin, end);
        int64 area = (int64)rows * channels;
        Output<T, Spread<T, RANK>> output = {
            (T*)out + group * channels,
            parts > 1 ? (float*)out + ((int64)work.part * groups + group) * area : nullptr,
            flags & WITH_BIAS ? bias + group * channels : nullptr, rows, channels, activation,
            (flags & C_ALIGNED) != 0, {windows, phases, across}};
        product.sums.each([&](int row, int column, const float* sums) {
            output.template write<Product::V>(work.row + row, work.column + column, sums);
        });
    }
}
