// Barriers of a block and exchanges of a warp. Included by host_fibers.h, in its namespace.

// Lets those threads go on that have all they wait for. False where no thread is left to run;
// an error where some are left and none can go on, or where they wait at different places.
inline bool release_barrier() {
    int line = 0, predicates = 0;
    unsigned first = 0;
    for (unsigned i = 0; i < launch->count; i++) {
        Thread& one = launch->threads[i];
        if (one.state != AT_BARRIER) continue;
        if (line == 0) line = one.line, first = i;
        if (one.line != line) {
            enter(first);
            fail("the threads wait at different barriers", line, one.line);
        }
        predicates += one.predicate;
    }
    if (line == 0) return false;
    for (unsigned i = 0; i < launch->count; i++)
        if (launch->threads[i].state == AT_EXCHANGE) {
            enter(i);
            fail("it waits for its warp while others wait at a barrier", launch->threads[i].line,
                 line);
        }
    launch->count_of_predicates = predicates;
    for (unsigned i = 0; i < launch->count; i++)
        if (launch->threads[i].state == AT_BARRIER) launch->threads[i].state = READY;
    return true;
}

// An exchange takes place when every lane of its mask that has not ended has come to it.
inline bool complete(unsigned warp, unsigned lane) {
    const Thread& self = launch->threads[warp + lane];
    for (unsigned i = 0; i < FULL_WARP && warp + i < launch->count; i++) {
        const Thread& other = launch->threads[warp + i];
        if (!(self.mask >> i & 1) || other.state == ENDED) continue;
        if (other.state != AT_EXCHANGE || other.line != self.line || other.mask != self.mask)
            return false;
    }
    return true;
}

inline void exchange(unsigned warp, unsigned mask) {
    unsigned votes = 0, there = 0;
    for (unsigned i = 0; i < FULL_WARP && warp + i < launch->count; i++) {
        Thread& one = launch->threads[warp + i];
        if (!(mask >> i & 1) || one.state != AT_EXCHANGE) continue;
        there |= 1u << i;
        if (one.given != 0) votes |= 1u << i;
    }
    for (unsigned i = 0; i < FULL_WARP; i++) {
        if (!(there >> i & 1)) continue;
        Thread& one = launch->threads[warp + i];
        one.votes = votes;
        if (one.taken == FULL_WARP) continue;
        if (!(there >> one.taken & 1)) {
            enter(warp + i);
            fail("a shuffle reads a lane that has ended or is not in its mask", one.line);
        }
        one.found = launch->threads[warp + one.taken].given;
    }
    for (unsigned i = 0; i < FULL_WARP; i++)
        if (there >> i & 1) launch->threads[warp + i].state = READY;
}

inline bool release() {
    if (_setjmp(launch->scheduler) != 0) return false;  // an error comes back to here
    bool released = false;
    for (unsigned i = 0; i < launch->count; i++) {
        Thread& one = launch->threads[i];
        unsigned lane = i % FULL_WARP;
        if (one.state == AT_EXCHANGE && complete(i - lane, lane)) {
            exchange(i - lane, one.mask);
            released = true;
        }
    }
    if (released || release_barrier()) return true;
    for (unsigned i = 0; i < launch->count; i++)
        if (launch->threads[i].state == AT_EXCHANGE) {
            enter(i);
            fail("it waits for lanes of its mask that never come", launch->threads[i].line);
        }
    return false;
}

inline __attribute__((noinline)) int barrier(int predicate, int line) {
    launch->threads[launch->now].predicate = predicate;
    wait(AT_BARRIER, line);
    return launch->count_of_predicates;
}

inline __attribute__((noinline)) void give(unsigned mask, uint64_t value, unsigned taken,
                                           int line) {
    Thread& self = launch->threads[launch->now];
    if (!(mask >> launch->now % FULL_WARP & 1)) fail("its own lane is not in the mask", line);
    self.mask = mask;
    self.given = value;
    self.taken = taken;
    wait(AT_EXCHANGE, line);
}

inline void meet(int line, unsigned mask = 0xffffffffu) { give(mask, 0, FULL_WARP, line); }

inline unsigned ballot(unsigned mask, bool predicate, int line) {
    give(mask, predicate, FULL_WARP, line);
    return launch->threads[launch->now].votes;
}

inline unsigned living_lanes() {
    unsigned warp = launch->now / FULL_WARP * FULL_WARP, lanes = 0;
    for (unsigned i = 0; i < FULL_WARP && warp + i < launch->count; i++)
        if (launch->threads[warp + i].state != ENDED) lanes |= 1u << i;
    return lanes;
}

template <typename T>
inline T from_lane(unsigned mask, T value, unsigned lane, int line) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most eight bytes");
    uint64_t given = 0;
    memcpy(&given, &value, sizeof value);
    give(mask, given, lane, line);
    memcpy(&value, &launch->threads[launch->now].found, sizeof value);
    return value;
}

// Beyond its segment of `width` lanes a lane reads its own value.
inline unsigned own_lane() { return launch->now % FULL_WARP; }

template <typename T>
inline T shuffle(int line, unsigned mask, T value, int source, int width = 32) {
    return from_lane(mask, value, (own_lane() & ~(width - 1)) | (source & (width - 1)), line);
}
template <typename T>
inline T shuffle_up(int line, unsigned mask, T value, unsigned delta, int width = 32) {
    unsigned lane = own_lane(), first = lane & ~(width - 1);
    return from_lane(mask, value, lane >= first + delta ? lane - delta : lane, line);
}
template <typename T>
inline T shuffle_down(int line, unsigned mask, T value, unsigned delta, int width = 32) {
    unsigned lane = own_lane(), last = lane | (width - 1);
    return from_lane(mask, value, lane + delta <= last ? lane + delta : lane, line);
}
template <typename T>
inline T shuffle_xor(int line, unsigned mask, T value, unsigned flipped, int width = 32) {
    unsigned lane = own_lane(), other = lane ^ flipped;
    return from_lane(mask, value, other <= (lane | (width - 1)) ? other : lane, line);
}

template <typename T>
inline T reduce_add(unsigned mask, T value, int line) {
    T sum = 0;
    for (unsigned i = 0; i < FULL_WARP; i++)
        if (mask >> i & 1) sum += from_lane(mask, value, i, line);
    return sum;
}
