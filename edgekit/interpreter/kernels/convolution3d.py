"""Conv3D: one product over patches of depth, height and width."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..step import Array, Step
from . import kernel
from .accumulator import Accumulator
from .ufuncs import copy_runs
from .variants import blocks

__all__: list[str] = []


@kernel("Conv3D", "float32")
def convolution3d(step: Step) -> None:
    weight = step.constant(1)  # [out, depth, height, width, in]
    accumulator = Accumulator(step, weight.reshape(len(weight), -1).T)
    patches, y = _patches(step, weight.shape[1:4]), step.output()
    inner = math.prod(patches.shape[4:])
    for sample in range(len(y)):  # its planes are to `blocks` what samples are elsewhere
        row = y.shape[3] * max(inner, len(weight))
        for planes, rows in blocks(y.shape[1], y.shape[2], row):
            part = patches[sample, planes, rows]
            count = math.prod(part.shape[:3])
            copied = accumulator.buffer("patches", (count, inner))
            sums = accumulator.sums((count, len(weight)), y[sample, planes, rows])
            copy_runs(step, copied.reshape(part.shape), part)
            step.call(np.dot, copied, accumulator.matrix, sums)
            accumulator.finish(sums, y[sample, planes, rows])


def _patches(step: Step, window: tuple[int, ...]) -> Array:
    """A view as [n, out depth, out height, out width, depth, height, width, channels]."""
    x, pads = step.input(0), step.attrs["pads"]
    if any(pads):
        sizes = [size + pads[i] + pads[i + 3] for i, size in enumerate(x.shape[1:4])]
        whole = step.scratch((len(x), *sizes, x.shape[4]))
        inside = tuple(slice(pads[i], pads[i] + x.shape[i + 1]) for i in range(3))
        step.call(whole.fill, 0.0)
        step.call(np.copyto, whole[(slice(None), *inside)], x)
        x = whole
    lines = x.strides[1:4]
    apart = [stride * step.attrs["strides"][i] for i, stride in enumerate(lines)]
    spread = [stride * step.attrs["dilations"][i] for i, stride in enumerate(lines)]
    return as_strided(
        x,
        (*step.output().shape[:4], *window, x.shape[4]),
        (x.strides[0], *apart, *spread, x.strides[4]),
        writeable=False,
    )
