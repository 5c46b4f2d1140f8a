"""What edgekit uses of cuDNN's frontend, computed on the host in float64.

Stands under "cudnn" in `sys.modules`. Graphs take the calls that `cudnn.pygraph` takes, by the same
names, and are as strict about their order: nothing is executed that was not built.
"""

from __future__ import annotations

import itertools
import types
from typing import Any

import numpy as np

from .machine import machine
from .memory import at

__all__ = ["module"]

_TYPES = {"FLOAT": "float32", "HALF": "float16", "BFLOAT16": "bfloat16"}


class GraphNotSupportedError(RuntimeError):
    """No engine for a graph."""


class Tensor:
    def __init__(self, dim: Any = None, stride: Any = None, kind: Any = None, uid: int = -1):
        self.dim, self.stride, self.kind, self.uid = dim, stride, kind, uid
        self.output = False

    def set_output(self, output: bool) -> Tensor:
        self.output = output
        return self

    def set_uid(self, uid: int) -> Tensor:
        self.uid = uid
        return self

    def set_dim(self, dim: list[int]) -> Tensor:
        self.dim = dim
        return self

    def set_stride(self, stride: list[int]) -> Tensor:
        self.stride = stride
        return self

    def set_data_type(self, kind: str) -> Tensor:
        self.kind = kind
        return self

    def memory(self, address: int) -> np.ndarray:
        """The array at an address, in the order of its names."""
        dtype = np.dtype(_TYPES[self.kind])
        size = 1 + sum((n - 1) * s for n, s in zip(self.dim, self.stride, strict=True))
        flat = at(address, size * dtype.itemsize, machine.current.gpu).view(dtype)
        strides = [s * dtype.itemsize for s in self.stride]
        return np.ndarray(tuple(self.dim), dtype, flat.data, 0, strides)


class Graph:
    """One operation of a convolution, and what follows it element by element."""

    unsupported: Any = staticmethod(lambda graph: False)
    """A test may put a function here that says of a graph that there is no engine for it."""

    def __init__(
        self, name: str = "", io_data_type: Any = None, intermediate_data_type: Any = None,
        compute_data_type: Any = None, handle: Any = None, sm_version: int | None = None,
    ) -> None:  # fmt: skip
        assert intermediate_data_type == compute_data_type == "FLOAT" and handle is not None
        self.handle = handle
        self.tensors: list[Tensor] = []
        self.steps: list[Any] = []  # functions of (value so far, arrays by uid)
        self.kind = ""
        self.inputs: tuple[Tensor, ...] = ()
        self.geometry: dict[str, list[int]] = {}
        self.deselected: list[str] = []
        self.stage = "made"

    def tensor(self, dim: Any, stride: Any, data_type: Any, uid: int) -> Tensor:
        made = Tensor(dim, stride, data_type, uid)
        self.tensors.append(made)
        return made

    def _convolution(self, kind: str, inputs: Any, geometry: Any) -> Tensor:
        assert not self.kind and len({len(one) for one in geometry.values()}) == 1
        self.kind, self.inputs, self.geometry = kind, inputs, geometry
        return self._result()

    def conv_fprop(self, *, image: Tensor, weight: Tensor, **geometry: Any) -> Tensor:
        return self._convolution("fprop", (image, weight), geometry)

    def conv_dgrad(self, *, loss: Tensor, filter: Tensor, **geometry: Any) -> Tensor:
        return self._convolution("dgrad", (loss, filter), geometry)

    def conv_wgrad(self, *, image: Tensor, loss: Tensor, **geometry: Any) -> Tensor:
        return self._convolution("wgrad", (image, loss), geometry)

    def bias(self, *, input: Tensor, bias: Tensor) -> Tensor:
        self.steps.append(lambda value, arrays: value + arrays[bias.uid].astype(np.float64))
        return self._result()

    def relu(self, *, input: Tensor, upper_clip: float | None = None) -> Tensor:
        self.steps.append(lambda value, arrays: np.clip(value, 0, upper_clip))
        return self._result()

    def _result(self) -> Tensor:
        self.last = Tensor()
        return self.last

    def _next(self, before: str, after: str) -> None:
        assert self.stage == before, f"{after} after {self.stage}"
        self.stage = after

    def validate(self) -> None:
        self._next("made", "validated")
        assert self.last.output and len({one.uid for one in [*self.tensors, self.last]}) == (
            len(self.tensors) + 1
        )

    def build_operation_graph(self) -> None:
        self._next("validated", "operations")

    def create_execution_plans(self, modes: list[str]) -> None:
        self._next("operations", "plans")

    def deselect_numeric_notes(self, notes: list[str]) -> None:
        assert self.stage == "plans"
        self.deselected = notes

    def check_support(self) -> None:
        self._next("plans", "supported")
        if Graph.unsupported(self):
            raise GraphNotSupportedError("no engine")

    def build_plans(self, policy: str) -> None:
        self._next("supported", "built")

    def get_workspace_size(self) -> int:
        assert self.stage == "built"
        return 3_000_000

    def execute(self, places: dict[int, int], workspace: int, handle: Any) -> None:
        assert self.stage == "built" and handle is self.handle
        stream = machine.stream
        assert handle.stream == (stream.ptr if stream else 0), "the handle has another stream"
        assert not any(place % 16 for place in places.values()), "not aligned to 16 bytes"
        at(workspace, self.get_workspace_size(), machine.current.gpu)
        arrays = {one.uid: one.memory(places[one.uid]) for one in [*self.tensors, self.last]}

        def run() -> None:
            machine.launches.append(f"cudnn {self.kind}")
            first, second = (arrays[one.uid].astype(np.float64) for one in self.inputs)
            value = _COMPUTED[self.kind](first, second, tuple(self.last.dim), self.geometry)
            for step in self.steps:
                value = step(value, arrays)
            arrays[self.last.uid][...] = value

        if machine.capturing:
            machine.capturing.nodes.append(run)
        else:
            run()


