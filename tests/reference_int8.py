"""The integer contract once more, slowly: one element at a time, in Python's integers and floats.

It is written from the formulas, not from the kernels, and shares no code with them: numpy only
carries the elements. `expected(graph, inputs)` gives the output of a graph of one node, in int8,
uint8 or int16; `reference_sums.py` does the same for operators that sum.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from edgekit.ir import Graph, Node, Value, attributes

Arrays = Mapping[str, Any]
LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1)}


def f32(number: float) -> float:
    """The nearest float32; what lies beyond becomes infinite.

    One +, -, * or / in double precision and then f32 gives the same as the operation in float32:
    53 bits are more than twice 24 and two.
    """
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def half_up(number: Fraction) -> int:
    return math.floor(number + Fraction(1, 2))


def half_away(number: Fraction) -> int:
    return half_up(number) if number >= 0 else -half_up(-number)


def scale_of(value: Value) -> float:
    assert value.quant is not None
    return value.quant.scale[0]


def zero_point(value: Value) -> int:
    assert value.quant is not None
    return value.quant.zero_point[0]


def fixed(real: float) -> tuple[int, int]:
    """A real scale as a multiplier of 31 bits and a shift."""
    if real == 0.0:
        return 0, 0
    shift = math.frexp(abs(real))[1]
    multiplier = half_away(Fraction(real) * Fraction(2) ** (31 - shift))
    if abs(multiplier) == 2**31:
        multiplier, shift = multiplier // 2, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def scale_twice(number: int, real: float) -> int:
    """Rounded to the high half of the product, then by the shift, halves away from zero."""
    multiplier, shift = fixed(real)
    high = half_up(Fraction(number * 2 ** max(shift, 0) * multiplier, 2**31))
    return half_away(Fraction(high, 2 ** max(-shift, 0)))


def scale_once(number: int, real: float) -> int:
    """Rounded by all bits of the multiplier and the shift together, halves up."""
    multiplier, shift = fixed(real)
    return half_up(Fraction(number * multiplier) * Fraction(2) ** (shift - 31))


def clip_stored(number: int, y: Value, activation: str = "none", *, even: bool = False) -> int:
    low, high = LIMITS[y.dtype]
    if activation in ("relu", "relu6"):
        low = max(low, zero_point(y))
    if activation == "relu6":
        steps = f32(6.0 / scale_of(y))
        away = zero_point(y) + half_away(Fraction(steps))
        high = min(high, round(f32(steps + zero_point(y))) if even else away)
    return min(max(number, low), high)


def sum_of(node: Node, a: Value, b: Value, y: Value, arithmetic: str) -> Callable[[int, int], int]:
    sign = -1 if node.op == "Sub" else 1
    activation = attributes(node).get("activation", "none")
    ratios = [f32(scale_of(v) / scale_of(y)) for v in (a, b)]
    shift = 20 - (math.frexp(max(ratios))[1] - 1)
    first, second = (round(ratio * 2.0**shift) for ratio in ratios)
    short, wide = arithmetic == "float32", a.dtype == "int16"
    eight_bits = short and not wide and all(2.0**-10 <= r < 2.0**8 for r in ratios)
    twice, bits = 2 * max(scale_of(a), scale_of(b)), 15 if wide else 20
    once = wide and short and node.op == "Add" and a.shape == b.shape
    scale = scale_once if once else scale_twice

    def apply(p: int, q: int) -> int:
        u, v = p - zero_point(a), q - zero_point(b)
        if eight_bits:
            total = half_up(Fraction(u * first + sign * v * second, 2**shift))
        else:
            u = scale(u * 2**bits, scale_of(a) / twice)
            v = scale(v * 2**bits, scale_of(b) / twice)
            total = scale_twice(u + sign * v, twice / (2**bits * scale_of(y)))
        return clip_stored(total + zero_point(y), y, activation, even=eight_bits)

    return apply


def product_of(
    node: Node, a: Value, b: Value, y: Value, arithmetic: str
) -> Callable[[int, int], int]:
    ratio = f32(f32(scale_of(a) * scale_of(b)) / scale_of(y))

    def apply(p: int, q: int) -> int:
        product = (p - zero_point(a)) * (q - zero_point(b))
        if arithmetic == "float32" and a.dtype != "int16":
            rounded = round(f32(product * ratio))
        else:
            rounded = scale_twice(product, ratio)
        return clip_stored(rounded + zero_point(y), y)

    return apply


def extreme_of(
    node: Node, a: Value, b: Value, y: Value, arithmetic: str
) -> Callable[[int, int], int]:
    return max if node.op == "Maximum" else min


def relu(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> int:
    ratio = f32(scale_of(x) / scale_of(y))
    scaled = scale_twice(stored - zero_point(x), ratio)
    return clip_stored(scaled + zero_point(y), y, node.op.lower())


def requantize(
    node: Node, x: Value, y: Value, arithmetic: str, stored: int, *, is_last: bool = False
) -> int:
    """is_last: one of the last elements of a sample, those that do not fill 16."""
    u, ratio = stored - zero_point(x), scale_of(x) / scale_of(y)
    if attributes(node)["rounding"] == "joined":
        factor = f32(scale_of(x) * f32(1 / scale_of(y)))
        steps = f32(f32(stored * factor) + f32(-zero_point(x) * factor))
        return clip_stored(half_away(Fraction(steps)) + zero_point(y), y)
    small = f32(ratio)
    if small == 1.0:
        return clip_stored(u + zero_point(y), y)
    if arithmetic == "fixedpoint" or "int16" in (x.dtype, y.dtype):
        return clip_stored(scale_twice(u, ratio) + zero_point(y), y)
    if x.dtype == y.dtype and 2.0**-8 <= small <= 2.0**7:
        multiplier = round(f32(-256.0 * small))
        return clip_stored((zero_point(y) * 256 + 128 - u * multiplier) >> 8, y)
    if is_last:
        return clip_stored(scale_twice(u, ratio) + zero_point(y), y)
    multiplier, shift = fixed(ratio)
    high = half_up(Fraction(u * 2 ** max(shift, 0) * multiplier, 2**31))
    return clip_stored(half_up(Fraction(high, 2 ** max(-shift, 0))) + zero_point(y), y)


def quantize(node: Node, x: Value, y: Value, arithmetic: str, real: float) -> int:
    if math.isnan(real) or math.isinf(real):
        return LIMITS[y.dtype][0 if real < 0 else 1]
    if arithmetic == "fixedpoint":
        steps = f32(real / scale_of(y))
    else:
        steps = f32(real * f32(1.0 / scale_of(y)))
    if math.isinf(steps):
        return LIMITS[y.dtype][0 if real < 0 else 1]
    rounded = half_away(Fraction(steps)) if arithmetic == "fixedpoint" else round(steps)
    return clip_stored(rounded + zero_point(y), y)


def dequantize(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> float:
    return f32((stored - zero_point(x)) * scale_of(x))


def in_steps(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> float:
    """A smooth function's value in steps of the output, each operation rounded to float32."""
    real = f32(scale_of(x) * (stored - zero_point(x)))
    if node.op == "Sigmoid" and arithmetic == "float32":
        result = f32(1.0 / (1.0 + math.exp(-real))) if real > -700 else 0.0
    else:
        result = SMOOTH[node.op](real, attributes(node))
    return f32(result * f32(1.0 / scale_of(y)))


