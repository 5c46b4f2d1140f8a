// Softmax and what is made of it, along the last axis or along one within (outer, length, inner).

#include "reduce.cuh"
#include "vector.cuh"

// y = exp(x - max) / sum, or its logarithm. WIDTH threads take a row.
template <typename T, int WIDTH>
__global__ void softmax_forward(const T* __restrict__ x, T* __restrict__ y, int logarithm,
                                int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        const T* from = x + row * length;
        T* to = y + row * length;
        float most = -infinity(), total = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) most = fmaxf(most, widen(from[i]));
        most = largest<WIDTH>(most);
        for (int i = LANE(WIDTH); i < length; i += WIDTH) total += expf(widen(from[i]) - most);
        total = summed<WIDTH>(total);
        float shift = logarithm ? logf(total) : 0.0f, share = 1.0f / total;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float value = widen(from[i]) - most;
            to[i] = narrow<T>(logarithm ? value - shift : expf(value) * share);
        }
    }
}

// y (g - sum(g y)); of the logarithm g - exp(y) sum(g)
template <typename T, int WIDTH>
__global__ void softmax_backward(const T* __restrict__ g, const T* __restrict__ y,
                                 T* __restrict__ gx, int logarithm, int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        const T *back = g + row * length, *to = y + row * length;
        float total = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            total += logarithm ? widen(back[i]) : widen(back[i]) * widen(to[i]);
        total = summed<WIDTH>(total);
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float one = widen(back[i]), value = widen(to[i]);
            gx[row * length + i] =
                narrow<T>(logarithm ? one - expf(value) * total : value * (one - total));
        }
    }
}

// The same along the middle of (outer, length, inner): a thread for each row.
template <typename T>
__global__ void softmax_within(const T* __restrict__ x, T* __restrict__ y, int logarithm,
                               int length, int64 inner, int64 count) {
    FOR_EACH(row, count) {
        int64 start = row / inner * inner * length + row % inner;
        float most = -infinity(), total = 0.0f;
        for (int i = 0; i < length; i++) most = fmaxf(most, widen(x[start + i * inner]));
        for (int i = 0; i < length; i++) total += expf(widen(x[start + i * inner]) - most);
        float shift = logarithm ? logf(total) : 0.0f, share = 1.0f / total;
        for (int i = 0; i < length; i++) {
            float value = widen(x[start + i * inner]) - most;
            y[start + i * inner] = narrow<T>(logarithm ? value - shift : expf(value) * share);
        }
    }
}

template <typename T>
__global__ void softmax_within_backward(const T* __restrict__ g, const T* __restrict__ y,
                                        T* __restrict__ gx, int logarithm, int length,
                                        int64 inner, int64 count) {
    FOR_EACH(row, count) {
        int64 start = row / inner * inner * length + row % inner;
        float total = 0.0f;
        for (int i = 0; i < length; i++) {
            float one = widen(g[start + i * inner]);
            total += logarithm ? one : one * widen(y[start + i * inner]);
        }
        for (int i = 0; i < length; i++) {
            float one = widen(g[start + i * inner]), value = widen(y[start + i * inner]);
            gx[start + i * inner] =
                narrow<T>(logarithm ? one - expf(value) * total : value * (one - total));
        }
    }
}

// A row's largest logit and the sum of exp(logit - largest).
template <typename T, int WIDTH>
__device__ __forceinline__ void row_total(const T* x, int length, float& most, float& total) {
    most = -infinity(), total = 0.0f;
    for (int i = LANE(WIDTH); i < length; i += WIDTH) most = fmaxf(most, widen(x[i]));
    most = largest<WIDTH>(most);
    for (int i = LANE(WIDTH); i < length; i += WIDTH) total += expf(widen(x[i]) - most);
    total = summed<WIDTH>(total);
}

// loss = log(sum(exp(x))) - x[label]; NaN where the label is no class. saved (rows, 2): largest
// and total of the row.
template <typename T, typename L, int WIDTH>
__global__ void cross_entropy_of_classes(const T* __restrict__ x, const L* __restrict__ labels,
                                         T* __restrict__ loss, float* __restrict__ saved,
                                         int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float most, total;
        row_total<T, WIDTH>(x + row * length, length, most, total);
        if (LANE(WIDTH) != 0) continue;
        int64 label = (int64)labels[row];
        bool known = label >= 0 && label < length;
        float picked = known ? widen(x[row * length + label]) - most : not_a_number();
        loss[row] = narrow<T>(logf(total) - picked);
        saved[2 * row] = most;
        saved[2 * row + 1] = total;
    }
}

// (softmax(x) - one at the label) g
template <typename T, typename L>
__global__ void cross_entropy_of_classes_backward(const T* __restrict__ g,
                                                  const T* __restrict__ x,
                                                  const L* __restrict__ labels,
                                                  const float* __restrict__ saved,
                                                  T* __restrict__ gx, int length, int64 count) {
    FOR_EACH(i, count) {
        int64 row = quotient_of(i, length), label = (int64)labels[row];
        float share = expf(widen(x[i]) - saved[2 * row]) / saved[2 * row + 1];
        if (label < 0 || label >= length) share = not_a_number();
        if (i - row * length == label) share -= 1.0f;
        gx[i] = narrow<T>(share * widen(g[row]));
    }
}

