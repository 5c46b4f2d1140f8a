// What is done to one weight in one step: the rules of the optimizers.
//
// g: the gradient, unscaled and clipped. s: the slots. c: the constants of this step, computed by
// the host in double as updates.py says. The formulas are those of edgekit/train/optimizers.

#ifndef EDGEKIT_UPDATES
#define EDGEKIT_UPDATES

#include "types.cuh"

// rule-specific bits of the flags
#define WITH_MOMENTUM 256u
#define WITH_NESTEROV 512u
#define WITH_CENTERED 1024u
#define WITH_AMSGRAD 2048u

// p <- p - rate g; with momentum m <- momentum m - rate g, p <- p + m
struct Sgd {
    static const int slots = 1;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32 flags) {
        float step = g * c[0];
        if (!(flags & WITH_MOMENTUM)) { p -= step; return; }
        s[0] = s[0] * c[1] - step;
        p += flags & WITH_NESTEROV ? s[0] * c[1] - step : s[0];
    }
};

// m <- m + (g - m)(1 - b1), v <- v + (g^2 - v)(1 - b2)
__device__ __forceinline__ void follow_moments(float g, float* s, float c1, float c2) {
    s[0] += (g - s[0]) * c1;
    s[1] += (g * g - s[1]) * c2;
}

// p <- p - alpha m / (sqrt(v) + epsilon)
struct Adam {
    static const int slots = 3;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32 flags) {
        follow_moments(g, s, c[1], c[2]);
        float v = s[1];
        if (flags & WITH_AMSGRAD) {
            s[2] = s[2] > v ? s[2] : v;
            v = s[2];
        }
        p -= s[0] * c[0] / (sqrtf(v) + c[3]);
    }
};

// u <- max(b2 u, |g|), p <- p - (rate / (1 - b1^t)) m / (u + epsilon)
struct Adamax {
    static const int slots = 2;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        s[0] += (g - s[0]) * c[1];
        float shrunk = s[1] * c[2], size = fabsf(g);
        s[1] = shrunk > size ? shrunk : size;
        p -= s[0] * c[0] / (s[1] + c[3]);
    }
};

// p <- p - (c0 m + c1 g) / (sqrt(c2 v) + epsilon)
struct Nadam {
    static const int slots = 2;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        follow_moments(g, s, c[3], c[4]);
        p -= (s[0] * c[0] + g * c[1]) / (sqrtf(s[1] * c[2]) + c[5]);
    }
};

// v <- rho v + (1 - rho) g^2, step = rate g / sqrt(v - mean^2 + epsilon)
struct RMSprop {
    static const int slots = 3;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32 flags) {
        s[0] = s[0] * c[1] + g * g * c[2];
        float around = s[0];
        if (flags & WITH_CENTERED) {
            s[2] = s[2] * c[1] + g * c[2];
            around -= s[2] * s[2];
        }
        float step = g * c[0] / sqrtf(around + c[3]);
        if (flags & WITH_MOMENTUM) {
            s[1] = s[1] * c[4] + step;
            step = s[1];
        }
        p -= step;
    }
};

// a <- a + g^2, p <- p - rate g / sqrt(a + epsilon)
struct Adagrad {
    static const int slots = 1;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        s[0] += g * g;
        p -= g * c[0] / sqrtf(s[0] + c[1]);
    }
};

// a <- rho a + (1 - rho) g^2, d = g sqrt(x + epsilon) / sqrt(a + epsilon), x likewise of d
struct Adadelta {
    static const int slots = 2;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        s[0] = s[0] * c[1] + g * g * c[2];
        float d = sqrtf(s[1] + c[3]) * g / sqrtf(s[0] + c[3]);
        s[1] = s[1] * c[1] + d * d * c[2];
        p -= d * c[0];
    }
};

// p <- p - rate sign(b1 m + (1 - b1) g), m <- b2 m + (1 - b2) g
struct Lion {
    static const int slots = 1;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        float ahead = s[0] * c[1] + g * c[2];
        float sign = ahead > 0.0f ? 1.0f : ahead < 0.0f ? -1.0f : ahead;  // of NaN NaN
        p -= sign * c[0];
        s[0] = s[0] * c[3] + g * c[4];
    }
};

// n' = n + g^2, z <- z + g + 2 shrinkage p - (n'^power - n^power) p / rate,
// p <- (clip(z, -l1, l1) - z) / (n'^power / rate + 2 l2 + beta / rate)
struct Ftrl {
    static const int slots = 2;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        float before = powf(s[0], c[1]);
        s[0] += g * g;
        float after = powf(s[0], c[1]);
        float z = s[1] - (after - before) * p / c[0] + g + p * c[2];
        s[1] = z;
        float held = z < -c[4] ? -c[4] : z > c[4] ? c[4] : z;
        p = (held - z) / (after / c[0] + c[3]);
    }
};

// The direction (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon), into p.
struct Lamb {
    static const int slots = 2;
    static __device__ __forceinline__ void step(float& p, float g, float* s, const float* c,
                                                uint32) {
        follow_moments(g, s, c[1], c[2]);
        p = s[0] / c[3] / (sqrtf(s[1] / c[4]) + c[5]);
    }
};

#endif
