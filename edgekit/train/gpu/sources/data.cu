// Batches are gathered on the device from arrays that live there whole.

#include "types.cuh"

// A piece of a row: as large as row and address allow.
struct alignas(16) piece16 { uint32 words[4]; };
struct alignas(8) piece8 { uint32 words[2]; };
typedef uint32 piece4;
typedef unsigned short piece2;
typedef uint8 piece1;

// out[r] = source[order[position + r]] for `pieces` / `row` rows of `row` pieces each.
// table: addresses on the device; entry `source` is the array, entry 0 the order (int32).
// position + offset: where in the order this batch begins; the position changes between launches
// of one graph, the offset tells the steps of one launch apart.
template <typename P>
__global__ void gather_rows(
    const uint64* __restrict__ table, int source, const int64* __restrict__ position,
    int64 offset, P* __restrict__ out, uint32 row, uint32 pieces
) {
    const int* order = reinterpret_cast<const int*>(table[0]) + *position + offset;
    const P* rows = reinterpret_cast<const P*>(table[source]);
    uint32 step = gridDim.x * blockDim.x;
    for (uint32 i = blockIdx.x * blockDim.x + threadIdx.x; i < pieces; i += step) {
        uint32 r = i / row;
        out[i] = rows[(int64)order[r] * row + (i - r * row)];
    }
}

// position <- position + rows, after every array of a batch was gathered. One thread.
__global__ void move_on(int64* position, int64 rows) {
    *position += rows;
}
