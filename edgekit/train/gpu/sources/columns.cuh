// Reductions over the rows of (rows, channels), in two deterministic stages within one kernel.
//
// A block of 256 threads takes `lanes` channels (a power of two, at most 32) and a share of the
// rows: thread t the channel t % lanes, and every (256 / lanes)th row from t / lanes on. Blocks
// (tile of channels, share) write what they found; the last block of a tile joins it.

#ifndef EDGEKIT_COLUMNS
#define EDGEKIT_COLUMNS

#include "reduce.cuh"

#define COLUMN_THREADS 256
#define ROWS_AT_A_TIME 8

struct Columns {
    int channel;    // of this thread
    int row;        // its first row within the share
    int step;       // from one of its rows to the next
    int64 start;    // the rows of the share
    int64 end;
    bool there;     // whether the channel is one
};

__device__ __forceinline__ Columns columns(int lanes, int64 share, int64 rows, int channels) {
    Columns c;
    c.channel = blockIdx.x * lanes + threadIdx.x % lanes;
    c.row = threadIdx.x / lanes;
    c.step = COLUMN_THREADS / lanes;
    c.start = blockIdx.y * share;
    c.end = c.start + share < rows ? c.start + share : rows;
    c.there = c.channel < channels;
    return c;
}

// Two sums at once.
struct Pair {
    float first, second;
    static __device__ __forceinline__ Pair start() { return {0.0f, 0.0f}; }
    static __device__ __forceinline__ Pair joined(Pair a, Pair b) {
        return {a.first + b.first, a.second + b.second};
    }
};

// A count, a mean and the sum of the squares around it.
// Chan, Golub and LeVeque, "Updating Formulae ... for Computing Sample Variances", 1979.
struct Moments {
    float count, mean, squares;
    static __device__ __forceinline__ Moments start() { return {0.0f, 0.0f, 0.0f}; }
    static __device__ __forceinline__ Moments joined(Moments a, Moments b) {
        if (b.count == 0.0f) return a;
        float count = a.count + b.count, share = b.count / count, apart = b.mean - a.mean;
        return {count, a.mean + apart * share,
                a.squares + b.squares + apart * apart * a.count * share};
    }
};

// Join what the threads of one channel have; the first row's thread gets the result.
template <typename Found>
__device__ __forceinline__ Found joined_rows(Found found, const Columns& c, int lanes) {
    __shared__ Found all[COLUMN_THREADS];
    __syncthreads();
    all[threadIdx.x] = found;
    __syncthreads();
    for (int half = c.step / 2; half > 0; half /= 2) {
        if (c.row < half)
            all[threadIdx.x] = Found::joined(all[threadIdx.x], all[threadIdx.x + half * lanes]);
        __syncthreads();
    }
    return all[threadIdx.x];
}

// Both stages: `found` of this thread into `parts` (shares, channels); true in the last block of
// the tile, where the threads of the first row then have the result for their channel.
template <typename Found>
__device__ __forceinline__ bool joined_blocks(Found& found, const Columns& c, int lanes,
                                              Found* parts, uint32* tickets, int channels) {
    found = joined_rows(found, c, lanes);
    if (gridDim.y > 1) {
        if (c.row == 0 && c.there) parts[(int64)blockIdx.y * channels + c.channel] = found;
        if (!last_block(tickets + blockIdx.x, gridDim.y)) return false;
        found = Found::start();
        if (c.there)
            for (int share = c.row; share < (int)gridDim.y; share += c.step)
                found = Found::joined(found, parts[(int64)share * channels + c.channel]);
        found = joined_rows(found, c, lanes);
    }
    return c.row == 0 && c.there;
}

#endif
