// The scalars of a training step that live on the device: state.py makes and names them.

#ifndef EDGEKIT_STATE
#define EDGEKIT_STATE

#include "types.cuh"

struct StepState {
    uint64 step;       // steps begun, those that were left out too: random numbers depend on it
    int64 iterations;  // steps taken: the rows of constants depend on it
    int64 first;       // the iteration whose constants row 0 holds
    float scale;       // what the loss is multiplied by
    float divisor;     // what the gradients of this step are divided by
    int good;          // finite steps since the scale changed
    int finite;        // whether the gradients of this step are
    uint32 tickets[2]; // blocks that have finished, for the last one to know that it is
    uint64 spare;
};

#endif
