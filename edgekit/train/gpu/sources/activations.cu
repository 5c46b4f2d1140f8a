// Activation functions and their derivatives, element by element. `p` is a function's parameter.

#include "vector.cuh"

__device__ __forceinline__ float clipped(float x, float low, float high) {
    return fminf(fmaxf(x, low), high);  // no NaN comes out: as a comparison, not as numpy's clip
}

// what is not a number stays so, as in numpy
__device__ __forceinline__ float kept_nan(float x, float y) { return x != x ? x : y; }

__device__ __forceinline__ float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return (x >= 0.0f ? 1.0f : e) / (e + 1.0f);
}

// max(x, 0)
struct Relu {
    static __device__ float value(float x, float) { return kept_nan(x, fmaxf(x, 0.0f)); }
    static __device__ float slope(float, float y, float) { return y > 0.0f ? 1.0f : 0.0f; }
};

// min(max(x, 0), 6)
struct Relu6 {
    static __device__ float value(float x, float) { return kept_nan(x, clipped(x, 0.0f, 6.0f)); }
    static __device__ float slope(float, float y, float) {
        return y > 0.0f && y < 6.0f ? 1.0f : 0.0f;
    }
};

// x, below 0 times p
struct LeakyRelu {
    static __device__ float value(float x, float p) { return x > 0.0f ? x : x * p; }
    static __device__ float slope(float x, float, float p) { return x > 0.0f ? 1.0f : p; }
};

// x, below 0 p (exp(x) - 1)
struct Elu {
    static __device__ float value(float x, float p) { return x > 0.0f ? x : expm1f(x) * p; }
    static __device__ float slope(float x, float y, float p) { return x > 0.0f ? 1.0f : y + p; }
};

// 1 / (1 + exp(-x))
struct Sigmoid {
    static __device__ float value(float x, float) { return sigmoid(x); }
    static __device__ float slope(float, float y, float) { return y - y * y; }
};

struct Tanh {
    static __device__ float value(float x, float) { return tanhf(x); }
    static __device__ float slope(float, float y, float) { return 1.0f - y * y; }
};

// log(1 + exp(x))
struct Softplus {
    static __device__ float value(float x, float) {
        return kept_nan(x, fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))));
    }
    static __device__ float slope(float x, float, float) { return sigmoid(x); }
};

// x sigmoid(x)
struct Silu {
    static __device__ float value(float x, float) { return x * sigmoid(x); }
    static __device__ float slope(float x, float, float) {
        float s = sigmoid(x);
        return s + x * s * (1.0f - s);
    }
};

// min(max(x + 3, 0), 6) / 6
struct HardSigmoid {
    static __device__ float value(float x, float) {
        return kept_nan(x, clipped(x + 3.0f, 0.0f, 6.0f) / 6.0f);
    }
    static __device__ float slope(float x, float, float) {
        float shifted = x + 3.0f;
        return shifted > 0.0f && shifted < 6.0f ? 1.0f / 6.0f : 0.0f;
    }
};

// x min(max(x + 3, 0), 6) / 6
struct HardSilu {
    static __device__ float value(float x, float) {
        return x * kept_nan(x, clipped(x + 3.0f, 0.0f, 6.0f)) / 6.0f;
    }
    static __device__ float slope(float x, float, float) {
        if (x >= 3.0f) return 1.0f;
        return x > -3.0f ? (x + x + 3.0f) / 6.0f : 0.0f;
    }
};

// x Phi(x), Phi the normal distribution
struct Gelu {
    static __device__ float phi(float x) { return 0.5f * erfcf(x * -0.70710678118654752f); }
    static __device__ float value(float x, float) { return x * phi(x); }
    static __device__ float slope(float x, float, float) {
        return phi(x) + x * expf(-0.5f * x * x) * 0.39894228040143268f;
    }
};

// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Hendrycks and Gimpel 2016.
struct GeluByTanh {
    static __device__ float phi(float x) {
        return 0.5f + 0.5f * tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x));
    }
    static __device__ float value(float x, float) { return x * phi(x); }
    static __device__ float slope(float x, float, float) {
        float share = phi(x);
        float inner = 0.79788456080286536f * (1.0f + 0.134145f * x * x);
        return share + x * (2.0f * share * (1.0f - share) * inner);
    }
};

template <typename T, typename F>
__global__ void activation_forward(const T* __restrict__ x, float p, T* __restrict__ y,
                                   int64 count) {
    int64 fours = in_fours(x) && in_fours(y) ? count / 4 : 0;
    FOR_EACH(i, fours) {
        Four<T> value = four(x, i);
        for (int j = 0; j < 4; j++) value.at[j] = narrow<T>(F::value(widen(value.at[j]), p));
        put(y, i, value);
    }
    FOR_EACH(j, count - 4 * fours) {
        int64 i = 4 * fours + j;
        y[i] = narrow<T>(F::value(widen(x[i]), p));
    }
}

// g times the slope, which takes what it needs of x and y
template <typename T, typename F>
__global__ void activation_backward(const T* __restrict__ g, const T* __restrict__ x,
                                    const T* __restrict__ y, float p, T* __restrict__ gx,
                                    int64 count) {
    int64 fours = in_fours(g) && in_fours(x) && in_fours(y) && in_fours(gx) ? count / 4 : 0;
    FOR_EACH(i, fours) {
        Four<T> value = four(g, i), from = four(x, i), to = four(y, i);
        for (int j = 0; j < 4; j++)
            value.at[j] = narrow<T>(widen(value.at[j]) *
                                    F::slope(widen(from.at[j]), widen(to.at[j]), p));
        put(gx, i, value);
    }
    FOR_EACH(j, count - 4 * fours) {
        int64 i = 4 * fours + j;
        gx[i] = narrow<T>(widen(g[i]) * F::slope(widen(x[i]), widen(y[i]), p));
    }
}
