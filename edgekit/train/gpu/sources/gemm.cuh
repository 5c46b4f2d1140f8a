// One product of matrices for all: c[m, n] = sum over k of a[m, k] * b[k, n], tile by tile.
//
// A block computes tiles of M x N. It walks along k in steps of DEPTH: each step a piece of both
// operands goes from global memory to registers while the step before is computed with, then to
// the other half of shared memory. Where elements come from is said by a source (matrices.cuh,
// patches.cuh), what becomes of the sums by `Output`; which arithmetic is done by TENSOR:
//   false  fused multiply-adds in float, each thread a part of the tile in registers
//   true   tensor cores: tf32 for float, 16 bits for half_t and bfloat_t, float sums
// The sum over k goes in ascending order in one accumulator (on tensor cores in groups of 8 or 16),
// or in `splits` parts that another kernel adds in their order: it never depends on the grid.

#ifndef EDGEKIT_GEMM
#define EDGEKIT_GEMM

#include "mma.cuh"

// ---------------------------------------------------------------- shapes of tiles

// The threads of a block, the part of the tile that a thread has (fused multiply-adds), how the
// warps divide the tile (tensor cores), and the words of 4 bytes along k in one step: a small tile
// computes little in a step, so it fetches more at a time. tiles.py has the same numbers.
template <int M, int N> struct Shape;
template <> struct Shape<128, 128> { enum { THREADS = 256, TM = 8, TN = 8, WM = 2, WN = 4, WORDS = 16 }; };
template <> struct Shape<64, 64>   { enum { THREADS = 128, TM = 8, TN = 4, WM = 2, WN = 2, WORDS = 16 }; };
template <> struct Shape<128, 32>  { enum { THREADS = 128, TM = 8, TN = 4, WM = 4, WN = 1, WORDS = 16 }; };
template <> struct Shape<128, 16>  { enum { THREADS = 128, TM = 4, TN = 4, WM = 4, WN = 1, WORDS = 16 }; };
template <> struct Shape<32, 32>   { enum { THREADS = 128, TM = 4, TN = 2, WM = 2, WN = 2, WORDS = 32 }; };

template <int BYTES> struct alignas(BYTES) Bytes { uint32 words[BYTES / 4]; };
template <> struct alignas(2) Bytes<2> { unsigned short words[1]; };

typedef Bytes<16> Vector;

// Element j of a vector that is zero there.
__device__ __forceinline__ void set(Vector& vector, int j, float value) {
    vector.words[j] = bits_of(value);
}
template <typename T> __device__ __forceinline__ void set(Vector& vector, int j, T value) {
    vector.words[j / 2] |= (uint32)value.bits << (j % 2 * 16);
}

// A gradient that comes back through an activation: an element passes where the activation's output
// at its place lies above 0, and below 6 with `six`.
template <typename T> struct Gate {
    const T* outputs;  // as far from this as the element from `data`; null: all pass
    bool six;

    __device__ __forceinline__ bool passes(float output) const {
        return output > 0.0f && !(six && output >= 6.0f);
    }
    __device__ __forceinline__ bool passes(const Vector& outputs, int j) const {
        if (sizeof(T) == 4) return passes(float_of(outputs.words[j]));
        T one;
        reinterpret_cast<unsigned short&>(one) = (unsigned short)(outputs.words[j / 2] >> j % 2 * 16);
        return passes(widen(one));
    }
    __device__ __forceinline__ void close(Vector& vector, int64 place) const {
        if (!outputs) return;
        Vector there = *reinterpret_cast<const Vector*>(outputs + place);
        #pragma unroll
        for (int j = 0; j < 16 / (int)sizeof(T); j++) {
            if (passes(there, j)) continue;
            if (sizeof(T) == 4) vector.words[j] = 0;
            else vector.words[j / 2] &= j % 2 ? 0xffffu : 0xffff0000u;
        }
    }
    __device__ __forceinline__ bool open(int64 place) const {
        return !outputs || passes(widen(outputs[place]));
    }
};

// COUNT values of T as one load or store
template <int COUNT, typename T> __device__ __forceinline__ void copy(T* to, const T* from) {
    typedef Bytes<COUNT * (int)sizeof(T)> Whole;
    *reinterpret_cast<Whole*>(to) = *reinterpret_cast<const Whole*>(from);
}

