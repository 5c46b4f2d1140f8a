// Connectionist temporal classification, in logarithms and in double; see ops/ctc.py.
// Graves, Fernandez, Gomez and Schmidhuber 2006, section 4.

#include "reduce.cuh"

__device__ __forceinline__ double nothing() { return -(double)infinity(); }

// log(exp(a) + exp(b))
__device__ __forceinline__ double log_sum(double a, double b) {
    if (a < b) { double c = a; a = b, b = c; }
    return b == nothing() ? a : a + log1p(exp(b - a));
}

// What a sample is spelt of: blank, label, blank ... blank.
template <typename T, typename L> struct Spelling {
    const T* logits;           // (steps, classes)
    const L* labels;           // (count,), 0 where there is none
    const double* log_totals;  // (steps,)
    int classes, count;

    __device__ __forceinline__ int states() const { return 2 * count + 1; }
    __device__ __forceinline__ int64 label(int s) const {
        return s % 2 ? (int64)labels[s / 2] : 0;
    }
    __device__ __forceinline__ int length() const {
        int found = 0;
        for (int i = 0; i < count; i++) found += labels[i] != 0;
        return found;
    }
    // whether state s may be reached from s - 2
    __device__ __forceinline__ bool may_skip(int s) const {
        return s >= 2 && s < states() && label(s) != 0 && label(s) != label(s - 2);
    }
    __device__ __forceinline__ double log_of(int t, int64 c) const {
        if (c < 0 || c >= classes) return (double)not_a_number();
        return (double)widen(logits[(int64)t * classes + c]) - log_totals[t];
    }
};

template <typename T, typename L>
__device__ __forceinline__ Spelling<T, L> spelling(const T* logits, const L* labels,
                                                   const double* log_totals, int steps,
                                                   int classes, int count) {
    int64 sample = blockIdx.x;
    return {logits + sample * steps * classes, labels + sample * count,
            log_totals + sample * steps, classes, count};
}

// log(sum(exp(logits))) of each row; one thread a row
template <typename T>
__global__ void ctc_totals(const T* __restrict__ logits, double* __restrict__ log_totals,
                           int classes, int64 rows) {
    FOR_EACH(row, rows) {
        const T* from = logits + row * classes;
        float most = -infinity();
        double total = 0.0;
        for (int c = 0; c < classes; c++) most = fmaxf(most, widen(from[c]));
        for (int c = 0; c < classes; c++) total += exp((double)widen(from[c]) - (double)most);
        log_totals[row] = log(total) + (double)most;
    }
}

// alpha (batch, steps, states): log probability of having spelt up to a state; loss = -total.
// A block takes a sample.
template <typename T, typename L>
__global__ void ctc_forward(const T* __restrict__ logits, const L* __restrict__ labels,
                            const double* __restrict__ log_totals, double* alpha,
                            double* __restrict__ totals, T* __restrict__ loss, int steps,
                            int classes, int count) {
    Spelling<T, L> word = spelling(logits, labels, log_totals, steps, classes, count);
    int states = word.states();
    double* now = alpha + (int64)blockIdx.x * steps * states;
    for (int s = threadIdx.x; s < states; s += blockDim.x)
        now[s] = s < 2 ? word.log_of(0, word.label(s)) : nothing();
    for (int t = 1; t < steps; t++) {
        __syncthreads();
        double* before = now;
        now += states;
        for (int s = threadIdx.x; s < states; s += blockDim.x) {
            double reached = before[s];
            if (s >= 1) reached = log_sum(reached, before[s - 1]);
            if (word.may_skip(s)) reached = log_sum(reached, before[s - 2]);
            now[s] = reached + word.log_of(t, word.label(s));
        }
    }
    __syncthreads();
    if (threadIdx.x != 0) return;
    int end = 2 * word.length();
    double total = log_sum(now[end], end > 0 ? now[end - 1] : nothing());
    totals[blockIdx.x] = total;
    loss[blockIdx.x] = narrow<T>((float)-total);
}

// gx = (probabilities - the share of the paths through a class) g, 0 where no path is possible.
// beta (batch, 2, states), share (batch, states): room.
template <typename T, typename L>
__global__ void ctc_backward(const T* __restrict__ g, const T* __restrict__ logits,
                             const L* __restrict__ labels, const double* __restrict__ log_totals,
                             const double* __restrict__ alpha, const double* __restrict__ totals,
                             double* beta, double* share, T* __restrict__ gx, int steps,
                             int classes, int count) {
    Spelling<T, L> word = spelling(logits, labels, log_totals, steps, classes, count);
    int states = word.states(), end = 2 * word.length();
    int64 sample = blockIdx.x;
    double total = totals[sample], back = (double)widen(g[sample]);
    bool possible = total != nothing();  // what is not a number stays so
    double *now = beta + sample * 2 * states, *after = now + states;
    share += sample * states;
    for (int t = steps - 1; t >= 0; t--) {
        for (int s = threadIdx.x; s < states; s += blockDim.x) {
            double left;  // log probability of spelling the rest
            if (t == steps - 1) {
                left = s == end || (s == end - 1) ? 0.0 : nothing();
            } else {
                left = after[s] + word.log_of(t + 1, word.label(s));
                if (s + 1 < states)
                    left = log_sum(left, after[s + 1] + word.log_of(t + 1, word.label(s + 1)));
                if (word.may_skip(s + 2))
                    left = log_sum(left, after[s + 2] + word.log_of(t + 1, word.label(s + 2)));
            }
            now[s] = left;
            share[s] = exp(alpha[(sample * steps + t) * states + s] + left - total);
        }
        __syncthreads();
        for (int c = threadIdx.x; c < classes; c += blockDim.x) {
            double wanted = 0.0;
            for (int s = c == 0 ? 0 : 1; s < states; s += c == 0 ? 1 : 2)
                if (word.label(s) == c) wanted += share[s];
            double slope = (exp(word.log_of(t, c)) - wanted) * back;
            gx[(sample * steps + t) * classes + c] = narrow<T>(possible ? (float)slope : 0.0f);
        }
        __syncthreads();
        double* other = now;
        now = after, after = other;
    }
}
