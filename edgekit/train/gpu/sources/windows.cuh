// Windows over NHWC arrays of fewer than 2^31 elements.

#ifndef EDGEKIT_WINDOWS
#define EDGEKIT_WINDOWS

#include "vector.cuh"

// V neighbouring channels as floats.
template <int V> struct Lanes { float at[V]; };

template <int V, typename T> __device__ __forceinline__ Lanes<V> loaded(const T* x) {
    Lanes<V> found;
    if (V == 4) {
        Four<T> packed = *(const Four<T>*)x;
#pragma unroll
        for (int v = 0; v < V; v++) found.at[v] = widen(packed.at[v]);
    } else {
        found.at[0] = widen(x[0]);
    }
    return found;
}

template <int V, typename T> __device__ __forceinline__ void stored(T* y, const Lanes<V>& value) {
    if (V == 4) {
        Four<T> packed;
#pragma unroll
        for (int v = 0; v < V; v++) packed.at[v] = narrow<T>(value.at[v]);
        *(Four<T>*)y = packed;
    } else {
        y[0] = narrow<T>(value.at[0]);
    }
}

template <int V> __device__ __forceinline__ Lanes<V> filled(float value) {
    Lanes<V> found;
#pragma unroll
    for (int v = 0; v < V; v++) found.at[v] = value;
    return found;
}

// Takes `index` apart: returns it modulo `size`, and leaves the quotient.
__device__ __forceinline__ int taken_apart(uint32& index, int size) {
    uint32 rest = index / (uint32)size, found = index - rest * (uint32)size;
    index = rest;
    return (int)found;
}

// The sizes of a window operation: the image, the result, the window, strides, dilations, and the
// rows and columns of padding before the image.
#define WINDOW_SIZES                                                                         \
    int height, int width, int out_height, int out_width, int kernel_height,                 \
        int kernel_width, int down, int across, int dilation_down, int dilation_across,      \
        int top, int left

#endif
