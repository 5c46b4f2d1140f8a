// Four neighbours at a time, for loops over arrays that begin at a multiple of their size.

#ifndef EDGEKIT_VECTOR
#define EDGEKIT_VECTOR

#include "types.cuh"

template <typename T> struct alignas(4 * sizeof(T)) Four { T at[4]; };

template <typename T> __device__ __forceinline__ bool in_fours(const T* x) {
    return ((uint64)x & (4 * sizeof(T) - 1)) == 0;
}

template <typename T> __device__ __forceinline__ Four<T> four(const T* x, int64 number) {
    return ((const Four<T>*)x)[number];
}

template <typename T> __device__ __forceinline__ void put(T* x, int64 number, Four<T> value) {
    ((Four<T>*)x)[number] = value;
}

// Division of a number that is not negative; in 32 bits where that does, which takes a third of the
// time.
__device__ __forceinline__ int64 quotient_of(int64 value, int divisor) {
    if (value <= 0xffffffffll) return (uint32)value / (uint32)divisor;
    return value / divisor;
}

__device__ __forceinline__ int remainder_of(int64 value, int divisor) {
    if (value <= 0xffffffffll) return (uint32)value % (uint32)divisor;
    return (int)(value % divisor);
}

#endif
