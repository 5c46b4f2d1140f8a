// Blocks and threads on the host. Included by host_cuda.h.
//
// A fiber runs threads one after another, as a loop, until one of them has to wait: then the fiber
// is that thread's own, and another fiber goes on with the threads that have not begun. A kernel
// without barriers so runs as plain loops on one stack. All that a launch remembers lies outside
// of .bss, where the shared arrays are and which is filled with NaN before every block.
//
// A GPU promises no order. Every other launch takes its blocks from the last to the first, and
// every other block its threads: where a barrier is missing, one of the orders goes wrong.

#pragma once

#include <setjmp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <ucontext.h>

namespace edgekit_host {

constexpr unsigned FULL_WARP = 32, MOST_THREADS = 1024;
constexpr size_t STACK = 256 << 10;

enum State : unsigned char { WAITING_TO_BEGIN, AT_BARRIER, AT_EXCHANGE, READY, ENDED };

struct Thread {
    State state;
    int fiber;       // the fiber that it waits on
    int line;        // of the source, where it waits
    unsigned mask;   // the lanes that an exchange is between
    int predicate;   // for barriers that count
    uint64_t given;  // to the exchange
    unsigned taken;  // lane to read, for a shuffle
    uint64_t found;
    unsigned votes;  // lanes of the mask whose value is not zero
};

struct Fiber {
    char* stack;
    ucontext_t entry;
    jmp_buf place;
    bool entered;
};

struct Launch {
    void (*body)(void*);
    void* arguments;
    char* message;
    size_t message_size;
    bool failed;
    unsigned count, begun, now;  // threads of the block; how many have begun; the one that runs
    unsigned launches;
    bool backwards;  // the threads of this block
    int running;                // the fiber that runs
    int count_of_predicates;
    jmp_buf scheduler;
    Thread threads[MOST_THREADS];
    Fiber fibers[MOST_THREADS];
    int idle[MOST_THREADS];  // fibers whose threads have ended
    int idle_count;
    int made;
};

// Not static: the compiler has to expect that any function it does not see changes them.
#define EDGEKIT_KEPT __attribute__((section(".data.edgekit"), visibility("hidden")))
EDGEKIT_KEPT Launch* launch = nullptr;
EDGEKIT_KEPT uint3 thread_index = {0, 0, 0};
EDGEKIT_KEPT uint3 block_index = {0, 0, 0};
EDGEKIT_KEPT dim3 block_extent = {};
EDGEKIT_KEPT dim3 grid_extent = {};

inline void enter(unsigned thread) {
    launch->now = thread;
    thread_index.x = thread % block_extent.x;
    thread_index.y = thread / block_extent.x % block_extent.y;
    thread_index.z = thread / block_extent.x / block_extent.y;
}

// The thread whose turn is the i-th.
inline unsigned nth(unsigned i) { return launch->backwards ? launch->count - 1 - i : i; }

[[noreturn]] inline void to_scheduler() { _longjmp(launch->scheduler, 1); }

// The launch ends here; the other threads are left where they are.
[[noreturn]] inline void fail(const char* what, int line, int other = 0) {
    int used = snprintf(launch->message, launch->message_size,
                        "thread (%u, %u, %u) of block (%u, %u, %u): %s, line %d", thread_index.x,
                        thread_index.y, thread_index.z, block_index.x, block_index.y,
                        block_index.z, what, line);
    if (other)
        snprintf(launch->message + used, launch->message_size - used, " and line %d", other);
    launch->failed = true;
    to_scheduler();
}

// What every fiber does: threads that have not begun, one after another.
inline void run_threads() {
    while (launch->begun < launch->count) {
        enter(nth(launch->begun++));
        launch->body(launch->arguments);
        launch->threads[launch->now].state = ENDED;
        if (launch->threads[launch->now].fiber >= 0) break;  // it waited: threads follow elsewhere
    }
    launch->idle[launch->idle_count++] = launch->running;
    to_scheduler();
}

// A thread waits: its fiber is its own from here on.
inline void wait(State state, int line) {
    Thread& self = launch->threads[launch->now];
    Fiber& fiber = launch->fibers[launch->running];
    self.state = state;
    self.line = line;
    self.fiber = launch->running;
    if (_setjmp(fiber.place) == 0) to_scheduler();
}

inline void resume(unsigned thread) {
    Thread& chosen = launch->threads[thread];
    if (_setjmp(launch->scheduler) != 0) return;
    enter(thread);
    launch->running = chosen.fiber;
    _longjmp(launch->fibers[chosen.fiber].place, 1);
}

// Threads that have not begun, on a fiber that is free.
inline void begin() {
    if (launch->idle_count == 0) {
        Fiber& made = launch->fibers[launch->made];
        if (made.stack == nullptr)
            made.stack = (char*)mmap(nullptr, STACK, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        launch->idle[launch->idle_count++] = launch->made++;
    }
    int chosen = launch->idle[--launch->idle_count];
    Fiber& fiber = launch->fibers[chosen];
    if (_setjmp(launch->scheduler) != 0) return;
    launch->running = chosen;
    getcontext(&fiber.entry);
    fiber.entry.uc_stack.ss_sp = fiber.stack;
    fiber.entry.uc_stack.ss_size = STACK;
    fiber.entry.uc_link = nullptr;
    makecontext(&fiber.entry, run_threads, 0);
    setcontext(&fiber.entry);
}

#include "host_exchange.h"

extern "C" char __bss_start __attribute__((visibility("hidden")));
extern "C" char _end __attribute__((visibility("hidden")));

inline void run_block() {
    memset(&__bss_start, 0xff, &_end - &__bss_start);
    launch->begun = 0;
    launch->idle_count = launch->made = 0;
    for (unsigned i = 0; i < launch->count; i++) {
        launch->threads[i].state = WAITING_TO_BEGIN;
        launch->threads[i].fiber = -1;
    }
    while (!launch->failed) {
        if (launch->begun < launch->count) {
            begin();
            continue;
        }
        if (!release()) break;
        for (unsigned i = 0; i < launch->count && !launch->failed; i++)
            if (launch->threads[nth(i)].state == READY) resume(nth(i));
    }
}

// All blocks of a grid. Returns whether it went well; the message says what did not.
inline int run_grid(const unsigned* grid, const unsigned* block, void (*body)(void*),
                    void* arguments, char* message, size_t message_size) {
    if (launch == nullptr)
        launch = (Launch*)mmap(nullptr, sizeof(Launch), PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    launch->body = body;
    launch->arguments = arguments;
    launch->message = message;
    launch->message_size = message_size;
    launch->failed = false;
    grid_extent = {grid[0], grid[1], grid[2]};
    block_extent = {block[0], block[1], block[2]};
    launch->count = block[0] * block[1] * block[2];
    bool last_first = launch->launches++ % 2;
    uint64_t blocks = (uint64_t)grid[0] * grid[1] * grid[2];
    for (uint64_t i = 0; i < blocks && !launch->failed; i++) {
        uint64_t block = last_first ? blocks - 1 - i : i;
        block_index.x = block % grid[0];
        block_index.y = block / grid[0] % grid[1];
        block_index.z = block / grid[0] / grid[1];
        launch->backwards = (launch->launches + i) % 2;
        run_block();
    }
    return !launch->failed;
}

}  // namespace edgekit_host

#define threadIdx edgekit_host::thread_index
#define blockIdx edgekit_host::block_index
#define blockDim edgekit_host::block_extent
#define gridDim edgekit_host::grid_extent
constexpr int warpSize = 32;

#define __syncthreads() edgekit_host::barrier(1, __LINE__)
#define __syncthreads_count(p) edgekit_host::barrier((p) != 0, __LINE__)
#define __syncthreads_or(p) (edgekit_host::barrier((p) != 0, __LINE__) != 0)
#define __syncthreads_and(p) (edgekit_host::barrier((p) == 0, __LINE__) == 0)
#define __syncwarp(...) edgekit_host::meet(__LINE__, ##__VA_ARGS__)
#define __activemask() edgekit_host::living_lanes()
#define __ballot_sync(mask, p) edgekit_host::ballot(mask, (p) != 0, __LINE__)
#define __any_sync(mask, p) (edgekit_host::ballot(mask, (p) != 0, __LINE__) != 0)
#define __all_sync(mask, p) (edgekit_host::ballot(mask, (p) == 0, __LINE__) == 0)
#define __shfl_sync(...) edgekit_host::shuffle(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) edgekit_host::shuffle_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) edgekit_host::shuffle_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) edgekit_host::shuffle_xor(__LINE__, __VA_ARGS__)
#define __reduce_add_sync(mask, value) edgekit_host::reduce_add(mask, value, __LINE__)
