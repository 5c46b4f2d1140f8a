"""Convolutions by cuDNN, through the Python API of its frontend.

Arrays stay as they are: cuDNN's images are N, C, H, W by name and lie in memory with the channels
last. Only kernels change their order, from (taps, channels, features) to (features, taps,
channels), which costs one copy of them. Plans are made once for each geometry and kept; a geometry
for which cuDNN has none is left to the kernels of our own, as all are where cuDNN is missing.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import Any, NamedTuple

import numpy as np

from edgekit.train.precision import get_float32_precision

from .kernel import contiguous, empty
from .libraries import Library, shared_library, workspace

__all__ = ["CUDNN", "Problem", "build", "forward", "input_gradient", "kernel_gradient"]

_IMAGE, _WEIGHTS, _RESULT, _BIAS = 1, 2, 3, 4  # what the tensors of a graph are known by
_TYPES = {"float32": "FLOAT", "float16": "HALF", "bfloat16": "BFLOAT16"}
_CLIPS: dict[str | None, dict[str, float]] = {"relu": {}, "relu6": {"upper_clip": 6.0}}


def _load() -> Any:
    """The frontend's module, with libcudnn behind it."""
    # by their names the frontend finds what is loaded already
    shared_library("cudnn", "9")
    with contextlib.suppress(OSError):
        shared_library("cudart", "13", "12")
    import cudnn

    cudnn.backend_version()
    return cudnn


CUDNN = Library("cudnn", _load)


class Problem(NamedTuple):
    """One convolution to make a plan for. kind: "forward", "input" or "kernel" (gradients)."""

    kind: str
    window: Any  # conv_products.Window
    dtype: str
    precision: str = "ieee"
    bias: bool = False
    activation: str | None = None


class _Plan(NamedTuple):
    graph: Any
    workspace: int  # bytes


class _State(threading.local):
    """A handle of cuDNN may be used by one thread at a time."""

    def __init__(self) -> None:
        self.handles: dict[int, Any] = {}
        self.plans: dict[tuple[int, Problem], _Plan | None] = {}


_state = _State()


def forward(
    x: Any, weights: Any, window: Any, bias: Any = None, activation: str | None = None
) -> Any:
    """activation(conv(x, weights) + bias), or None where cuDNN does not do it.

    Contiguous arrays of one dtype; x (samples, *sizes, channels), weights (*taps, channels of a
    group, features).
    """
    shape = (window.samples, *(a.out for a in window.axes), window.features * window.groups)
    given = {_IMAGE: x, _WEIGHTS: weights} | ({} if bias is None else {_BIAS: bias})
    return _run("forward", window, given, shape, bias is not None, activation)


def input_gradient(
    g: Any, weights: Any, window: Any, bias: Any = None, activation: str | None = None
) -> Any:
    """The gradient of the images, or None where cuDNN does not do it.

    `bias` and `activation` are those of a transposed convolution.
    """
    shape = (window.samples, *(a.size for a in window.axes), window.channels * window.groups)
    given = {_IMAGE: g, _WEIGHTS: weights} | ({} if bias is None else {_BIAS: bias})
    return _run("input", window, given, shape, bias is not None, activation)


def kernel_gradient(x: Any, g: Any, window: Any) -> Any:
    """The gradient of the kernel (*taps, channels of a group, features), or None."""
    features = window.features * window.groups
    shape = (features, *(a.taps for a in window.axes), window.channels)
    found = _run("kernel", window, {_IMAGE: x, _WEIGHTS: g}, shape)
    return None if found is None else contiguous(found.transpose(*range(1, found.ndim), 0))


def _run(
    kind: str, window: Any, given: dict[int, Any], shape: tuple[int, ...], bias: bool = False,
    activation: str | None = None,
) -> Any:  # fmt: skip
    cudnn = CUDNN.get()
    dtype = given[_IMAGE].dtype.name
    if cudnn is None or dtype not in _TYPES or 0 in shape or 0 in given[_IMAGE].shape:
        return None
    import cupy

    gpu = cupy.cuda.Device().id
    if gpu not in _state.handles:
        try:
            _state.handles[gpu] = cudnn.create_handle()
        except RuntimeError as error:
            CUDNN.failed(str(error))
            return None
    handle = _state.handles[gpu]
    problem = Problem(kind, window, dtype, get_float32_precision(), bias, activation)
    if (gpu, problem) not in _state.plans:
        _state.plans[gpu, problem] = _planned(cudnn, problem, handle)
    plan = _state.plans[gpu, problem]
    if plan is None:
        return None
    if kind != "kernel":
        weights = given[_WEIGHTS]
        given[_WEIGHTS] = contiguous(weights.transpose(-1, *range(weights.ndim - 1)))
    given = {number: _aligned(x) for number, x in given.items()}
    out = empty(shape, given[_IMAGE].dtype)
    cudnn.set_stream(handle=handle, stream=cupy.cuda.get_current_stream().ptr)
    places = {number: x.data.ptr for number, x in given.items()} | {_RESULT: out.data.ptr}
    plan.graph.execute(places, workspace(plan.workspace), handle=handle)
    return out


