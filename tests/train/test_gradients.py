"""Every primitive against PyTorch in float64, along a random direction, in float32, and off the
host.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgekit.train.ops  # noqa: F401 - enters the primitives
from edgekit.train.backend import to_numpy
from edgekit.train.ops import channels, shifts, windows
from edgekit.train.tape import GradientTape, Primitive
from edgekit.train.tensor import PRIMITIVES, Tensor, Variable, wrap
from tests.train.device import install, ndarray, on_device
from tests.train.primitive_cases import CASES, FAMILIES, Case, make_inputs

GOLDEN = Path(__file__).parents[1] / "golden" / "primitives"

# float64 differences are rounding: the longest sum of a case has some hundred terms
TOLERANCE = 1e-9

# primitives that the cases leave out, each with the test that covers it or the reason
ELSEWHERE = {
    "cast": "test_primitives.py",
    "dropout": "test_primitives.py: its output is random",
    "normal_distribution": "test_second_order.py: the second derivative of gelu",
    "picked_by_max_pool2d": "test_second_order.py: the second derivative of max_pool2d",
    "stored": "test_fit.py",
    "exchanged": "gpu/test_half.py",
    "held": "gpu/test_half.py",
    "complex_of": "keras/test_ops_more.py: no tape goes through complex numbers",
    "part_of_complex": "keras/test_ops_more.py: likewise",
    "ctc_loss": "test_losses.py",
    "masked_log_sum_exp": "test_losses.py",
}


def cases(function: Any) -> Any:
    return pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])(function)


@cache
def golden() -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for family in FAMILIES:
        with np.load(GOLDEN / f"{family}.npz") as file:
            found.update(file)
    return found


def stored(identifier: str) -> tuple[list[Any], np.ndarray, np.ndarray, dict[int, np.ndarray]]:
    """(inputs, weight of the output, output, gradients by position) of a case."""
    arrays = golden()
    count = len(next(inputs for name, _, inputs, _ in CASES if name == identifier))
    inputs = [arrays.get(f"{identifier}/x{i}") for i in range(count)]
    found = {
        i: arrays[f"{identifier}/d{i}"] for i in range(count) if f"{identifier}/d{i}" in arrays
    }
    return inputs, arrays[f"{identifier}/g"], arrays[f"{identifier}/y"], found


def gradients(case: Case, inputs: list[Any], g: Any, dtype: str) -> tuple[Any, dict[int, Any]]:
    """Output and gradients of a case by our primitive, the floating inputs being variables."""
    _, name, _, attrs = case
    given = [
        Variable(x.astype(dtype), name=f"x{i}") if x is not None and x.dtype.kind == "f" else x
        for i, x in enumerate(inputs)
    ]
    with GradientTape() as tape:
        y = PRIMITIVES[name](*given, **attrs)
    followed = {i: x for i, x in enumerate(given) if isinstance(x, Variable)}
    return y, tape.gradient(y, followed, output_gradients=Tensor(g.astype(dtype)))


@cases
def test_equals_pytorch(case: Case) -> None:
    inputs, g, expected, expected_gradients = stored(case[0])
    y, found = gradients(case, inputs, g, "float64")
    np.testing.assert_allclose(y.numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert set(found) == set(expected_gradients)
    for i, gradient in found.items():
        assert gradient.shape == inputs[i].shape
        np.testing.assert_allclose(
            gradient.numpy(), expected_gradients[i], rtol=TOLERANCE, atol=TOLERANCE
        )


@cases
def test_equals_central_difference(case: Case) -> None:
    identifier, name, given, attrs = case
    inputs = make_inputs(identifier, given)
    rng = np.random.default_rng(zlib.crc32(identifier.encode()))
    directions = [
        None if x is None or x.dtype.kind != "f" else rng.normal(size=x.shape) for x in inputs
    ]

    def moved(t: float) -> list[Any]:
        return [x if v is None else x + t * v for x, v in zip(inputs, directions, strict=True)]

    g = rng.normal(size=PRIMITIVES[name](*inputs, **attrs).shape)
    _, found = gradients(case, inputs, g, "float64")
    exact = sum((found[i].numpy() * directions[i]).sum() for i in found)
    step = 1e-5
    ahead, behind = (
        (PRIMITIVES[name](*moved(t), **attrs).numpy() * g).sum() for t in (step, -step)
    )
    assert exact == pytest.approx((ahead - behind) / (2 * step), rel=1e-6, abs=1e-7)


@cases
def test_float32_stays_float32(case: Case) -> None:
    inputs, g, expected, expected_gradients = stored(case[0])
    y, found = gradients(case, inputs, g, "float32")
    assert y.dtype == np.float32
    scale = np.abs(expected).max()
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5, atol=1e-5 * scale)
    for i, gradient in found.items():
        assert gradient.dtype == np.float32
        reference = expected_gradients[i]
        # batch statistics divide by small deviations, which costs float32 one digit more
        np.testing.assert_allclose(
            gradient.numpy(), reference, rtol=1e-4, atol=1e-4 * np.abs(reference).max()
        )


@cases
def test_runs_on_arrays_of_another_module(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    _, name, _, attrs = case
    inputs, g, expected, expected_gradients = stored(case[0])
    tensors = []
    for x in inputs:
        t = None if x is None else Tensor(np.zeros(()))
        if t is not None:
            t.data = on_device(x.astype(np.float64) if x.dtype.kind == "f" else x)
        tensors.append(t)
    followed = {i: t for i, t in enumerate(tensors) if t is not None and t.dtype.kind == "f"}
    with GradientTape() as tape:
        tape.watch(list(followed.values()))
        y = PRIMITIVES[name](*tensors, **attrs)
    assert isinstance(y.data, ndarray)
    np.testing.assert_allclose(to_numpy(y), expected, rtol=TOLERANCE, atol=TOLERANCE)
    seed = on_device(g.astype(np.float64))
    for i, gradient in tape.gradient(y, followed, output_gradients=seed).items():
        assert isinstance(gradient.data, ndarray)
        np.testing.assert_allclose(
            to_numpy(gradient), expected_gradients[i], rtol=TOLERANCE, atol=TOLERANCE
        )


def test_every_primitive_has_a_case_or_a_reason() -> None:
    """But for those without any derivative, and for gradients (test_second_order.py)."""
    engine = {
        name
        for name, p in PRIMITIVES.items()
        if isinstance(p, Primitive)
        and p.__module__.startswith("edgekit.train.ops.")
        and p.differentiable
        and not name.endswith("_gradient")
    }
    covered = {name for _, name, _, _ in CASES}
    assert engine - covered == set(ELSEWHERE)
    assert covered <= engine


def test_the_golden_files_hold_these_cases() -> None:
    assert len({identifier for identifier, *_ in CASES}) == len(CASES)
    assert {key.rpartition("/")[0] for key in golden()} == {identifier for identifier, *_ in CASES}
    for identifier, _, given, _ in CASES:
        for i, x in enumerate(make_inputs(identifier, given)):
            if x is not None:
                np.testing.assert_array_equal(golden()[f"{identifier}/x{i}"], x)


IN_PIECES = [
    c
    for c in CASES
    if c[1] in ("conv2d", "depthwise_conv2d", "dense", "batch_norm", "batch_norm_training")
]


@pytest.mark.parametrize("case", IN_PIECES, ids=[c[0] for c in IN_PIECES])
def test_chunks_and_tiles_change_nothing(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, g, expected, expected_gradients = stored(case[0])
    monkeypatch.setattr(channels, "BLOCK_ELEMENTS", 7)
    monkeypatch.setattr(channels, "TILE_ELEMENTS", 10)
    monkeypatch.setattr(channels, "SMALL_ELEMENTS", 0)
    channels._tiles.cache_clear()
    for floats in (1, 40, 300):  # single rows, some rows of a sample, some samples
        monkeypatch.setattr(windows, "CHUNK_FLOATS", floats)
        monkeypatch.setattr(windows, "PART_ELEMENTS", floats)
        monkeypatch.setattr(shifts, "LOOP_ELEMENTS", floats)
        y, found = gradients(case, inputs, g, "float64")
        np.testing.assert_allclose(y.numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)
        for i, gradient in found.items():
            np.testing.assert_allclose(
                gradient.numpy(), expected_gradients[i], rtol=TOLERANCE, atol=TOLERANCE
            )
    channels._tiles.cache_clear()


SECOND_ORDER = [
    c
    for c in CASES
    if PRIMITIVES[c[1]].backward_on_tensors  # type: ignore[attr-defined]
]


@pytest.mark.parametrize("case", SECOND_ORDER, ids=[c[0] for c in SECOND_ORDER])
def test_second_derivative(case: Case) -> None:
    """The derivative of the sum of squared gradients, along a direction."""
    identifier, name, given, attrs = case
    inputs = make_inputs(identifier, given)
    rng = np.random.default_rng(zlib.crc32(identifier.encode()))
    directions = [None if x is None else rng.normal(size=x.shape) for x in inputs]
    g = rng.normal(size=PRIMITIVES[name](*inputs, **attrs).shape)

    def penalty(t: float) -> tuple[Any, Any, list[Any]]:
        tensors = [
            None if x is None else Tensor(x + t * v)
            for x, v in zip(inputs, directions, strict=True)
        ]
        followed = [t for t in tensors if t is not None]
        with GradientTape() as outer:
            outer.watch(followed)
            with GradientTape() as inner:
                inner.watch(followed)
                y = PRIMITIVES[name](*tensors, **attrs)
                weighted = y * y * Tensor(g)
            first = inner.gradient(weighted, followed)
            total = sum((d * d).sum() for d in first)
        return total, outer, followed

    total, outer, followed = penalty(0.0)
    second = outer.gradient(total, followed)
    moving = [v for v in directions if v is not None]
    exact = sum((d.numpy() * v).sum() for d, v in zip(second, moving, strict=True))
    step = 1e-5
    numeric = (float(penalty(step)[0]) - float(penalty(-step)[0])) / (2 * step)
    assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-6)


@cases
def test_the_order_of_memory_changes_nothing(case: Case) -> None:
    """Views of transposed arrays, as of images that came with their channels first."""
    inputs, g, expected, expected_gradients = stored(case[0])
    watched = {i: wrap(np.array(inputs[i], "float64", order="F")) for i in expected_gradients}
    with GradientTape() as tape:
        tape.watch(list(watched.values()))
        y = PRIMITIVES[case[1]](*(watched.get(i, x) for i, x in enumerate(inputs)), **case[3])
    np.testing.assert_allclose(y.numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)
    found = tape.gradient(y, watched, output_gradients=wrap(np.array(g, "float64", order="F")))
    for i, gradient in found.items():
        np.testing.assert_allclose(
            gradient.numpy(), expected_gradients[i], rtol=TOLERANCE, atol=TOLERANCE
        )
