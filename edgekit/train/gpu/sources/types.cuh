// Storage types. Values are kept in float, half_t or bfloat_t and computed with in float.
// No header of CUDA's is included: NVRTC alone compiles everything here.

#ifndef EDGEKIT_TYPES
#define EDGEKIT_TYPES

typedef long long int64;
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef unsigned char uint8;

struct half_t { unsigned short bits; };    // IEEE 754 binary16
struct bfloat_t { unsigned short bits; };  // the upper half of a float

__device__ __forceinline__ float float_of(uint32 bits) { return __uint_as_float(bits); }
__device__ __forceinline__ uint32 bits_of(float value) { return __float_as_uint(value); }

__device__ __forceinline__ float widen(float value) { return value; }

__device__ __forceinline__ float widen(bfloat_t value) {
    return float_of((uint32)value.bits << 16);
}

__device__ __forceinline__ float widen(half_t value) {
#ifdef EDGEKIT_ON_HOST
    _Float16 same;
    __builtin_memcpy(&same, &value, 2);
    return (float)same;
#else
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(value.bits));
    return wide;
#endif
}

template <typename T> __device__ __forceinline__ T narrow(float value);

template <> __device__ __forceinline__ float narrow<float>(float value) { return value; }

// to nearest, halves to even; a NaN stays one
template <> __device__ __forceinline__ bfloat_t narrow<bfloat_t>(float value) {
    uint32 bits = bits_of(value);
    bfloat_t found;
    if ((bits & 0x7fffffffu) > 0x7f800000u) found.bits = (unsigned short)((bits >> 16) | 0x40u);
    else found.bits = (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
    return found;
}

template <> __device__ __forceinline__ half_t narrow<half_t>(float value) {
    half_t found;
#ifdef EDGEKIT_ON_HOST
    _Float16 same = (_Float16)value;
    __builtin_memcpy(&found, &same, 2);
#else
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(found.bits) : "f"(value));
#endif
    return found;
}

// The elements that this thread takes of `count`: any grid covers them all.
#define FOR_EACH(i, count)                                                       \
    for (int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x; i < (count);    \
         i += (int64)gridDim.x * blockDim.x)

#endif
