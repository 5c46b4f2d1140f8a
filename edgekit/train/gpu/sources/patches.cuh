// The windows of a convolution as the matrix of their columns, without that matrix in memory.
//
// Pixel p and tap t of an axis meet at p * scale + origin + t * step of the images that are read;
// outside of them a zero stands. So a convolution reads its input (scale = stride, origin =
// -padding, step = dilation), and its input's gradient reads that of the output, see conv.cu.

#ifndef EDGEKIT_PATCHES
#define EDGEKIT_PATCHES

#include "matrices.cuh"

// Division by the same number many times, without the instructions of a division.
//
// value < 2^31 and by < 2^20. The first quotient is wrong by at most value / by * 2^-22 + 1, so
// the rest lies within 512 + by; the quotient of rest + 1/2 is further from a whole number than
// float rounds.
struct Divider {
    int by;
    float inverse;
    __device__ __forceinline__ Divider() {}
    __device__ __forceinline__ Divider(int by) : by(by), inverse(1.0f / (float)by) {}

    __device__ __forceinline__ int split(int value, int& rest) const {
        int quotient = __float2int_rz((float)value * inverse);
        rest = value - quotient * by;
        int missing = __float2int_rd(((float)rest + 0.5f) * inverse);
        rest -= missing * by;
        return quotient + missing;
    }
};

struct Axis {
    int size;                 // of the images
    int count, scale, origin; // of the pixels for which windows are made
    int taps, step;           // of a window
};

enum { NOWHERE = -(1 << 30) };

// Images (samples, ..., channels) whose pixels lie `stride` elements apart.
template <typename T, int RANK> struct Patches {
    typedef T Element;
    struct Pixel { int64 sample; int at[RANK]; };    // the image, and where tap 0 would be
    struct Tap { int channel; int at[RANK]; };
    const T* data;
    Axis axes[RANK];
    int samples, channels, stride;
    Divider by_count[RANK], by_taps[RANK], by_channels;

    __device__ __forceinline__ void prepare() {
        for (int i = 0; i < RANK; i++) {
            by_count[i] = Divider(axes[i].count);
            by_taps[i] = Divider(axes[i].taps);
        }
        by_channels = Divider(channels);
    }
    __device__ __forceinline__ int pixels() const {
        int found = samples;
        for (int i = 0; i < RANK; i++) found *= axes[i].count;
        return found;
    }
    __device__ __forceinline__ int taps() const {
        int found = channels;
        for (int i = 0; i < RANK; i++) found *= axes[i].taps;
        return found;
    }
    // index = ((sample * count0 + p0) * count1 + p1) ...
    __device__ __forceinline__ Pixel pixel(int index, bool there) const {
        Pixel found;
        #pragma unroll
        for (int i = RANK - 1; i >= 0; i--) {
            int place;
            index = by_count[i].split(index, place);
            found.at[i] = place * axes[i].scale + axes[i].origin;
        }
        found.sample = index;
        for (int i = 0; i < RANK; i++) found.sample *= axes[i].size;
        found.sample *= stride;
        if (!there) found.at[0] = NOWHERE;
        return found;
    }
    // index = ((t0 * taps1 + t1) ...) * channels + channel
    __device__ __forceinline__ Tap tap(int index, bool there) const {
        Tap found;
        index = by_channels.split(index, found.channel);
        #pragma unroll
        for (int i = RANK - 1; i >= 0; i--) {
            int place = index;
            if (i > 0) index = by_taps[i].split(index, place);
            found.at[i] = place * axes[i].step;
        }
        if (!there) found.at[0] = NOWHERE;
        return found;
    }
    __device__ __forceinline__ const T* element(const Pixel& pixel, const Tap& tap) const {
        int place = 0;
        bool inside = true;
        #pragma unroll
        for (int i = 0; i < RANK; i++) {
            int at = pixel.at[i] + tap.at[i];
            inside = inside && (uint32)at < (uint32)axes[i].size;
            place = place * axes[i].size + at;
        }
        return inside ? data + (pixel.sample + (place * stride + tap.channel)) : nullptr;
    }
};

// Windows as rows: a (pixels, taps * channels).
template <typename T, int RANK> struct PatchRows : Patches<T, RANK> {
    typedef typename Patches<T, RANK>::Pixel Outer;
    typedef typename Patches<T, RANK>::Tap Inner;
    int count, depth;
    bool aligned;
    Gate<T> gate = {nullptr, false};
    static constexpr int ones = -1;
    __device__ __forceinline__ Outer outer(int i) const { return this->pixel(i, i < count); }
    __device__ __forceinline__ Inner inner(int k) const { return this->tap(k, k < depth); }
    __device__ __forceinline__ const T* at(const Outer& pixel, const Inner& tap) const {
        return this->element(pixel, tap);
    }
};

// Windows as columns: a (taps * channels, pixels), and one more row of ones where `ones` says so.
template <typename T, int RANK> struct PatchColumns : Patches<T, RANK> {
    typedef typename Patches<T, RANK>::Tap Outer;
    typedef typename Patches<T, RANK>::Pixel Inner;
    int count, depth, ones;
    bool aligned;
    static constexpr Gate<T> gate = {nullptr, false};
    __device__ __forceinline__ Outer outer(int i) const { return this->tap(i, i < count); }
    __device__ __forceinline__ Inner inner(int k) const { return this->pixel(k, k < depth); }
    __device__ __forceinline__ const T* at(const Outer& tap, const Inner& pixel) const {
        return this->element(pixel, tap);
    }
};

#endif
