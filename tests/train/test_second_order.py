"""Derivatives of derivatives: every primitive through nested tapes, against PyTorch in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.train.ops.reductions import sum as total_of
from edgekit.train.primitive import Primitive
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import PRIMITIVES, Tensor, Variable
from tests.train.primitive_cases import CASES, Case, second_weight
from tests.train.test_gradients import golden, stored

# primitives whose gradient cannot be differentiated, each with the reason
OPAQUE: dict[str, str] = {
    "ctc_loss": "its gradient comes of sums over paths, for which no second derivative is written",
}


def variables(inputs: list[Any]) -> list[Any]:
    return [
        Variable(x.astype("float64"), name=f"x{i}") if x is not None and x.dtype.kind == "f" else x
        for i, x in enumerate(inputs)
    ]


def weighted(gradients: Any) -> Any:
    """The sum of all gradients times their weights."""
    parts = [total_of(d * second_weight(d.shape)) for d in gradients if d is not None]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def nested(case: Case, given: list[Any], g: Any) -> list[Any]:
    """The second derivatives of a case by its floating inputs."""
    _, name, _, attrs = case
    followed = [x for x in given if isinstance(x, Variable)]
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = PRIMITIVES[name](*given, **attrs)
        first = inner.gradient(y, followed, output_gradients=Tensor(g.astype("float64")))
        total = weighted(first)
    return outer.gradient(total, followed, unconnected_gradients="zero")


@pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])
def test_second_derivatives_are_those_of_pytorch(case: Case) -> None:
    if case[1] in OPAQUE:
        pytest.skip(OPAQUE[case[1]])
    inputs, g, _, _ = stored(case[0])
    given = variables(inputs)
    found = iter(nested(case, given, g))
    arrays = golden()
    for i, x in enumerate(given):
        if isinstance(x, Variable):
            expected = arrays[f"{case[0]}/s{i}"]
            # rounding of float64; sums of some hundred products, with values up to some hundreds
            scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
            np.testing.assert_allclose(next(found).numpy(), expected, rtol=1e-9, atol=1e-9 * scale)


def test_every_primitive_nests_or_says_why_not() -> None:
    opaque = {
        name
        for name, rule in PRIMITIVES.items()
        if isinstance(rule, Primitive)
        and rule.differentiable
        and rule.backward is not None
        and not rule.backward_on_tensors
        and rule.backward_nested is None
    }
    assert opaque == set(OPAQUE)


@pytest.mark.parametrize(
    "identifier", ["conv2d", "depthwise_conv2d", "max_pool2d", "average_pool2d", "getitem", "gelu"]
)
def test_third_derivatives_along_a_direction(identifier: str) -> None:
    """Against central differences of the second ones: the gradient primitives' own derivatives."""
    case = next(c for c in CASES if c[1] == identifier)
    inputs, g, _, _ = stored(case[0])
    given = variables(inputs)
    followed = [x for x in given if isinstance(x, Variable)]
    with GradientTape() as third:
        total = weighted(nested_inside(case, given, g, followed))
    slopes = third.gradient(total, followed, unconnected_gradients="zero")
    along = [np.sin(np.arange(x.size) * 0.9).reshape(x.shape) for x in followed]
    expected = sum((s.numpy() * d).sum() for s, d in zip(slopes, along, strict=True))
    sides = []
    for sign in (1, -1):
        for x, d in zip(followed, along, strict=True):
            x.assign_add(sign * 1e-5 * d)
        sides.append(float(weighted(nested_inside(case, given, g, followed)).numpy()))
        for x, d in zip(followed, along, strict=True):
            x.assign_sub(sign * 1e-5 * d)
    np.testing.assert_allclose((sides[0] - sides[1]) / 2e-5, expected, rtol=1e-5, atol=1e-5)


def nested_inside(case: Case, given: list[Any], g: Any, followed: list[Any]) -> list[Any]:
    """Second derivatives that a third tape follows."""
    with GradientTape() as outer:
        with GradientTape() as inner:
            # a square in front, so that there is a third derivative at all
            moved = [x * x if isinstance(x, Variable) else x for x in given]
            y = PRIMITIVES[case[1]](*moved, **case[3])
        total = weighted(inner.gradient(y, followed, output_gradients=Tensor(g.astype("float64"))))
    return outer.gradient(total, followed, unconnected_gradients="zero")