// ---------------------------------------------------------------- tiles in shared memory

// The piece of an operand for one step. ALONG: the source's elements are neighbours along k, so
// that its vectors run along k too.
template <typename T, bool TENSOR, int OUTER, int WORDS, bool ALONG> struct Tile;

// Fused multiply-adds read four neighbours of one k: k is the row. The 4 elements of padding leave
// a store of vectors along k, which must be turned, two ways in conflict.
template <int OUTER, int WORDS, bool ALONG_> struct Tile<float, false, OUTER, WORDS, ALONG_> {
    typedef float Held;
    static const bool ALONG = ALONG_;
    static const int VECTOR = 4, DEPTH = WORDS, STRIDE = OUTER + 4, SIZE = DEPTH * STRIDE;

    static __device__ __forceinline__ void put(float* tile, int outer, int k, const Vector& vector) {
        float* at = tile + k * STRIDE + outer;
        if (!ALONG) *reinterpret_cast<Vector*>(at) = vector;
        else for (int i = 0; i < VECTOR; i++) at[i * STRIDE] = float_of(vector.words[i]);
    }
};

// Tensor cores take either order. With this padding the 32 lanes of a fragment, and the 8 rows of
// an ldmatrix, fall into different banks.
template <typename T, int OUTER, int WORDS, bool ALONG_>
struct Tile<T, true, OUTER, WORDS, ALONG_> {
    typedef typename Multiplied<T>::type Held;
    static const bool ALONG = ALONG_;
    static const int VECTOR = 16 / (int)sizeof(T), DEPTH = WORDS * 4 / (int)sizeof(T);
    static const int STRIDE = ALONG ? DEPTH + VECTOR : OUTER + 8;
    static const int SIZE = ALONG ? OUTER * STRIDE : DEPTH * STRIDE;

    static __device__ __forceinline__ int place(int outer, int k) {
        return ALONG ? outer * STRIDE + k : k * STRIDE + outer;
    }
    static __device__ __forceinline__ void put(Held* tile, int outer, int k, Vector vector) {
        if (sizeof(T) == 4)
            for (int i = 0; i < 4; i++) vector.words[i] = tf32_of(float_of(vector.words[i]));
        *reinterpret_cast<Vector*>(tile + place(outer, k)) = vector;
    }
};