def _taps(kernel: Any, out: Any, geometry: Any) -> Any:
    """For each tap: its place in the kernel, and where in the padded image each output reads."""
    stride, dilation = geometry["stride"], geometry["dilation"]
    for tap in itertools.product(*(range(n) for n in kernel)):
        yield (
            tap,
            tuple(
                slice(t * d, t * d + (n - 1) * s + 1, s)
                for t, d, s, n in zip(tap, dilation, stride, out, strict=True)
            ),
        )


def _padded(x: np.ndarray, geometry: Any) -> np.ndarray:
    pads = zip(geometry["pre_padding"], geometry["post_padding"], strict=True)
    return np.pad(x, [(0, 0), (0, 0), *pads])


def _grouped(x: np.ndarray, groups: int, axis: int) -> np.ndarray:
    shape = (*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])
    return x.reshape(shape)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(*x.shape[:3], -1)


def _fprop(x: Any, w: Any, shape: Any, geometry: Any) -> np.ndarray:
    groups = x.shape[1] // w.shape[1]
    padded, y = _grouped(_padded(x, geometry), groups, 1), 0
    for tap, where in _taps(w.shape[2:], shape[2:], geometry):
        part = _grouped(w[(..., *tap)], groups, 0)
        y = y + np.einsum("ngc...,gkc->ngk...", padded[(..., *where)], part)
    return np.reshape(y, shape)


def _dgrad(g: Any, w: Any, shape: Any, geometry: Any) -> np.ndarray:
    groups = shape[1] // w.shape[1]
    padded = _grouped(_padded(np.zeros(shape), geometry), groups, 1)
    g = _grouped(g, groups, 1)
    for tap, where in _taps(w.shape[2:], g.shape[3:], geometry):
        part = _grouped(w[(..., *tap)], groups, 0)
        padded[(..., *where)] += np.einsum("ngk...,gkc->ngc...", g, part)
    inner = tuple(slice(p, p + n) for p, n in zip(geometry["pre_padding"], shape[2:], strict=True))
    return padded[(..., *inner)].reshape(shape)


def _wgrad(x: Any, g: Any, shape: Any, geometry: Any) -> np.ndarray:
    groups = x.shape[1] // shape[1]
    padded, found = _grouped(_padded(x, geometry), groups, 1), np.zeros(shape)
    out, g = g.shape[2:], _grouped(g, groups, 1)
    for tap, where in _taps(shape[2:], out, geometry):
        read = padded[(..., *where)]
        part = np.einsum("ngkp,ngcp->gkc", _flat(g), _flat(read))
        found[(..., *tap)] = part.reshape(shape[:2])
    return found


_COMPUTED = {"fprop": _fprop, "dgrad": _dgrad, "wgrad": _wgrad}


def _words(*names: str) -> types.SimpleNamespace:
    return types.SimpleNamespace(**{name: name for name in names})


def _set_stream(handle: Any, stream: int) -> None:
    handle.stream = stream


def module() -> types.ModuleType:
    """The module "cudnn"."""
    made = types.ModuleType("cudnn")
    made.__dict__.update(
        backend_version=lambda: 92800,
        build_plan_policy=_words("HEURISTICS_CHOICE"),
        create_handle=lambda: types.SimpleNamespace(stream=0),
        cudnnGraphNotSupportedError=GraphNotSupportedError,
        data_type=_words(*_TYPES),
        heur_mode=_words("A", "FALLBACK"),
        numerical_note=_words(
            "DOWN_CONVERT_INPUTS", "FFT", "NONDETERMINISTIC", "REDUCED_PRECISION_REDUCTION",
            "TENSOR_CORE", "WINOGRAD",
        ),
        pygraph=Graph,
        set_stream=_set_stream,
    )  # fmt: skip
    return made
