// Sums over all axes but the last.

#include "columns.cuh"

// sums[c] = the sum over rows of x[row, c]. Grid (tiles of channels, shares of the rows).
template <typename T>
__global__ void channel_sums(const T* __restrict__ x, float* parts, uint32* tickets,
                             T* __restrict__ sums, int lanes, int64 share, int64 rows,
                             int channels) {
    Columns c = columns(lanes, share, rows, channels);
    Pair found = Pair::start();
    if (c.there) {
        for (int64 row = c.start + c.row; row < c.end; row += ROWS_AT_A_TIME * c.step) {
#pragma unroll
            for (int j = 0; j < ROWS_AT_A_TIME; j++)
                if (row + j * c.step < c.end)
                    found.first += widen(x[(row + j * c.step) * channels + c.channel]);
        }
    }
    if (joined_blocks(found, c, lanes, (Pair*)parts, tickets, channels))
        sums[c.channel] = narrow<T>(found.first);
}
