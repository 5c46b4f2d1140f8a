// What edgekit calls of cuBLASLt, computed on the host: the same C interface, the same constants.
//
// Products are summed in double. Whatever is not described as cuBLASLt wants it described is
// refused with CUBLAS_STATUS_INVALID_VALUE or CUBLAS_STATUS_NOT_SUPPORTED, as there.

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <map>

namespace {

constexpr int SUCCESS = 0, INVALID_VALUE = 7, NOT_SUPPORTED = 15;
constexpr int FLOAT = 0, HALF = 2, BFLOAT = 14;
constexpr int COMPUTE_32F = 68, COMPUTE_TF32 = 77;

struct Described {
    std::map<int, uint64_t> values;
    uint64_t get(int key, uint64_t otherwise) const {
        auto found = values.find(key);
        return found == values.end() ? otherwise : found->second;
    }
};

struct Layout : Described {
    int type;
    uint64_t rows, columns;
    int64_t stride;
};

struct Operation : Described {
    int compute, scale;
};

struct Result {  // cublasLtMatmulHeuristicResult_t
    uint64_t algorithm[8];
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};

int set(Described* described, int key, const void* value, size_t size) {
    if (size != 4 && size != 8) return INVALID_VALUE;
    uint64_t held = 0;
    memcpy(&held, value, size);
    described->values[key] = held;
    return SUCCESS;
}

double get(const void* place, int type, int64_t i) {
    if (type == FLOAT) return ((const float*)place)[i];
    if (type == HALF) return (double)((const _Float16*)place)[i];
    uint32_t bits = (uint32_t)((const uint16_t*)place)[i] << 16;
    float wide;
    memcpy(&wide, &bits, 4);
    return wide;
}

void put(void* place, int type, int64_t i, double value) {
    if (type == FLOAT) {
        ((float*)place)[i] = (float)value;
    } else if (type == HALF) {
        ((_Float16*)place)[i] = (_Float16)(float)value;
    } else {
        float narrow = (float)value;
        uint32_t bits;
        memcpy(&bits, &narrow, 4);
        ((uint16_t*)place)[i] = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    }
}

int handle_of_all, algorithm_of_all = 41;
int refused_epilogue = -1;

bool fits(const Operation& op, const Layout& a, const Layout& b, const Layout& d) {
    bool turned_a = op.get(3, 0), turned_b = op.get(4, 0);
    uint64_t m = turned_a ? a.columns : a.rows, k = turned_a ? a.rows : a.columns;
    uint64_t k2 = turned_b ? b.columns : b.rows, n = turned_b ? b.rows : b.columns;
    bool strides = a.stride >= (int64_t)a.rows && b.stride >= (int64_t)b.rows &&
                   d.stride >= (int64_t)d.rows;
    bool types = a.type == b.type && a.type == d.type && op.scale == FLOAT &&
                 (op.compute == COMPUTE_32F || (op.compute == COMPUTE_TF32 && a.type == FLOAT));
    return m == d.rows && n == d.columns && k == k2 && strides && types;
}

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT uint64_t edgekit_bias_of(Operation* op) { return op->get(8, 0); }
EXPORT void edgekit_refuse_epilogue(int epilogue) { refused_epilogue = epilogue; }

EXPORT int cublasLtCreate(void** handle) { return *handle = &handle_of_all, SUCCESS; }
EXPORT size_t cublasLtGetVersion() { return 130002; }

EXPORT int cublasLtMatmulDescCreate(Operation** made, int compute, int scale) {
    *made = new Operation();
    (*made)->compute = compute, (*made)->scale = scale;
    return SUCCESS;
}
EXPORT int cublasLtMatmulDescSetAttribute(Operation* op, int key, const void* value, size_t size) {
    return set(op, key, value, size);
}
EXPORT int cublasLtMatrixLayoutCreate(Layout** made, int type, uint64_t rows, uint64_t columns,
                                      int64_t stride) {
    *made = new Layout();
    (*made)->type = type, (*made)->rows = rows, (*made)->columns = columns;
    (*made)->stride = stride;
    return SUCCESS;
}
EXPORT int cublasLtMatrixLayoutSetAttribute(Layout* layout, int key, const void* value,
                                            size_t size) {
    return set(layout, key, value, size);
}
EXPORT int cublasLtMatmulPreferenceCreate(Described** made) {
    *made = new Described();
    return SUCCESS;
}
EXPORT int cublasLtMatmulPreferenceSetAttribute(Described* preference, int key, const void* value,
                                                size_t size) {
    return set(preference, key, value, size);
}
EXPORT int cublasLtMatmulPreferenceDestroy(Described* preference) {
    delete preference;
    return SUCCESS;
}

EXPORT int cublasLtMatmulAlgoGetHeuristic(void* handle, Operation* op, Layout* a, Layout* b,
                                          Layout*, Layout* d, Described* preference, int wanted,
                                          Result* results, int* count) {
    *count = 0;
    if (handle != &handle_of_all || wanted < 1 || !fits(*op, *a, *b, *d)) return INVALID_VALUE;
    if ((int)op->get(7, 1) == refused_epilogue) return NOT_SUPPORTED;
    memset(results, 0, sizeof *results);
    results->algorithm[0] = algorithm_of_all;
    results->workspace = preference->get(1, 0) / 2;
    *count = 1;
    return SUCCESS;
}

EXPORT int cublasLtMatmul(void* handle, Operation* op, const float* alpha, const void* a,
                          Layout* of_a, const void* b, Layout* of_b, const float* beta,
                          const void*, Layout*, void* d, Layout* of_d,
                          const uint64_t* algorithm, void* workspace, size_t workspace_size,
                          void*) {
    if (handle != &handle_of_all || !fits(*op, *of_a, *of_b, *of_d) || workspace == nullptr ||
        algorithm[0] != (uint64_t)algorithm_of_all || *alpha != 1.0f || *beta != 0.0f)
        return INVALID_VALUE;
    memset(workspace, 0xff, workspace_size);
    bool turned_a = op->get(3, 0), turned_b = op->get(4, 0);
    int epilogue = (int)op->get(7, 1), type = of_a->type;
    char* bias = (char*)op->get(8, 0);
    int64_t m = of_d->rows, n = of_d->columns, k = turned_a ? of_a->rows : of_a->columns;
    int64_t batches = (int64_t)of_d->get(5, 1), size = type == FLOAT ? 4 : 2;
    for (int64_t batch = 0; batch < batches; batch++) {
        const char* from_a = (const char*)a + size * batch * (int64_t)of_a->get(6, 0);
        const char* from_b = (const char*)b + size * batch * (int64_t)of_b->get(6, 0);
        char* to = (char*)d + size * batch * (int64_t)of_d->get(6, 0);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t p = 0; p < k; p++)
                    sum += get(from_a, type, turned_a ? p + i * of_a->stride : i + p * of_a->stride) *
                           get(from_b, type, turned_b ? j + p * of_b->stride : p + j * of_b->stride);
                if (epilogue & 4) sum += get(bias, type, i);
                if (epilogue & 2) sum = sum > 0 ? sum : 0;
                put(to, type, i + j * of_d->stride, sum);
            }
        if (epilogue == 256)
            for (int64_t i = 0; i < m; i++) {
                double sum = 0;
                for (int64_t p = 0; p < k; p++)
                    sum += get(from_a, type, turned_a ? p + i * of_a->stride : i + p * of_a->stride);
                put(bias, type, i, sum);
            }
    }
    return SUCCESS;
}
