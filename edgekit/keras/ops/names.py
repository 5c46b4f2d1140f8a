"""Which module has which function: the table behind `keras.ops`, `keras.ops.numpy` and
`keras.ops.nn`.
"""

from __future__ import annotations

from edgekit.keras.ops import (
    activations,
    casting,
    constants,
    control,
    functions,
    joining,
    linear,
    logic,
    losses,
    nans,
    normalizing,
    numbers,
    ordering,
    patches,
    reductions,
    segments,
    shapes,
    signals,
    summation,
    taking,
    vectors,
    windows,
)

__all__ = ["NN", "NUMPY", "PARTS", "SUBMODULES"]

# which Keras has here as well
_LINALG = (
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "lstsq", "lu_factor",
    "matrix_rank", "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
)  # fmt: skip


def _of(*modules: object) -> dict[str, str]:
    """Name -> "module:name" of all functions of the modules."""
    return {
        name: f"{module.__name__}:{name}"  # type: ignore[attr-defined]
        for module in modules
        for name in module.__all__  # type: ignore[attr-defined]
    }


def _but(names: dict[str, str], *others: str) -> dict[str, str]:
    return {name: place for name, place in names.items() if name not in others}


_COMPLEX = ("angle", "conj", "conjugate", "imag", "real")
_SLOGDET = "edgekit.keras.ops.solving:slogdet"

NUMPY = {
    **_but(_of(numbers), "squared_difference"),
    **{name: f"{casting.__name__}:{name}" for name in ("array", "copy", "view")},
    **_but(_of(functions), "erf", "erfc", "erfinv", "rsqrt"),
    **_of(logic, constants, joining, nans, summation, linear),
    **_but(_of(reductions), "logsumexp"),
    **_but(_of(shapes), "shape"),
    **_but(_of(taking), "slice", "slice_update"),
    **_but(_of(ordering), "in_top_k", "top_k"),
    **_but(_of(vectors), "cdist"),
    **{name: f"{signals.__name__}:{name}" for name in _COMPLEX},
    "slogdet": _SLOGDET,
    "tanh": f"{activations.__name__}:tanh",
    "vectorize": f"{control.__name__}:vectorize",
}  # fmt: skip

NN = {
    **_but(_of(activations), "tanh"),  # which Keras has among the functions of numpy
    **_but(_of(windows), "convolution"),
    **_of(losses, normalizing),
    **_but(_of(patches), "extract_sequences", "rearrange"),
    "polar": f"{signals.__name__}:polar",
}

PARTS = {
    **_of(casting, numbers, functions, logic, constants, joining, nans, summation, linear,
          reductions, shapes, taking, ordering, vectors, signals, control, activations, windows,
          losses, normalizing, patches, segments),
    **{name: f"edgekit.keras.ops.linalg:{name}" for name in _LINALG},
    "logdet": "edgekit.keras.ops.solving:logdet",
    "slogdet": _SLOGDET,
}  # fmt: skip

SUBMODULES = {name: f"edgekit.keras.ops.{name}" for name in ("image", "linalg", "nn", "numpy")}
