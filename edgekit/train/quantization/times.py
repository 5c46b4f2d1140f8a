"""Calls whose batch holds all times of a sequence: on the device each time is a call of its own.

Sample b at time t is row `b * times + t`, as `fold_time` lays them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.ir import QuantParams
from edgekit.train.backend import Array
from edgekit.train.ops.shape import concat
from edgekit.train.ops.unstack import unstack
from edgekit.train.primitive import Primitive
from edgekit.train.tensor import Tensor

from .fake_quantize import fake_quantize
from .pieces import RECURRENT
from .steps import Step

__all__ = ["by_time", "one_by_one", "rounded_by_time"]


def by_time(data: Array, times: int) -> list[Array]:
    """The rows of each time."""
    whole = data.reshape(-1, times, *data.shape[1:])
    return [whole[:, t] for t in range(times)]


def one_by_one(
    step: Step, primitive: Primitive, inputs: Sequence[Any], attrs: Any, run: Callable[..., Any]
) -> Any:
    """A call that is several operators at each time: `run(step, primitive, inputs, attrs)`."""
    count = len(step.times)
    apart = {i: unstack(inputs[i].reshape(-1, count, *inputs[i].shape[1:])) for i in step.apart}
    factors = RECURRENT.get(primitive.name, len(inputs))
    if factors < len(inputs) and (dropped := inputs[factors]) is not None:
        whole = dropped.reshape(len(dropped), -1, count, dropped.shape[2])
        apart[factors] = [whole[:, :, t] for t in range(count)]
    rows = []
    for t, one in enumerate(step.times):
        given = [apart[i][t] if i in apart else x for i, x in enumerate(inputs)]
        rows.append(run(one, primitive, given, attrs)[0])
    return _joined(rows)


def _joined(rows: Sequence[Any]) -> Any:
    batch, *shape = rows[0].shape
    wide = [row.reshape(batch, 1, *shape) for row in rows]
    return concat(wide, axis=1).reshape(batch * len(rows), *shape)


def rounded_by_time(x: Tensor, known: Sequence[tuple[QuantParams, ...]], away: bool) -> Tensor:
    """Each time rounded by its own parameters, once or twice; not at all before all are known."""
    if not all(known):
        return x
    shape = x.shape
    x = x.reshape(-1, len(known), *shape[1:])
    for which in range(max(map(len, known))):
        quants = [found[min(which, len(found) - 1)] for found in known]
        along = (-1, *[1] * (len(shape) - 1))
        scale = np.array([q.scale[0] for q in quants], np.float32).reshape(along)
        zero_point = np.array([q.zero_point[0] for q in quants]).reshape(along)
        x = fake_quantize(x, scale=scale, zero_point=zero_point, away=away)
    return x.reshape(shape)
