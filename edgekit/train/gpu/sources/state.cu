// A step ends.

#include "state.cuh"

// step <- step + 1, for models whose optimizer does not do it. One thread.
__global__ void advance(StepState* state) {
    state->step += 1;
}
