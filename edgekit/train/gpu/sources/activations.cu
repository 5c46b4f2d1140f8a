// Activation functions and their derivatives, element by element.

#include "types.cuh"

// max(x, 0)
template <typename T>
__global__ void relu_forward(const T* __restrict__ x, T* __restrict__ y, int64 count) {
    FOR_EACH(i, count) y[i] = narrow<T>(fmaxf(widen(x[i]), 0.0f));
}

// g where y > 0, else 0
template <typename T>
__global__ void relu_backward(const T* __restrict__ g, const T* __restrict__ y,
                              T* __restrict__ gx, int64 count) {
    FOR_EACH(i, count) gx[i] = widen(y[i]) > 0.0f ? g[i] : narrow<T>(0.0f);
}
