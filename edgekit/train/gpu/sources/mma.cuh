// Tensor cores: c += a * b on tiles of 16 x 8, held by a warp in fragments of registers.
//
// A fragment is what the instructions mma.m16n8k8 (tf32) and mma.m16n8k16 (half, bfloat) define
// (PTX ISA, "Matrix Fragments for mma"). With g = lane / 4 and t = lane % 4 a lane holds
//   a[0..3]  rows g, g + 8, g, g + 8 of the word columns t, t, t + 4, t + 4
//   b[0..1]  column g of the word rows t, t + 4
//   c[0..3]  (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
// where a word holds one tf32, or two neighbours along the depth of the 16-bit types. On a host the
// lanes exchange their words by shuffles and multiply them one by one: the same places, the same
// sums but for the order of additions.

#ifndef EDGEKIT_MMA
#define EDGEKIT_MMA

#include "types.cuh"

#define WHOLE_WARP 0xffffffffu

// What tensor cores multiply where values are stored as T: float becomes tf32 on its way.
template <typename T> struct Multiplied { typedef T type; };
template <> struct Multiplied<float> { typedef uint32 type; };

// float with 10 bits of mantissa, to nearest, halves away from zero
__device__ __forceinline__ uint32 tf32_of(float value) {
#ifdef EDGEKIT_ON_HOST
    uint32 bits = bits_of(value);
    return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & ~0x1fffu;
#else
    uint32 found;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(found) : "f"(value));
    return found;
#endif
}

#ifdef EDGEKIT_ON_HOST

// c + the products of two words
__device__ __forceinline__ float dot_words(float, uint32 a, uint32 b, float c) {
    return c + float_of(a) * float_of(b);
}
template <typename T> __device__ __forceinline__ float dot_words(T, uint32 a, uint32 b, float c) {
    T x[2], y[2];
    __builtin_memcpy(x, &a, 4);
    __builtin_memcpy(y, &b, 4);
    return c + widen(x[0]) * widen(y[0]) + widen(x[1]) * widen(y[1]);
}

template <typename T>
__device__ inline void mma(float (&c)[4], const uint32 (&a)[4], const uint32 (&b)[2]) {
    int lane = threadIdx.x & 31, row = lane >> 2 << 2, column = (lane & 3) << 3;
    for (int k = 0; k < 8; k++) {
        int word = k & 3, part = k >> 2;
        uint32 upper = __shfl_sync(WHOLE_WARP, a[2 * part], row + word);
        uint32 lower = __shfl_sync(WHOLE_WARP, a[2 * part + 1], row + word);
        uint32 left = __shfl_sync(WHOLE_WARP, b[part], column + word);
        uint32 right = __shfl_sync(WHOLE_WARP, b[part], column + 4 + word);
        c[0] = dot_words(T(), upper, left, c[0]);
        c[1] = dot_words(T(), upper, right, c[1]);
        c[2] = dot_words(T(), lower, left, c[2]);
        c[3] = dot_words(T(), lower, right, c[3]);
    }
}

#else

#define EDGEKIT_MMA_INSTRUCTION(type, instruction)                                               \
    template <>                                                                                  \
    __device__ __forceinline__ void mma<type>(float (&c)[4], const uint32 (&a)[4],               \
                                              const uint32 (&b)[2]) {                            \
        asm("mma.sync.aligned." instruction " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "    \
            "{%0, %1, %2, %3};"                                                                  \
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                     \
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));                 \
    }
template <typename T>
__device__ void mma(float (&c)[4], const uint32 (&a)[4], const uint32 (&b)[2]);
EDGEKIT_MMA_INSTRUCTION(float, "m16n8k8.row.col.f32.tf32.tf32.f32")
EDGEKIT_MMA_INSTRUCTION(half_t, "m16n8k16.row.col.f32.f16.f16.f32")
EDGEKIT_MMA_INSTRUCTION(bfloat_t, "m16n8k16.row.col.f32.bf16.bf16.f32")

#endif

// ---------------------------------------------------------------- fragments from shared memory
//
// Four words of each lane: blocks of 8 outer elements by 4 words of depth, in the order
// (outer 0, depth 0), (outer 8, depth 0), (outer 0, depth 4), (outer 8, depth 4) in words. Of `a`
// they are one fragment; of `b` those of two neighbouring tiles.
//
// ALONG says that the depth runs along the rows of the tile: place = outer * stride + depth;
// otherwise place = depth * stride + outer.

template <bool ALONG>
__device__ __forceinline__ void load_words(uint32 (&words)[4], const uint32* tile, int stride) {
    int outer = (threadIdx.x & 31) >> 2, depth = threadIdx.x & 3;
    for (int i = 0; i < 4; i++) {
        int o = outer + 8 * (i & 1), k = depth + 4 * (i >> 1);
        words[i] = ALONG ? tile[o * stride + k] : tile[k * stride + o];
    }
}

// Four blocks of 8 x 8 numbers of 16 bits, by the instruction ldmatrix (PTX ISA, "ldmatrix"): lane
// l names row l % 8 of block l / 8, 16 bytes that begin at a multiple of 16, and gets of each block
// the numbers 2 (l % 4) and the next of row l / 4; TURNED: of column l / 4 in place of the row.
template <bool TURNED, typename T>
__device__ __forceinline__ void load_blocks(uint32 (&words)[4], const T* row) {
#ifdef EDGEKIT_ON_HOST
    int lane = threadIdx.x & 31;
    for (int i = 0; i < 4; i++) {
        T pair[2];
        for (int j = 0; j < 2; j++) {
            int down = TURNED ? 2 * (lane & 3) + j : lane >> 2;
            int across = TURNED ? lane >> 2 : 2 * (lane & 3) + j;
            uint64 from = __shfl_sync(WHOLE_WARP, (uint64)row & ~15ull, 8 * i + down);
            pair[j] = ((const T*)from)[across];
        }
        __builtin_memcpy(&words[i], pair, 4);
    }
#else
    uint32 address = (uint32)__cvta_generic_to_shared(row);
    if (TURNED)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                     : "r"(address) : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                     : "r"(address) : "memory");
#endif
}

// Of 16-bit types: each block lies as it is read, or turned round where the depth runs across the
// rows.
template <bool ALONG, typename T>
__device__ __forceinline__ void load_words(uint32 (&words)[4], const T* tile, int stride) {
    int lane = threadIdx.x & 31;
    int outer = ALONG ? lane & 15 : lane & 8;
    int depth = ALONG ? lane >> 4 << 3 : (lane & 7) + (lane >> 4 << 3);
    load_blocks<!ALONG>(words, tile + (ALONG ? outer * stride + depth : depth * stride + outer));
}

#endif
