"""`keras.ops` against Keras' own: values and dtypes, derivatives in float64, functional models."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from edgekit.errors import ShapeError
from edgekit.keras import ops
from edgekit.train import GradientTape, Input, Model, Tensor
from edgekit.train.backend import to_numpy
from tests.keras.ops_cases import FAMILIES, Case, outputs_of, weights_of
from tests.material import ROOT
from tests.train.device import install, on_device

CASES = {f"{f}/{label}": case for f, cases in FAMILIES.items() for label, case in cases.items()}
every = pytest.mark.parametrize("name", CASES)


@cache
def golden(file: str) -> dict[str, np.ndarray]:
    with np.load(ROOT / "tests/golden/ops" / f"{file}.npz") as arrays:
        return dict(arrays)


def stored(name: str, kind: str, suffix: str = "") -> list[np.ndarray]:
    """The golden arrays of a case: y0, y1, ... of the kind "y"."""
    family, _, label = name.partition("/")
    arrays, found = golden(family + suffix), []
    while f"{label}/{kind}{len(found)}" in arrays:
        found.append(arrays[f"{label}/{kind}{len(found)}"])
    return found


def run(case: Case, inputs: Any) -> list[Any]:
    with np.errstate(all="ignore"):
        return outputs_of(case.function(ops, *inputs))


def wide(case: Case) -> list[Any]:
    return [Tensor(x.astype("float64") if x.dtype.kind == "f" else x) for x in case.inputs]


def followed_of(given: list[Any]) -> list[Any]:
    return [x for x in given if x.dtype.kind == "f"]


def close(found: Any, expected: Any, rtol: float) -> None:
    """Of sums of several products the largest says how much is lost by rounding."""
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind in "fc" else [0]
    scale = max(1.0, float(np.max(finite, initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * scale)


@every
def test_values_and_dtypes_are_those_of_keras(name: str) -> None:
    case = CASES[name]
    expected = stored(name, "y")
    made = run(case, [Tensor(x) for x in case.inputs])
    assert len(made) == len(expected) > 0
    for y, e in zip(made, expected, strict=True):
        y = y.numpy() if isinstance(y, Tensor) else np.asarray(y)
        if e.dtype.kind in "US":
            assert str(y) == str(e)
            continue
        assert y.shape == e.shape
        if e.dtype != np.int64:  # of Python's integers
            assert y.dtype == e.dtype
        close(y, e, case.rtol)


def weighed(parts: list[Any]) -> Any:
    """The sum of the elements of all, weighed."""
    total = None
    for part in parts:
        one = ops.sum(part * weights_of(part.shape))
        total = one if total is None else total + one
    return total


def gradients(case: Case, given: list[Any]) -> tuple[list[Any], Any]:
    """The outputs, and the gradients of their weighed sum by the floating inputs."""
    followed = followed_of(given)
    with GradientTape() as tape:
        tape.watch(followed)
        made = [y for y in run(case, given) if isinstance(y, Tensor) and y.dtype.kind == "f"]
        total = weighed(made)
    return made, tape.gradient(total, followed) if made else [None] * len(followed)


TORCH = [name for name, case in CASES.items() if case.slopes == "torch"]


@pytest.mark.parametrize("name", TORCH)
def test_derivatives_are_those_of_pytorch(name: str) -> None:
    case = CASES[name]
    expected = stored(name, "d", "_slopes")
    _, found = gradients(case, wide(case))
    if not expected:
        assert all(d is None for d in found)
    for d, e in zip(found, expected, strict=True) if expected else ():
        close(np.zeros(e.shape) if d is None else d.numpy(), e, 1e-9)


@pytest.mark.parametrize("name", [n for n in TORCH if n.rpartition("/")[2] not in ("ctc_loss",)])
def test_second_derivatives_are_those_of_pytorch(name: str) -> None:
    case = CASES[name]
    expected = stored(name, "s", "_slopes")
    if not any(e.any() for e in expected):
        return
    given = wide(case)
    followed = followed_of(given)
    with GradientTape() as outer:
        outer.watch(followed)
        _, first = gradients(case, given)
        total = weighed([d for d in first if d is not None])
    found = outer.gradient(total, followed, unconnected_gradients="zero")
    for s, e in zip(found, expected, strict=True):
        close(s.numpy(), e, 1e-9)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.slopes == "differences"])
def test_derivatives_are_those_of_central_differences(name: str) -> None:
    case = CASES[name]
    given = wide(case)
    _, found = gradients(case, given)
    followed = followed_of(given)
    for i, d in enumerate(found):
        along = np.cos(np.arange(followed[i].size) * 0.9).reshape(followed[i].shape)
        ends = []
        for step in (1e-6, -1e-6):
            moved = [Tensor(to_numpy(x) + step * along) if x is followed[i] else x for x in given]
            made = [y for y in run(case, moved) if y.dtype.kind == "f"]
            ends.append(float(weighed(made)))
        exact = 0.0 if d is None else float((d.numpy() * along).sum())
        # rounding of float64 over a step of 2e-6, and the square of the step
        assert exact == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if followed_of(c.inputs)])
def test_functions_are_part_of_a_functional_model(name: str) -> None:
    """Floating inputs without values, of which the first axis is not known where there are no
    others that it must fit.
    """
    case = CASES[name]
    arrays = followed_of(case.inputs)
    alike = len(arrays) == len(case.inputs) and len({a.shape for a in arrays}) == 1
    free = alike and arrays[0].ndim > 1 and not case.fixed
    held = [Input(batch_shape=(None if free else a.shape[0], *a.shape[1:]), dtype=str(a.dtype))
            for a in arrays]  # fmt: skip
    symbols = iter(held)
    given = [next(symbols) if x.dtype.kind == "f" else x for x in case.inputs]
    if case.symbolic:
        with pytest.raises(ShapeError, match=case.symbolic):
            case.function(ops, *given)
        return
    with np.errstate(all="ignore"):
        made = outputs_of(case.function(ops, *given))
    eager = run(case, [Tensor(x) for x in case.inputs])
    pairs = [(m, e) for m, e in zip(made, eager, strict=True) if hasattr(m, "__symbolic_call__")]
    with np.errstate(all="ignore"):
        found = Model(held, [m for m, _ in pairs])([Tensor(a) for a in arrays])
    for (symbol, expected), y in zip(pairs, outputs_of(found), strict=True):
        assert symbol.dtype == str(expected.dtype) == str(y.dtype)
        np.testing.assert_array_equal(y.numpy(), expected.numpy())


NOT_ON_DEVICE = {
    **dict.fromkeys(("arrays/logdet", "arrays/slogdet"), "the stand-in has no cupy.linalg"),
    **dict.fromkeys(("elementwise/isreal", "elementwise/isreal of integers"), "nor isreal"),
    **dict.fromkeys(
        ("arrays/average", "networks/attention with mask"), "an option of the case is on the host"
    ),
}


@pytest.mark.parametrize("name", [n for n, c in CASES.items() if c.inputs])
def test_values_are_the_same_on_a_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in NOT_ON_DEVICE:
        pytest.skip(NOT_ON_DEVICE[name])
    install(monkeypatch)
    given = []
    for x in CASES[name].inputs:
        given.append(Tensor(np.zeros(())))
        given[-1].data = on_device(x)
    for y, e in zip(run(CASES[name], given), stored(name, "y"), strict=True):
        if e.dtype.kind not in "US":
            close(to_numpy(y), e, 1e-4)