// loss = log(sum(exp(x))) sum(labels) - sum(labels x); saved (rows, 3) holds sum(labels) too
template <typename T, int WIDTH>
__global__ void cross_entropy_of_shares(const T* __restrict__ x, const T* __restrict__ labels,
                                        T* __restrict__ loss, float* __restrict__ saved,
                                        int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float most, total, weight = 0.0f, product = 0.0f;
        row_total<T, WIDTH>(x + row * length, length, most, total);
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float label = widen(labels[row * length + i]);
            weight += label;
            product += label * (widen(x[row * length + i]) - most);
        }
        weight = summed<WIDTH>(weight);
        product = summed<WIDTH>(product);
        if (LANE(WIDTH) != 0) continue;
        loss[row] = narrow<T>(logf(total) * weight - product);
        saved[3 * row] = most;
        saved[3 * row + 1] = total;
        saved[3 * row + 2] = weight;
    }
}

// By x (softmax sum(labels) - labels) g; by the labels -log(softmax) g
template <typename T>
__global__ void cross_entropy_of_shares_backward(const T* __restrict__ g,
                                                 const T* __restrict__ x,
                                                 const T* __restrict__ labels,
                                                 const float* __restrict__ saved,
                                                 T* __restrict__ gx, T* __restrict__ g_labels,
                                                 int wants_labels, int length, int64 count) {
    FOR_EACH(i, count) {
        int64 row = quotient_of(i, length);
        float back = widen(g[row]), shifted = widen(x[i]) - saved[3 * row];
        float total = saved[3 * row + 1];
        gx[i] = narrow<T>((expf(shifted) / total * saved[3 * row + 2] - widen(labels[i])) * back);
        if (wants_labels) g_labels[i] = narrow<T>((logf(total) - shifted) * back);
    }
}

// max(x, 0) - x label + log(1 + exp(-|x|))
template <typename T>
__global__ void sigmoid_cross_entropy(const T* __restrict__ x, const T* __restrict__ labels,
                                      T* __restrict__ loss, int64 count) {
    FOR_EACH(i, count) {
        float value = widen(x[i]);
        float found = fmaxf(value, 0.0f) - value * widen(labels[i]) + log1pf(expf(-fabsf(value)));
        loss[i] = narrow<T>(found);
    }
}

// By x (sigmoid(x) - label) g; by the label -x g
template <typename T>
__global__ void sigmoid_cross_entropy_backward(const T* __restrict__ g, const T* __restrict__ x,
                                               const T* __restrict__ labels, T* __restrict__ gx,
                                               T* __restrict__ g_labels, int wants_labels,
                                               int64 count) {
    FOR_EACH(i, count) {
        float value = widen(x[i]), back = widen(g[i]), e = expf(-fabsf(value));
        float share = (value >= 0.0f ? 1.0f : e) / (e + 1.0f);
        gx[i] = narrow<T>(back * (share - widen(labels[i])));
        if (wants_labels) g_labels[i] = narrow<T>(-back * value);
    }
}

// log(sum(exp(x))) over what the mask holds, -inf where that is nothing; shares: the softmax
template <typename T, int WIDTH>
__global__ void masked_log_sum(const T* __restrict__ x, const uint8* __restrict__ mask,
                               T* __restrict__ y, T* __restrict__ shares, int length,
                               int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        int64 start = row * length;
        float most = -infinity(), total = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            if (mask[start + i]) most = fmaxf(most, widen(x[start + i]));
        most = largest<WIDTH>(most);
        if (!(fabsf(most) < infinity())) most = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            if (mask[start + i]) total += expf(widen(x[start + i]) - most);
        total = summed<WIDTH>(total);
        float divisor = total == 0.0f ? 1.0f : total;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float e = mask[start + i] ? expf(widen(x[start + i]) - most) : 0.0f;
            shares[start + i] = narrow<T>(e / divisor);
        }
        if (LANE(WIDTH) == 0) y[row] = narrow<T>(total == 0.0f ? -infinity() : most + logf(total));
    }
}

// The point of the simplex nearest to x: max(x - tau, 0) with tau such that the sum is 1, found by
// leaving out what lies below until nothing does. Michelot, "A finite algorithm ...", 1986.
template <typename T, int WIDTH>
__global__ void sparsemax_forward(const T* __restrict__ x, T* __restrict__ y, int length,
                                  int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        const T* from = x + row * length;
        float most = -infinity(), tau = -infinity(), count = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) most = fmaxf(most, widen(from[i]));
        most = largest<WIDTH>(most);
        for (int round = 0; round <= length; round++) {
            float kept = 0.0f, total = 0.0f;
            for (int i = LANE(WIDTH); i < length; i += WIDTH) {
                float value = widen(from[i]) - most;
                if (value > tau) kept += 1.0f, total += value;
            }
            kept = summed<WIDTH>(kept);
            total = summed<WIDTH>(total);
            if (kept == count || kept == 0.0f) break;
            count = kept;
            tau = (total - 1.0f) / kept;
        }
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            y[row * length + i] = narrow<T>(fmaxf(widen(from[i]) - most - tau, 0.0f));
    }
}

// (g - the mean of g where y > 0) there, 0 elsewhere
template <typename T, int WIDTH>
__global__ void sparsemax_backward(const T* __restrict__ g, const T* __restrict__ y,
                                   T* __restrict__ gx, int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float kept = 0.0f, total = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            if (widen(y[row * length + i]) > 0.0f) kept += 1.0f, total += widen(g[row * length + i]);
        kept = summed<WIDTH>(kept);
        total = summed<WIDTH>(total);
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            bool inside = widen(y[row * length + i]) > 0.0f;
            gx[row * length + i] =
                narrow<T>(inside ? widen(g[row * length + i]) - total / kept : 0.0f);
        }
    }
}