// What one thread carries from a source to the tile in each step: vectors of 16 bytes, `across`
// numbering those of one row of the source and LOADS rows apart by STEP. A source has
//   Outer outer(i), Inner inner(k)   what can be known of one index alone
//   const T* at(outer, inner)        the element, or null where a zero stands for it
//   bool aligned                     vectors are whole: 16-byte aligned, all zeros or none
//   int ones                         the outer index whose elements are all 1, or -1
//   Gate<T> gate                     which elements pass; the others count as zeros
template <class TILE, class SOURCE, int OUTER, int THREADS> struct Fetch {
    typedef typename SOURCE::Element T;
    static const bool ALONG = TILE::ALONG;
    static const int VECTOR = TILE::VECTOR, DEPTH = TILE::DEPTH;
    static const int ROWS = ALONG ? OUTER : DEPTH, ACROSS = (ALONG ? DEPTH : OUTER) / VECTOR;
    static const int STEP = THREADS / ACROSS, LOADS = (ROWS + STEP - 1) / STEP;
    static_assert(THREADS % ACROSS == 0, "rows of vectors and threads");

    const SOURCE& source;
    int start, first, across;
    typename SOURCE::Outer outers[ALONG ? LOADS : 1];
    Vector vectors[LOADS];

    __device__ __forceinline__ Fetch(const SOURCE& from, int start) : source(from), start(start) {
        first = threadIdx.x / ACROSS;
        across = threadIdx.x % ACROSS * VECTOR;
        if (ALONG)
            for (int i = 0; i < LOADS; i++) outers[i] = source.outer(start + first + i * STEP);
        else
            outers[0] = source.outer(start + across);
    }

    __device__ __forceinline__ bool inside(int i) const {
        return ROWS % STEP == 0 || first + i * STEP < ROWS;
    }

    __device__ __forceinline__ void load(int k) {
        if (!source.aligned) {
            load_singly(k);
            return;
        }
        typename SOURCE::Inner along = source.inner(k + across);
        #pragma unroll
        for (int i = 0; i < LOADS; i++) {
            const T* from = nullptr;
            if (inside(i))
                from = ALONG ? source.at(outers[ALONG ? i : 0], along)
                             : source.at(outers[0], source.inner(k + first + i * STEP));
            vectors[i] = from ? *reinterpret_cast<const Vector*>(from) : Vector{};
            if (from) source.gate.close(vectors[i], from - source.data);
            if (!ALONG && start + across == source.ones) add_one(i, 0, k);
        }
    }

    __device__ __forceinline__ void load_singly(int k) {
        for (int i = 0; i < LOADS; i++) vectors[i] = Vector{};
        #pragma unroll
        for (int j = 0; j < VECTOR; j++) {
            typename SOURCE::Inner along;
            typename SOURCE::Outer outer;
            if (ALONG) along = source.inner(k + across + j);
            else outer = source.outer(start + across + j);
            #pragma unroll
            for (int i = 0; i < LOADS; i++) {
                const T* from = nullptr;
                if (inside(i))
                    from = ALONG ? source.at(outers[ALONG ? i : 0], along)
                                 : source.at(outer, source.inner(k + first + i * STEP));
                if (from && source.gate.open(from - source.data)) set(vectors[i], j, *from);
                if (!ALONG && start + across + j == source.ones) add_one(i, j, k);
            }
        }
    }

    __device__ __forceinline__ void add_one(int i, int j, int k) {
        if (k + first + i * STEP < source.depth) set(vectors[i], j, narrow<T>(1.0f));
    }

    __device__ __forceinline__ void put(typename TILE::Held* tile) const {
        #pragma unroll
        for (int i = 0; i < LOADS; i++) {
            int row = first + i * STEP;
            if (inside(i)) TILE::put(tile, ALONG ? row : across, ALONG ? across : row, vectors[i]);
        }
    }
};

// ---------------------------------------------------------------- the sums of a tile

template <typename T, bool TENSOR, int M, int N> struct Sums;

// Thread (x, y) of the block has groups of 4 rows and of 2 or 4 columns, M / (TM / 4) rows and
// N / (TN / 4) columns apart, so that the lanes of a warp read neighbours of shared memory.
template <typename T, int M, int N> struct Sums<T, false, M, N> {
    static const int TM = Shape<M, N>::TM, TN = Shape<M, N>::TN, V = TN < 4 ? TN : 4;
    static const int ROW_STEP = M / (TM / 4), COLUMN_STEP = N / (TN / V);
    float values[TM][TN];

    static __device__ __forceinline__ int row(int i) {
        return threadIdx.x / (N / TN) * 4 + i / 4 * ROW_STEP + i % 4;
    }
    static __device__ __forceinline__ int column(int j) {
        return threadIdx.x % (N / TN) * V + j / V * COLUMN_STEP + j % V;
    }
    __device__ __forceinline__ void clear() {
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++) values[i][j] = 0.0f;
    }
    template <class A, class B>
    __device__ __forceinline__ void add(const float* a, const float* b) {
        #pragma unroll
        for (int k = 0; k < A::DEPTH; k++) {
            alignas(16) float left[TM];
            alignas(16) float right[TN];
            #pragma unroll
            for (int i = 0; i < TM; i += 4) copy<4>(left + i, a + k * A::STRIDE + row(i));
            #pragma unroll
            for (int j = 0; j < TN; j += V) copy<V>(right + j, b + k * B::STRIDE + column(j));
            #pragma unroll
            for (int i = 0; i < TM; i++)
                #pragma unroll
                for (int j = 0; j < TN; j++)
                    values[i][j] = fmaf(left[i], right[j], values[i][j]);
        }
    }
    // hands over (row, first column, sums of V columns)
    template <class F> __device__ __forceinline__ void each(F give) const {
        #pragma unroll
        for (int i = 0; i < TM; i++)
            #pragma unroll
            for (int j = 0; j < TN; j += V) give(row(i), column(j), &values[i][j]);
    }
};

