// CUDA C++ for g++: what the kernels of a training engine use, computed on the host.
//
// Include it before the source (`-include`). Blocks run one after another; the threads of a block
// are fibers that stop at barriers and at exchanges of a warp (host_fibers.h). __shared__ arrays
// are static ones, filled with NaN before every block.

#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __grid_constant__

// ---------------------------------------------------------------- vectors

#define EDGEKIT_VECTOR_2(name, type, size)                            \
    struct alignas(size) name { type x, y; };                         \
    inline name make_##name(type x, type y) { return {x, y}; }
#define EDGEKIT_VECTOR_3(name, type)                                  \
    struct name { type x, y, z; };                                    \
    inline name make_##name(type x, type y, type z) { return {x, y, z}; }
#define EDGEKIT_VECTOR_4(name, type, size)                            \
    struct alignas(size) name { type x, y, z, w; };                   \
    inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }

EDGEKIT_VECTOR_2(char2, signed char, 2)
EDGEKIT_VECTOR_2(uchar2, unsigned char, 2)
EDGEKIT_VECTOR_2(short2, short, 4)
EDGEKIT_VECTOR_2(ushort2, unsigned short, 4)
EDGEKIT_VECTOR_2(int2, int, 8)
EDGEKIT_VECTOR_2(uint2, unsigned, 8)
EDGEKIT_VECTOR_2(float2, float, 8)
EDGEKIT_VECTOR_2(double2, double, 16)
EDGEKIT_VECTOR_2(longlong2, long long, 16)
EDGEKIT_VECTOR_2(ulonglong2, unsigned long long, 16)
EDGEKIT_VECTOR_3(int3, int)
EDGEKIT_VECTOR_3(uint3, unsigned)
EDGEKIT_VECTOR_3(float3, float)
EDGEKIT_VECTOR_4(char4, signed char, 4)
EDGEKIT_VECTOR_4(uchar4, unsigned char, 4)
EDGEKIT_VECTOR_4(short4, short, 8)
EDGEKIT_VECTOR_4(ushort4, unsigned short, 8)
EDGEKIT_VECTOR_4(int4, int, 16)
EDGEKIT_VECTOR_4(uint4, unsigned, 16)
EDGEKIT_VECTOR_4(float4, float, 16)

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};

#include "host_fibers.h"

// ---------------------------------------------------------------- arithmetic

// The overloads that CUDA has, and no template: a mixture of types is decided as there.
#define EDGEKIT_MIN_MAX(type)                                             \
    inline type min(type a, type b) { return b < a ? b : a; }             \
    inline type max(type a, type b) { return a < b ? b : a; }
EDGEKIT_MIN_MAX(int)
EDGEKIT_MIN_MAX(unsigned)
EDGEKIT_MIN_MAX(long)
EDGEKIT_MIN_MAX(unsigned long)
EDGEKIT_MIN_MAX(long long)
EDGEKIT_MIN_MAX(unsigned long long)
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float normcdff(float x) { return 0.5f * erfcf(-x * 0.70710678118654752f); }
inline float exp10f(float x) { return powf(10.0f, x); }
inline void sincospif(float x, float* sine, float* cosine) {
    *sine = sinf(3.14159265358979f * x), *cosine = cosf(3.14159265358979f * x);
}
inline float cospif(float x) { return cosf(3.14159265358979f * x); }
inline float sinpif(float x) { return sinf(3.14159265358979f * x); }
inline float __saturatef(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }

