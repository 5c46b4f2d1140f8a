// Philox 4x32-10: random words as a function of a counter and a key, without a state.
// Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", 2011.

#ifndef EDGEKIT_PHILOX
#define EDGEKIT_PHILOX

#include "types.cuh"

struct Words { uint32 at[4]; };

__device__ __forceinline__ Words philox(Words counter, uint32 key0, uint32 key1) {
#pragma unroll
    for (int round = 0; round < 10; round++) {
        uint32 high0 = __umulhi(0xD2511F53u, counter.at[0]), low0 = 0xD2511F53u * counter.at[0];
        uint32 high1 = __umulhi(0xCD9E8D57u, counter.at[2]), low1 = 0xCD9E8D57u * counter.at[2];
        counter = {{high1 ^ counter.at[1] ^ key0, low1, high0 ^ counter.at[3] ^ key1, low0}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

// Words 4 n to 4 n + 3 of the stream that `key` and the number of the step name.
__device__ __forceinline__ Words words_of(int64 n, uint64 key, uint64 step) {
    return philox({{(uint32)n, (uint32)(n >> 32), (uint32)step, (uint32)(step >> 32)}},
                  (uint32)key, (uint32)(key >> 32));
}

// from 0 to below 1, in steps of 2^-24
__device__ __forceinline__ float uniform(uint32 word) {
    return (float)(word >> 8) * 5.9604644775390625e-8f;
}

#endif
