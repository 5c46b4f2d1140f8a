// Normalization of single samples: of groups of channels over all places of x (samples, places,
// channels), and to length 1. Layer normalization is that of one place and one group.
// Ba, Kiros and Hinton 2016; Wu and He 2018.

#include "columns.cuh"

#define HAS_GAMMA 1
#define HAS_BETA 2

// Where element i of a group is: element offset, and its channel.
struct Place { int64 at; int channel; };

__device__ __forceinline__ Place place_of(int64 group, int i, int places, int channels, int size) {
    int groups = channels / size;
    int channel = (int)(group % groups) * size + i % size;
    return {(group / groups * places + i / size) * channels + channel, channel};
}

// y = gamma (x - mean) / deviation + beta; saved (groups of all samples, 2): mean, 1 / deviation.
// A row is a group: `places` times `size` elements.
template <typename T, typename P, int WIDTH>
__global__ void group_norm_forward(const T* __restrict__ x, const P* __restrict__ gamma,
                                   const P* __restrict__ beta, int has, float epsilon,
                                   T* __restrict__ y, float* __restrict__ saved, int places,
                                   int channels, int size, int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float sum = 0.0f, squares = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            sum += widen(x[place_of(row, i, places, channels, size).at]);
        float mean = summed<WIDTH>(sum) / (float)length;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float apart = widen(x[place_of(row, i, places, channels, size).at]) - mean;
            squares += apart * apart;
        }
        float inverse = 1.0f / sqrtf(summed<WIDTH>(squares) / (float)length + epsilon);
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            Place p = place_of(row, i, places, channels, size);
            float value = (widen(x[p.at]) - mean) * inverse;
            if (has & HAS_GAMMA) value *= widen(gamma[p.channel]);
            if (has & HAS_BETA) value += widen(beta[p.channel]);
            y[p.at] = narrow<T>(value);
        }
        if (LANE(WIDTH) == 0) saved[2 * row] = mean, saved[2 * row + 1] = inverse;
    }
}

// (g' - mean(g') - n mean(g' n)) / deviation, g' = gamma g and n the normalized x
template <typename T, typename P, int WIDTH>
__global__ void group_norm_backward(const T* __restrict__ g, const T* __restrict__ x,
                                    const P* __restrict__ gamma, int has,
                                    const float* __restrict__ saved, T* __restrict__ gx,
                                    int places, int channels, int size, int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float mean = saved[2 * row], inverse = saved[2 * row + 1];
        float sum = 0.0f, product = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            Place p = place_of(row, i, places, channels, size);
            float back = widen(g[p.at]);
            if (has & HAS_GAMMA) back *= widen(gamma[p.channel]);
            sum += back;
            product += back * (widen(x[p.at]) - mean) * inverse;
        }
        sum = summed<WIDTH>(sum) / (float)length;
        product = summed<WIDTH>(product) / (float)length;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            Place p = place_of(row, i, places, channels, size);
            float back = widen(g[p.at]);
            if (has & HAS_GAMMA) back *= widen(gamma[p.channel]);
            float normalized = (widen(x[p.at]) - mean) * inverse;
            gx[p.at] = narrow<T>((back - sum - normalized * product) * inverse);
        }
    }
}

// By gamma the sums over samples and places of g n, by beta those of g.
// Grid (tiles of channels, shares of samples * places).
template <typename T, typename P>
__global__ void group_norm_sums(const T* __restrict__ g, const T* __restrict__ x,
                                const float* __restrict__ saved, P* __restrict__ g_gamma,
                                P* __restrict__ g_beta, int places, int size, float* parts,
                                uint32* tickets, int lanes, int64 share, int64 rows,
                                int channels) {
    Columns c = columns(lanes, share, rows, channels);
    Pair sums = Pair::start();
    if (c.there) {
        for (int64 row = c.start + c.row; row < c.end; row += c.step) {
            const float* moments = saved + 2 * (row / places * (channels / size) + c.channel / size);
            float back = widen(g[row * channels + c.channel]);
            sums.first += back;
            sums.second += back * (widen(x[row * channels + c.channel]) - moments[0]) * moments[1];
        }
    }
    if (!joined_blocks(sums, c, lanes, (Pair*)parts, tickets, channels)) return;
    g_gamma[c.channel] = narrow<P>(sums.second);
    g_beta[c.channel] = narrow<P>(sums.first);
}

// y = x / length, where length^2 below epsilon counts as epsilon. saved: 1 / length; far: whether
// it is not below.
template <typename T, int WIDTH>
__global__ void unit_norm_forward(const T* __restrict__ x, float epsilon, T* __restrict__ y,
                                  float* __restrict__ saved, uint8* __restrict__ far, int length,
                                  int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float squares = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            float value = widen(x[row * length + i]);
            squares += value * value;
        }
        squares = summed<WIDTH>(squares);
        float inverse = 1.0f / sqrtf(squares < epsilon ? epsilon : squares);
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            y[row * length + i] = narrow<T>(widen(x[row * length + i]) * inverse);
        if (LANE(WIDTH) == 0) saved[row] = inverse, far[row] = squares > epsilon;
    }
}

// (g - y sum(g y)) / length; a length that counts as epsilon is a constant
template <typename T, int WIDTH>
__global__ void unit_norm_backward(const T* __restrict__ g, const T* __restrict__ y,
                                   const float* __restrict__ saved, const uint8* __restrict__ far,
                                   T* __restrict__ gx, int length, int64 rows) {
    FOR_EACH_ROW(row, rows, WIDTH) {
        float product = 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH)
            product += widen(g[row * length + i]) * widen(y[row * length + i]);
        product = far[row] ? summed<WIDTH>(product) : 0.0f;
        for (int i = LANE(WIDTH); i < length; i += WIDTH) {
            int64 at = row * length + i;
            gx[at] = narrow<T>((widen(g[at]) - widen(y[at]) * product) * saved[row]);
        }
    }
}
