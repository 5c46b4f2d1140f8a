// Pictures (samples, height, width, channels): resized by bands of weights, and warped.

#include "vector.cuh"

// y[o, i, r] = the sum over k of weights[i, k] x[o, first[i] + k, r]: one axis of a picture mixed by
// a matrix of which each row has at most `taps` numbers, side by side.
template <typename T>
__global__ void mixed_axis(const T* __restrict__ x, const int* __restrict__ first,
                           const float* __restrict__ weights, T* __restrict__ y, int taps,
                           int before, int after, int64 inner, int64 count) {
    FOR_EACH(number, count) {
        int64 r = number % inner, rest = number / inner;
        int i = (int)(rest % after);
        const T* from = x + (rest / after * before + first[i]) * inner + r;
        float sum = 0.0f;
        for (int k = 0; k < taps && first[i] + k < before; k++)
            sum += weights[i * taps + k] * widen(from[k * inner]);
        y[number] = narrow<T>(sum);
    }
}

#define CONSTANT 0
#define NEAREST 1
#define REFLECT 2
#define WRAP 3
#define CONSTANT_OUTSIDE 4
#define WRAP_SHORT 5

// the remainder that has the sign of the divisor
__device__ __forceinline__ float modulo(float x, float divisor) {
    float rest = fmodf(x, divisor);
    return rest < 0.0f ? rest + divisor : rest;
}

// A coordinate brought inside 0 .. size - 1 by the fill mode; as in ops/images.py.
__device__ __forceinline__ float inside(float at, int size, int mode) {
    float last = (float)(size - 1);
    if (mode == CONSTANT) return at;
    if (mode == CONSTANT_OUTSIDE) return at < 0.0f || at > last ? -2.0f : at;
    if (mode == REFLECT) {
        at = modulo(at, 2.0f * (float)size);
        if (at > last) at = (float)(2 * size - 1) - at;
        if (at < 0.0f) at = -at - 1.0f;
    } else if (mode == WRAP || mode == WRAP_SHORT) {
        float turn = fmaxf(last, 1.0f), step = mode == WRAP_SHORT ? turn : (float)size;
        if (at < 0.0f) at = at + step * (truncf(-at / turn) + 1.0f);
        else if (at > last) at = at - step * truncf(at / turn);
    }
    return fminf(fmaxf(at, 0.0f), last);
}

// Each pixel of the result read where its picture's projective map puts it; see ops/images.py.
// maps (samples, 8); nearest: 1 without blending.
template <typename T>
__global__ void warped(const T* __restrict__ x, const float* __restrict__ maps, T* __restrict__ y,
                       int mode, int nearest, float fill, int height, int width, int channels,
                       int64 count) {
    FOR_EACH(number, count) {
        int c = remainder_of(number, channels);
        int64 pixel = quotient_of(number, channels), line = quotient_of(pixel, width);
        float u = (float)remainder_of(pixel, width), v = (float)remainder_of(line, height);
        int64 sample = quotient_of(line, height);
        const float* m = maps + sample * 8;
        const T* picture = x + sample * height * width * channels + c;
        float k = __fadd_rn(__fadd_rn(__fmul_rn(m[6], u), __fmul_rn(m[7], v)), 1.0f);
        float column = __fadd_rn(__fadd_rn(__fmul_rn(m[0], u), __fmul_rn(m[1], v)), m[2]) / k;
        float row = __fadd_rn(__fadd_rn(__fmul_rn(m[3], u), __fmul_rn(m[4], v)), m[5]) / k;
        column = inside(column, width, mode), row = inside(row, height, mode);
        float top = nearest ? truncf(row + copysignf(0.5f, row)) : floorf(row);
        float left = nearest ? truncf(column + copysignf(0.5f, column)) : floorf(column);
        float below = nearest ? 0.0f : row - top, right = nearest ? 0.0f : column - left;
        float total = 0.0f, outside = 0.0f;
        for (int corner = 0; corner < (nearest ? 1 : 4); corner++) {
            float h = top + (float)(corner / 2), w = left + (float)(corner % 2);
            float share = (corner / 2 ? below : 1.0f - below) * (corner % 2 ? right : 1.0f - right);
            bool there = h >= 0.0f && h < (float)height && w >= 0.0f && w < (float)width;
            if (there) total += widen(picture[((int64)h * width + (int64)w) * channels]) * share;
            else outside += share;
        }
        y[number] = narrow<T>(total + fill * outside);
    }
}
