// Products of matrices, and the sum of their parts.

#include "matrices.cuh"

// c = activation(a @ b + bias) for each batch: a (rows, depth), b (depth, columns). One stride of
// each matrix is 1: that of k where ALONG, else the other. Batches have two strides, of batch /
// inner_batches and of batch % inner_batches. With several parts `out` takes the sums of each part
// of k, (parts, batches, rows, columns) in float, without bias. WITH_SUMS: the last row of a is of
// ones and not in memory, so that the last row of c has the sums of b's columns (a not ALONG).
// GATED_A, GATED_B: that matrix is a gradient from behind an activation, whose output is `gate`.
template <typename T, bool TENSOR, int M, int N, bool A_ALONG, bool B_ALONG>
__global__ void __launch_bounds__(Shape<M, N>::THREADS) matmul(
    const T* __restrict__ a, const T* __restrict__ b, const T* __restrict__ bias,
    const T* __restrict__ gate, void* out, int rows, int columns, int depth, int a_stride, int b_stride, int c_stride,
    int64 a_batch, int64 a_inner_batch, int64 b_batch, int64 b_inner_batch, int64 c_batch,
    int batches, int inner_batches, int parts, int part_depth, int activation, int flags) {
    typedef Product<T, TENSOR, M, N, A_ALONG, B_ALONG> Product;
    __shared__ typename Product::Shared shared;
    Product product;
    int items = Work<M, N>::count(rows, columns, parts, batches);
    for (int item = blockIdx.x; item < items; item += gridDim.x) {
        Work<M, N> work(item, rows, columns, parts);
        int batch = work.batch / inner_batches, inner = work.batch % inner_batches;
        int64 a_start = batch * a_batch + inner * a_inner_batch;
        int64 b_start = batch * b_batch + inner * b_inner_batch;
        int sums = flags & WITH_SUMS ? 1 : 0;
        bool six = (flags & GATED_TO_SIX) != 0;
        Matrix<T, A_ALONG> from_a = {
            a + a_start, rows - sums, depth, a_stride, (flags & A_ALIGNED) != 0,
            sums ? rows - 1 : -1, {flags & GATED_A ? gate + a_start : nullptr, six}};
        Matrix<T, B_ALONG> from_b = {
            b + b_start, columns, depth, b_stride, (flags & B_ALIGNED) != 0, -1,
            {flags & GATED_B ? gate + b_start : nullptr, six}};
        int begin = work.part * part_depth, end = min(depth, begin + part_depth);
        product.compute(shared, from_a, from_b, work.row, work.column, begin, end);
        int64 area = (int64)rows * columns;
        Output<T, Rows> output = {
            (T*)out + work.batch * c_batch,
            parts > 1 ? (float*)out + ((int64)work.part * batches + work.batch) * area : nullptr,
            flags & WITH_BIAS ? bias : nullptr, rows, columns, activation,
            (flags & C_ALIGNED) != 0, {c_stride}};
        product.sums.each([&](int row, int column, const float* sums) {
            output.template write<Product::V>(work.row + row, work.column + column, sums);
        });
    }
}

// The parts of a product, (parts, batches, rows, columns), added; then bias and activation as above.
// The bias of a batch begins `bias_batch` further. `lanes` rows of threads (a power of two) add
// neighbouring parts in their order, and then their sums are added in theirs.
template <typename T>
__global__ void __launch_bounds__(256) add_parts(
    const float* __restrict__ sums, const T* __restrict__ bias, T* __restrict__ c, int parts,
    int lanes, int batches, int rows, int columns, int c_stride, int64 c_batch, int bias_batch,
    int activation, int flags) {
    __shared__ float held[256];
    int64 area = (int64)rows * columns, count = area * batches;
    int width = 256 / lanes, lane = threadIdx.x / width, across = threadIdx.x % width;
    int share = (parts + lanes - 1) / lanes, end = min(parts, (lane + 1) * share);
    for (int64 start = (int64)blockIdx.x * width; start < count; start += (int64)gridDim.x * width) {
        int64 i = start + across;
        float sum = 0.0f;
        if (i < count) {
            #pragma unroll 8
            for (int part = lane * share; part < end; part++) sum += sums[part * count + i];
        }
        held[threadIdx.x] = sum;
        __syncthreads();
        if (lane == 0 && i < count) {
            for (int other = 1; other < lanes; other++) sum += held[other * width + across];
            int64 batch = i / area;
            int place = (int)(i - batch * area), row = place / columns, column = place % columns;
            if (flags & WITH_BIAS) sum += widen(bias[batch * bias_batch + column]);
            c[batch * c_batch + (int64)row * c_stride + column] = narrow<T>(activated(sum, activation));
        }
        __syncthreads();
    }
}