// Warp (x, y) has M / WM rows and N / WN columns, in tiles of 16 x 8.
template <typename T, int M, int N> struct Sums<T, true, M, N> {
    static const int WM = Shape<M, N>::WM, WN = Shape<M, N>::WN, V = 2;
    static const int ROWS = M / WM, COLUMNS = N / WN, TM = ROWS / 16, TN = COLUMNS / 8;
    static const int K = sizeof(T) == 4 ? 8 : 16;
    float values[TM][TN][4];

    static __device__ __forceinline__ int first_row() { return threadIdx.x / 32 / WN * ROWS; }
    static __device__ __forceinline__ int first_column() {
        return threadIdx.x / 32 % WN * COLUMNS;
    }
    __device__ __forceinline__ void clear() {
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++)
                for (int v = 0; v < 4; v++) values[i][j][v] = 0.0f;
    }
    template <class A, class B>
    __device__ __forceinline__ void add(const typename A::Held* a, const typename A::Held* b) {
        #pragma unroll
        for (int k = 0; k < A::DEPTH; k += K) {
            uint32 left[TM][4];
            #pragma unroll
            for (int i = 0; i < TM; i++)
                load_words<A::ALONG>(left[i], a + A::place(first_row() + 16 * i, k), A::STRIDE);
            #pragma unroll
            for (int j = 0; j < TN; j += 2) {
                uint32 both[4];
                load_words<B::ALONG>(both, b + B::place(first_column() + 8 * j, k), B::STRIDE);
                uint32 right[2][2] = {{both[0], both[2]}, {both[1], both[3]}};
                #pragma unroll
                for (int i = 0; i < TM; i++) {
                    mma<T>(values[i][j], left[i], right[0]);
                    mma<T>(values[i][j + 1], left[i], right[1]);
                }
            }
        }
    }
    template <class F> __device__ __forceinline__ void each(F give) const {
        int row = first_row() + (threadIdx.x & 31) / 4, column = first_column() + threadIdx.x % 4 * 2;
        #pragma unroll
        for (int i = 0; i < TM; i++)
            #pragma unroll
            for (int j = 0; j < TN; j++) {
                give(row + 16 * i, column + 8 * j, &values[i][j][0]);
                give(row + 16 * i + 8, column + 8 * j, &values[i][j][2]);
            }
    }
};

// ---------------------------------------------------------------- the walk along k

template <typename T, bool TENSOR, int M, int N, bool A_ALONG, bool B_ALONG> struct Product {
    typedef Tile<T, TENSOR, M, Shape<M, N>::WORDS, A_ALONG> TileA;
    typedef Tile<T, TENSOR, N, Shape<M, N>::WORDS, B_ALONG> TileB;
    static const int THREADS = Shape<M, N>::THREADS, DEPTH = TileA::DEPTH;
    static const int V = Sums<T, TENSOR, M, N>::V;
    struct Shared {
        alignas(16) typename TileA::Held a[2][TileA::SIZE];
        alignas(16) typename TileB::Held b[2][TileB::SIZE];
    };
    Sums<T, TENSOR, M, N> sums;

    // The sums of the tile at (row, column) over k from `begin` to `end`.
    template <class A, class B>
    __device__ __forceinline__ void compute(Shared& shared, const A& a, const B& b, int row,
                                            int column, int begin, int end) {
        sums.clear();
        if (begin >= end) return;
        Fetch<TileA, A, M, THREADS> from_a(a, row);
        Fetch<TileB, B, N, THREADS> from_b(b, column);
        // each turn fetches the next piece, computes with the one before, and puts down the next
        for (int k = begin - DEPTH, half = 0; k < end; k += DEPTH, half ^= 1) {
            bool more = k + DEPTH < end;
            if (more) {
                from_a.load(k + DEPTH);
                from_b.load(k + DEPTH);
            }
            if (k >= begin)
                sums.template add<TileA, TileB>(shared.a[half ^ 1], shared.b[half ^ 1]);
            if (more) {
                from_a.put(shared.a[half]);
                from_b.put(shared.b[half]);
            }
            __syncthreads();
        }
    }
};

#endif