def sigmoid(x: float, attrs: Mapping[str, Any]) -> float:
    exponential = f32(math.exp(-x)) if x > -700 else math.inf
    return f32(1.0 / f32(1.0 + exponential))


def elu(x: float, attrs: Mapping[str, Any]) -> float:
    return x if x > 0 else f32(f32(attrs["alpha"]) * f32(math.expm1(x)))


def gelu(x: float, attrs: Mapping[str, Any]) -> float:
    half = f32(0.5 * x)
    if not attrs["approximate"]:
        return f32(half * f32(math.erfc(f32(x * f32(-math.sqrt(0.5))))))
    cube = f32(f32(f32(f32(0.044715) * x) * x) * x)
    inner = f32(f32(math.sqrt(2 / math.pi)) * f32(x + cube))
    return f32(half * f32(1.0 + f32(math.tanh(inner))))


def curve16(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> int:
    """int16: between entries of a table; `ir/tables16.py` has the formulas."""
    scale = scale_of(x)
    if node.op == "Gelu":
        approximate = attributes(node)["approximate"]
        return clip_stored(between(gelu_chords(scale, scale_of(y), approximate), stored), y)
    power, near = round(math.log2(scale)), 1e-3
    known = (-12,) if node.op == "Sigmoid" else (-12, -11)
    if power in known and abs(math.log2(scale) - power) < near:
        assert arithmetic == "fixedpoint", "gemmlowp's functions are tested against LiteRT alone"
        d = stored * 3 * 2 ** (power + 12)
    else:
        real, right = scale * 4096.0 * 3.0, 0
        while real <= 32767.0 / 2.0 and right <= 30:
            real, right = real * 2.0, right + 1
        d = half_up(Fraction(stored * int(real), 2**right))
    bits = 9 if node.op == "Sigmoid" else 8
    entry, rest = divmod(abs(d), 2**bits)
    if entry >= 255:
        value = 32767 * 2**10 if node.op == "Sigmoid" else 65535 * 2**8
    else:
        value = sigmoid_entry(entry) * 2**bits
        value += rest * (sigmoid_entry(entry + 1) - sigmoid_entry(entry))
    if node.op == "Sigmoid":
        return (value + 2**9) >> 10 if d >= 0 else (2**25 - value + 2**9 - 1) >> 10
    return (value - 2**23 + 2**7) >> 8 if d >= 0 else (2**23 - value + 2**7 - 1) >> 8


def sigmoid_entry(i: int) -> int:
    def curve(v: float) -> float:
        return 65536 / (1 + math.exp(-v))

    v = i / 24
    missed = curve(v + 1 / 48) - (curve(v) + curve(v + 1 / 24)) / 2
    return 65535 if i == 255 else math.floor(curve(v) + missed / 2 + 0.5)


def between(table: Sequence[int], place: int) -> int:
    """A curve of 513 entries at an int16 place."""
    entry, rest = divmod(place + 2**15, 128)
    return table[entry] + half_up(Fraction((table[entry + 1] - table[entry]) * rest, 128))


@cache
def gelu_chords(scale: float, y_scale: float, approximate: bool) -> tuple[int, ...]:
    """Each operation rounded to float32."""
    low, high = f32(scale * -(2**15)), f32(scale * (2**15 - 1))
    step = f32(f32(high - low) / 512)
    span = f32(f32(y_scale * (2**15 - 1)) - f32(y_scale * -(2**15)))
    inverse, attrs = f32(65536 / span), {"approximate": approximate}

    def entry(i: int) -> int:
        place = f32(low + f32(i * step))
        if i == 512:
            return clip16(half_away(Fraction(f32(gelu(high, attrs) * inverse))))
        value = half_away(Fraction(f32(gelu(place, attrs) * inverse)))
        following = f32(gelu(f32(low + f32((i + 1) * step)), attrs) * inverse)
        middle = f32(gelu(f32(place + f32(step / 2)), attrs) * inverse)
        chord = half_away(Fraction(f32(f32(following + value) / 2)))
        error = chord - half_away(Fraction(middle))
        return clip16(value - half_away(Fraction(error, 2)))

    return tuple(entry(i) for i in range(513))


def clip16(number: int) -> int:
    return min(max(number, -(2**15)), 2**15 - 1)


SMOOTH: dict[str, Callable[[float, Mapping[str, Any]], float]] = {
    "Sigmoid": sigmoid,
    "Tanh": lambda x, attrs: f32(math.tanh(x)),
    "Elu": elu,
    "Gelu": gelu,
}


def smooth(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> int:
    if x.dtype == "int16":
        return curve16(node, x, y, arithmetic, stored)
    steps = in_steps(node, x, y, arithmetic, stored)
    if arithmetic == "float32" and node.op != "Gelu":
        return clip_stored(round(f32(steps + zero_point(y))), y)
    return clip_stored(half_away(Fraction(steps)) + zero_point(y), y)


def short(real: float) -> tuple[int, int]:
    """A multiplier of 15 bits, rounded from the one of 31."""
    multiplier, shift = fixed(real)
    return min(half_up(Fraction(multiplier, 2**16)), 2**15 - 1), shift


def hard_swish(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> int:
    fine_scale = f32(scale_of(x) / 128)
    multiplier, shift = short(f32(fine_scale / scale_of(y)))
    if shift > 0:
        real = scale_of(x) * (stored - zero_point(x))
        exact = real * min(max(real + 3.0, 0.0), 6.0) / 6.0
        return clip_stored(round(exact / scale_of(y)) + zero_point(y), y)
    fine = (stored - zero_point(x)) * 128
    value = half_up(Fraction(fine * multiplier, 2**15))
    gate_multiplier, gate_shift = short(f32(fine_scale / f32(3.0 / 32768.0)))
    gate = clip16(fine * 2 ** (gate_shift - 1)) if gate_shift > 0 else fine
    gate = half_up(Fraction(gate * gate_multiplier, 2**15))
    if gate_shift > 0:
        gate = clip16(2 * gate)
    else:
        gate = half_away(Fraction(gate, 2**-gate_shift))
    cut = math.trunc(Fraction(((gate + 2**15) // 2) * value, 2**15))
    return clip_stored(half_away(Fraction(cut, 2**-shift)) + zero_point(y), y)


def leaky_relu(node: Node, x: Value, y: Value, arithmetic: str, stored: int) -> int:
    alpha, u = f32(attributes(node)["alpha"]), stored - zero_point(x)
    positive = f32(scale_of(x) / scale_of(y))
    negative = f32(positive * alpha)
    inside = 2.0**-8 <= positive <= 2.0**7 and abs(negative) >= 2.0**-8 and x.dtype != "int16"
    if arithmetic == "float32" and inside and -127.99609375 <= negative <= 128:
        multiplier = round(f32(-256 * (positive if u >= 0 else negative)))
        return clip_stored((zero_point(y) * 256 + 128 - u * multiplier) >> 8, y)
    if u >= 0:
        return clip_stored(scale_twice(u, positive) + zero_point(y), y)
    ratio = f32(f32(scale_of(x) * alpha) / scale_of(y))
    if x.dtype == "int16" and arithmetic == "float32":
        return clip_stored(scale_twice(u, ratio), y)
    scaled = scale_twice(u, abs(ratio))
    return clip_stored((-scaled if ratio < 0 else scaled) + zero_point(y), y)


ONE_INPUT: dict[str, Callable[..., Any]] = {
    "Relu": relu,
    "Relu6": relu,
    "Quantize": quantize,
    "Dequantize": dequantize,
    "HardSwish": hard_swish,
    "LeakyRelu": leaky_relu,
    **dict.fromkeys(SMOOTH, smooth),
}
TWO_INPUTS: dict[str, Callable[..., Callable[[int, int], int]]] = {
    "Add": sum_of,
    "Sub": sum_of,
    "Mul": product_of,
    "Maximum": extreme_of,
    "Minimum": extreme_of,
}


def nearest(
    attrs: Mapping[str, Any], shape: tuple[int, ...], index: tuple[int, ...], axis: int
) -> int:
    """The cell that an output cell is, by the formulas of the runtimes, in float32."""
    size, count = shape[axis], attrs["size"][axis - 1]
    scale = f32(size / count)
    if attrs["align_corners"] and count > 1:
        scale = f32((size - 1) / (count - 1))
    place = f32((index[axis] + (0.5 if attrs["half_pixel_centers"] else 0.0)) * scale)
    cell = half_up(Fraction(place)) if attrs["align_corners"] else math.floor(place)
    return min(cell, size - 1)


def source_index(
    node: Node, shapes: Sequence[tuple[int, ...]], index: tuple[int, ...]
) -> tuple[int, tuple[int, ...]] | None:
    """Which input, and which of its elements, an output element is; None for padding."""
    attrs = attributes(node)
    if node.op == "Concat":
        axis, place = attrs["axis"] % len(index), list(index)
        for position, shape in enumerate(shapes):
            if place[axis] < shape[axis]:
                return position, tuple(place)
            place[axis] -= shape[axis]
    if node.op == "Transpose":
        moved = [0] * len(index)
        for to, source in enumerate(attrs["perm"]):
            moved[source] = index[to]
        return 0, tuple(moved)
    if node.op == "Slice":
        steps = attrs["steps"] or (1,) * len(index)
        places = zip(index, attrs["starts"], steps, strict=True)
        return 0, tuple(i * step + start for i, start, step in places)
    if node.op == "ResizeNearest":
        return 0, (index[0], *(nearest(attrs, shapes[0], index, i) for i in (1, 2)), index[3])
    assert node.op == "Pad"
    moved = [i - attrs["pads"][2 * axis] for axis, i in enumerate(index)]
    inside = all(0 <= i < size for i, size in zip(moved, shapes[0], strict=True))
    return (0, tuple(moved)) if inside else None


def move(node: Node, arrays: Sequence[Any], y: Value, shape: tuple[int, ...]) -> Any:
    """Operators that only place elements, index by index."""
    if node.op == "Reshape":
        return np.array(list(arrays[0].flat), y.dtype).reshape(shape)
    fill = attributes(node).get("value", 0.0)
    if y.quant is not None:
        fill = clip_stored(round(f32(f32(fill) / scale_of(y))) + zero_point(y), y)
    result = np.empty(shape, y.dtype)
    for index in itertools.product(*map(range, shape)):
        source = source_index(node, [a.shape for a in arrays], index)
        result[index] = fill if source is None else arrays[source[0]][source[1]]
    return result


MOVES = ("Reshape", "Transpose", "Pad", "Slice", "Concat", "ResizeNearest")
OPERATORS = {*ONE_INPUT, *TWO_INPUTS, *MOVES, "Requantize"}


def expected(graph: Graph, inputs: Arrays) -> Any:
    """The output of a graph with one node, in its stored dtype."""
    (node,) = graph.nodes
    names = [name for name in node.inputs if name is not None]
    values = [graph.value(name) for name in names]
    y = graph.value(node.outputs[0])
    arrays = [inputs[v.name] if v.data is None else v.array() for v in values]
    batch = next(iter(inputs.values())).shape[0]
    shape = tuple(batch if d is None else d for d in y.shape)
    arithmetic = graph.metadata.arithmetic
    if node.op in MOVES:
        return move(node, arrays, y, shape)
    if node.op in TWO_INPUTS:
        apply = TWO_INPUTS[node.op](node, *values[:2], y, arithmetic)
        pairs = zip(*(np.broadcast_to(a, shape).ravel().tolist() for a in arrays), strict=True)
        results = [apply(*pair) for pair in pairs]
    elif node.op == "Requantize":
        size = math.prod(shape[1:] if y.shape[:1] == (None,) else shape)
        results = [
            requantize(node, values[0], y, arithmetic, e, is_last=i % size >= size - size % 16)
            for i, e in enumerate(arrays[0].ravel().tolist())
        ]
    else:
        one = ONE_INPUT[node.op]
        results = [one(node, values[0], y, arithmetic, e) for e in arrays[0].ravel().tolist()]
    return np.array(results, y.dtype).reshape(shape)