def _aligned(x: Any) -> Any:
    """cuDNN reads 16 bytes at a time; a bias may lie anywhere in the vector of all weights."""
    return x if x.data.ptr % 16 == 0 else x.copy()


def _planned(cudnn: Any, problem: Problem, handle: Any) -> _Plan | None:
    """A plan, or None where cuDNN has no engine for the problem."""
    try:
        # told the kind of device, the frontend does not look for a runtime of CUDA to ask
        graph = build(cudnn, problem, handle=handle, sm_version=_device_version())
    except cudnn.cudnnGraphNotSupportedError:
        return None
    except (RuntimeError, ValueError) as error:
        warnings.warn(
            f"cuDNN fails at a convolution, which kernels of edgekit's own do: {problem}: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return _Plan(graph, graph.get_workspace_size())


def _device_version() -> int:
    import cupy

    return int(cupy.cuda.Device().compute_capability)


def build(cudnn: Any, problem: Problem, **target: Any) -> Any:
    """The graph of a problem with its plans built. `target`: a handle, or a described device."""
    types, window = cudnn.data_type, problem.window
    io_type = getattr(types, _TYPES[problem.dtype])
    graph = cudnn.pygraph(
        io_data_type=io_type,
        intermediate_data_type=types.FLOAT,
        compute_data_type=types.FLOAT,
        **target,
    )
    shapes = _shapes(window)
    names = {"forward": ("x", "kernel", "y"), "input": ("y", "kernel", "x"),
             "kernel": ("x", "y", "kernel")}[problem.kind]  # fmt: skip
    first, second = (
        graph.tensor(**_packed(shapes[name]), data_type=io_type, uid=uid)
        for name, uid in zip(names[:2], (_IMAGE, _WEIGHTS), strict=True)
    )
    packed = _packed(shapes[names[2]])
    result = _convolved(graph, problem.kind, first, second, window)
    result.set_dim(packed["dim"]).set_stride(packed["stride"])  # of gradients it infers none
    if problem.bias:
        width = shapes[names[2]][1]
        shape = _packed((1, width, *(1,) * len(window.axes)))
        bias = graph.tensor(**shape, data_type=io_type, uid=_BIAS)
        result = graph.bias(input=result, bias=bias)
    if problem.activation is not None:
        result = graph.relu(input=result, **_CLIPS[problem.activation])
    result.set_output(True).set_uid(_RESULT).set_data_type(io_type)
    result.set_dim(packed["dim"]).set_stride(packed["stride"])
    _choose(cudnn, graph, problem)
    return graph


def _choose(cudnn: Any, graph: Any, problem: Problem) -> None:
    """Build the plan that cuDNN's heuristics put first among those that round as we want them."""
    notes = cudnn.numerical_note
    unwanted = [notes.NONDETERMINISTIC, notes.REDUCED_PRECISION_REDUCTION, notes.WINOGRAD]
    unwanted.append(notes.FFT)
    if problem.dtype == "float32" and problem.precision == "ieee":
        unwanted += [notes.TENSOR_CORE, notes.DOWN_CONVERT_INPUTS]
    graph.validate()
    graph.build_operation_graph()
    graph.create_execution_plans([cudnn.heur_mode.A, cudnn.heur_mode.FALLBACK])
    graph.deselect_numeric_notes(unwanted)
    graph.check_support()
    graph.build_plans(cudnn.build_plan_policy.HEURISTICS_CHOICE)


def _convolved(graph: Any, kind: str, first: Any, second: Any, window: Any) -> Any:
    """The node of the convolution. What a window leaves over at the end is no padding."""
    geometry = {
        "pre_padding": [a.before for a in window.axes],
        "post_padding": [
            max(0, (a.out - 1) * a.stride + (a.taps - 1) * a.dilation + 1 - a.size - a.before)
            for a in window.axes
        ],
        "stride": [a.stride for a in window.axes],
        "dilation": [a.dilation for a in window.axes],
    }
    if kind == "forward":
        return graph.conv_fprop(image=first, weight=second, **geometry)
    if kind == "input":
        return graph.conv_dgrad(loss=first, filter=second, **geometry)
    return graph.conv_wgrad(image=first, loss=second, **geometry)


def _shapes(window: Any) -> dict[str, tuple[int, ...]]:
    """In cuDNN's order: samples or features, channels, then the axes."""
    features, channels = window.features * window.groups, window.channels * window.groups
    return {
        "x": (window.samples, channels, *(a.size for a in window.axes)),
        "y": (window.samples, features, *(a.out for a in window.axes)),
        "kernel": (features, window.channels, *(a.taps for a in window.axes)),
    }


def _packed(shape: tuple[int, ...]) -> dict[str, list[int]]:
    """Sizes and strides of an array whose second axis lies last in memory, without gaps."""
    order = (0, *range(2, len(shape)), 1)
    sizes = [shape[i] for i in order]
    strides = np.cumprod([1, *sizes[:0:-1]])[::-1].tolist()
    by_axis = dict(zip(order, strides, strict=True))
    return {"dim": list(shape), "stride": [by_axis[i] for i in range(len(shape))]}