// the fast ones, here as exact as the others
inline float __expf(float x) { return expf(x); }
inline float __exp10f(float x) { return exp10f(x); }
inline float __logf(float x) { return logf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __log10f(float x) { return log10f(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }
inline float __cosf(float x) { return cosf(x); }
inline float __tanf(float x) { return tanf(x); }
inline float __fdividef(float x, float y) { return x / y; }
inline void __sincosf(float x, float* s, float* c) { *s = sinf(x), *c = cosf(x); }

// rounded to nearest, never fused with a neighbour
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __frsqrt_rn(float x) { return 1.0f / sqrtf(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dmul_rn(double x, double y) { return x * y; }

inline float __int2float_rn(int x) { return (float)x; }
inline float __uint2float_rn(unsigned x) { return (float)x; }
inline float __ull2float_rn(unsigned long long x) { return (float)x; }
inline int __float2int_rn(float x) { return (int)lrintf(x); }
inline int __float2int_rz(float x) { return (int)x; }
inline int __float2int_rd(float x) { return (int)floorf(x); }
inline int __float2int_ru(float x) { return (int)ceilf(x); }
inline unsigned __float2uint_rn(float x) { return (unsigned)lrintf(x); }
inline unsigned __float2uint_rz(float x) { return (unsigned)x; }
inline float __double2float_rn(double x) { return (float)x; }

// ---------------------------------------------------------------- bits

template <typename To, typename From>
inline To edgekit_same_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits of another size");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}
inline float __uint_as_float(unsigned x) { return edgekit_same_bits<float>(x); }
inline float __int_as_float(int x) { return edgekit_same_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return edgekit_same_bits<unsigned>(x); }
inline int __float_as_int(float x) { return edgekit_same_bits<int>(x); }
inline double __longlong_as_double(long long x) { return edgekit_same_bits<double>(x); }
inline long long __double_as_longlong(double x) { return edgekit_same_bits<long long>(x); }

inline unsigned __umulhi(unsigned x, unsigned y) { return ((uint64_t)x * y) >> 32; }
inline int __mulhi(int x, int y) { return ((int64_t)x * y) >> 32; }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
    return ((unsigned __int128)x * y) >> 64;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
    unsigned found = 0;
    for (int i = 0; i < 32; i++) found |= (x >> i & 1u) << (31 - i);
    return found;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return (((uint64_t)high << 32 | low) << (shift & 31)) >> 32;
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return ((uint64_t)high << 32 | low) >> (shift & 31);
}
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    uint64_t both = (uint64_t)y << 32 | x;
    unsigned found = 0;
    for (int i = 0; i < 4; i++)
        found |= (unsigned)(both >> 8 * (selector >> 4 * i & 7) & 0xff) << 8 * i;
    return found;
}

// ---------------------------------------------------------------- memory

template <typename T> inline T __ldg(const T* place) { return *place; }
template <typename T> inline T __ldcg(const T* place) { return *place; }
template <typename T> inline T __ldcs(const T* place) { return *place; }
template <typename T> inline void __stcg(T* place, T value) { *place = value; }
template <typename T> inline void __stcs(T* place, T value) { *place = value; }
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __nanosleep(unsigned) {}

// Blocks and threads run one at a time, so that a plain change is an atomic one. On floats there
// is none: sums in the order in which threads happen to come are not wanted here.
#define EDGEKIT_ATOMIC(name, type, expression)                         \
    inline type name(type* place, type value) {                        \
        type old = *place;                                             \
        *place = (expression);                                         \
        return old;                                                    \
    }
#define EDGEKIT_ATOMICS(type)                                          \
    EDGEKIT_ATOMIC(atomicAdd, type, old + value)                       \
    EDGEKIT_ATOMIC(atomicExch, type, value)                            \
    EDGEKIT_ATOMIC(atomicMin, type, value < old ? value : old)         \
    EDGEKIT_ATOMIC(atomicMax, type, old < value ? value : old)         \
    EDGEKIT_ATOMIC(atomicAnd, type, old & value)                       \
    EDGEKIT_ATOMIC(atomicOr, type, old | value)                        \
    EDGEKIT_ATOMIC(atomicXor, type, old ^ value)                       \
    inline type atomicCAS(type* place, type expected, type value) {    \
        type old = *place;                                             \
        if (old == expected) *place = value;                           \
        return old;                                                    \
    }
EDGEKIT_ATOMICS(int)
EDGEKIT_ATOMICS(unsigned)
EDGEKIT_ATOMICS(unsigned long long)
EDGEKIT_ATOMIC(atomicSub, int, old - value)
EDGEKIT_ATOMIC(atomicSub, unsigned, old - value)
EDGEKIT_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
EDGEKIT_ATOMIC(atomicDec, unsigned, old == 0 || old > value ? value : old - 1)
