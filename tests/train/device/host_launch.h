// How Python reaches a kernel: its parameters described in a line of text, and its launch.

#pragma once

#include <type_traits>
#include <utility>

namespace edgekit_host {

// 'f', 'i', 'u' or 'b' and the size for numbers, 's' and the size for structures
template <typename T>
int describe_value(char* text, size_t size) {
    using Plain = std::remove_cv_t<T>;
    if constexpr (std::is_void_v<Plain>) {
        return snprintf(text, size, "v");
    } else {
        char kind = std::is_same_v<Plain, bool>         ? 'b'
                    : std::is_floating_point_v<Plain>   ? 'f'
                    : !std::is_integral_v<Plain>        ? 's'
                    : std::is_signed_v<Plain>           ? 'i'
                                                        : 'u';
        return snprintf(text, size, "%c%zu/%zu", kind, sizeof(Plain), alignof(Plain));
    }
}

// a pointer is '*' and what it points to, with '-' where that may not be changed
template <typename T>
int describe_parameter(char* text, size_t size) {
    int used = 0;
    if constexpr (std::is_pointer_v<T>) {
        using Target = std::remove_pointer_t<T>;
        used = snprintf(text, size, std::is_const_v<Target> ? "*-" : "*");
        used += describe_value<Target>(text + used, size - used);
    } else {
        used = describe_value<T>(text, size);
    }
    return used + snprintf(text + used, size - used, " ");
}

template <typename... A>
void describe(void (*)(A...), char* text, size_t size) {
    int used = 0;
    text[0] = 0;
    ((used += describe_parameter<A>(text + used, size - used)), ...);
}

template <typename... A>
struct Bound {
    void (*kernel)(A...);
    void** arguments;

    template <size_t... I>
    void call(std::index_sequence<I...>) const {
        kernel(*(std::remove_cv_t<A>*)arguments[I]...);
    }
    static void run(void* self) { ((Bound*)self)->call(std::index_sequence_for<A...>{}); }
};

template <typename... A>
int run_kernel(void (*kernel)(A...), const unsigned* grid, const unsigned* block,
               void** arguments, char* message, size_t size) {
    Bound<A...> bound{kernel, arguments};
    return run_grid(grid, block, Bound<A...>::run, &bound, message, size);
}

}  // namespace edgekit_host
