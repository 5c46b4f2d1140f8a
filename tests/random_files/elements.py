"""Operators that work element by element, over rows, and along axes."""

from __future__ import annotations

import numpy as np

from .builder import QUANTIZED, Builder, DoesNotFit, Rule
from .network import TYPES, Options, Tensor

__all__ = ["RULES"]

REAL = ("float32", "int8", "int8", "uint8", "int16")
NUMBERS = (*REAL, "int32", "int64")
RANKS = range(1, 6)

FIXED = {
    "SOFTMAX": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (2**-15, 0)},
    "LOGISTIC": {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (2**-15, 0)},
    "TANH": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (2**-15, 0)},
    "LOG_SOFTMAX": {"int8": (1 / 16, 127)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0), "uint8": (1 / 128, 128)},
}
"""Scales that operators ask for."""


def sums_and_products(b: Builder) -> None:
    code = b.pick(["ADD", "ADD", "SUB", "MUL", "MUL"])
    first = b.read(NUMBERS, RANKS)
    second, x = b.other(first), b.tensor(first)
    pair = [first, second] if b.chance(0.7) else [second, first]
    options = {"fused_activation_function": b.fused()}
    if x.dtype == "int16" and code != "MUL":
        options["pot_scale_int16"] = 0
    factor = 1.0
    if x.quant is not None:
        y = b.tensor(second)
        factor = y.scale * (60 if x.dtype != "int16" else 10_000) if code == "MUL" else 1.0
        factor = max(1.0, y.scale / x.scale) if code != "MUL" else factor
    table = f"{code.title()}Options"
    b.emit(code, pair, [b.rescaled(first, factor)], (table, options))


def larger_or_smaller(b: Builder) -> None:
    first = b.read(NUMBERS, RANKS)
    second = b.other(first, same_scale=True)
    b.emit(b.pick(["MAXIMUM", "MINIMUM"]), [first, second], [b.like(first)])


def comparison(b: Builder) -> None:
    """Scales of 1 and more are left out: there LiteRT compares nothing that makes sense."""
    first = b.read(NUMBERS, RANKS)
    second = b.other(first, same_scale=b.chance(0.5))
    tensors = [b.tensor(i) for i in (first, second)]
    if any(t.quant is not None and t.scale >= 1 for t in tensors):
        raise DoesNotFit
    code = b.pick(["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"])
    b.emit(code, [first, second], [Tensor(None, "bool")])


def selection(b: Builder) -> None:
    first = b.read((*NUMBERS, "bool"), RANKS)
    second, shape = b.other(first, same_scale=True), b.tensor(first).known_shape
    if np.prod(shape) == 1:
        raise DoesNotFit  # LiteRT gives a number without dimensions
    b.emit("SELECT_V2", [b.input(shape, "bool"), first, second], [b.like(first)])


def curve(b: Builder) -> None:
    code = b.pick(
        ["LOGISTIC", "TANH", "RELU", "RELU6", "HARD_SWISH", "LEAKY_RELU", "ELU", "GELU", "ABS"]
    )
    number = b.read(REAL, RANKS)
    result = fixed(b, code, number) if code in FIXED else b.rescaled(number)
    options: Options | None = None
    if code == "LEAKY_RELU":
        options = ("LeakyReluOptions", {"alpha": b.pick([0.01, 0.1, 0.3, -0.5, 0.0, 1.7])})
    if code == "GELU":
        options = ("GeluOptions", b.flags("approximate"))
    b.emit(code, [number], [result], options)


def fixed(b: Builder, code: str, number: int) -> Tensor:
    dtype = b.tensor(number).dtype
    if dtype == "float32":
        return Tensor(None, dtype)
    if dtype not in FIXED[code]:
        raise DoesNotFit
    scale, zero = FIXED[code][dtype]
    return Tensor(None, dtype, None, (np.float32(scale), zero, 0))


def rows(b: Builder) -> None:
    code = b.pick(["SOFTMAX", "SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"])
    number = b.read(REAL, range(1, 5))
    if b.tensor(number).dtype == "int16" and b.tensor(number).scale > 0.1:
        raise DoesNotFit  # LiteRT's sums would not fit 32 bits
    options: Options | None = None
    if code == "SOFTMAX":
        options = ("SoftmaxOptions", {"beta": b.pick([1.0, 1.0, 0.5, 3.7])})
    b.emit(code, [number], [fixed(b, code, number)], options)


def change_of_scale(b: Builder) -> None:
    number = b.read(REAL, RANKS)
    source, target = b.tensor(number), b.pick(QUANTIZED)
    around = source.scale if source.quant is not None else 3 / (2**15 if target == "int16" else 127)
    b.emit("QUANTIZE", [number], [Tensor(None, target, None, b.quant(target, around))])


def to_real(b: Builder) -> None:
    b.emit("DEQUANTIZE", [b.read(QUANTIZED, RANKS)], [Tensor(None, "float32")])


def cast(b: Builder) -> None:
    number = b.read((*NUMBERS, "bool"), RANKS)
    target = b.pick(["float32", "int32", "int64", "bool"])
    names = {"in_data_type": b.tensor(number).dtype, "out_data_type": target}
    options = {key: TYPES[name.upper()] for key, name in names.items()}
    b.emit("CAST", [number], [Tensor(None, target)], ("CastOptions", options))


def reduction(b: Builder) -> None:
    code = b.pick(["MEAN", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"])
    number = b.read(NUMBERS, RANKS)
    rank = len(b.tensor(number).known_shape)
    axes = b.rng.permutation(rank)[: b.number(1, rank)]
    axes = np.where(b.rng.random(len(axes)) < 0.3, axes - rank, axes)
    keeps = code in ("REDUCE_MAX", "REDUCE_MIN") or b.chance(0.4)
    result = b.like(number) if keeps else b.rescaled(number)
    inputs = [number, b.constant(axes, dtype="int32")]
    b.emit(code, inputs, [result], ("ReducerOptions", b.flags("keep_dims")))


def position(b: Builder) -> None:
    code, target = b.pick(["ARG_MAX", "ARG_MIN"]), b.pick(["int32", "int64"])
    number = b.read(("float32", "int8", "uint8", "int32"), RANKS)
    rank = len(b.tensor(number).known_shape)
    axis = b.constant(b.number(-rank, rank - 1), dtype="int32")
    table = "ArgMaxOptions" if code == "ARG_MAX" else "ArgMinOptions"
    options = (table, {"output_type": TYPES[target.upper()]})
    b.emit(code, [number, axis], [Tensor(None, target)], options)


RULES: tuple[Rule, ...] = (
    *(sums_and_products, sums_and_products, larger_or_smaller, comparison, selection, curve, curve),
    *(rows, change_of_scale, to_real, cast, reduction, position),
)
