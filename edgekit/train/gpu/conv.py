"""Convolutions of images and volumes on the GPU, and transposed ones: the rules."""

from __future__ import annotations

from typing import Any

from edgekit.train.ops import activated
from edgekit.train.ops import conv as images
from edgekit.train.ops import conv3d as volumes
from edgekit.train.ops import conv_transpose as transposed
from edgekit.train.ops.windows import Geometry, geometry

from .channels import channel_sums
from .conv_products import Axis, Window, forward, input_gradient, kernel_gradient
from .cublas import CUBLAS
from .cudnn import CUDNN
from .gates import Gate, opened
from .kernel import STORAGE, contiguous
from .matmul import alike
from .rules import on_gpu
from .windows import small

__all__: list[str] = []


def _takes(x: Any, kernel: Any, bias: Any = None, **attrs: Any) -> bool:
    """Whether kernels hold the arrays."""
    held = all(one is None or one.dtype.name in STORAGE for one in (kernel, bias))
    return held and small(x, kernel)


# -- images --------------------------------------------------------------------------------------


def _of_images(
    x: Any, kernel: Any, strides: Any, padding: Any, dilations: Any, groups: int
) -> Window:
    g = geometry(x.shape[1:3], kernel.shape[:2], strides, padding, dilations)
    return _by_geometry(x, kernel, g, groups)


def _by_geometry(x: Any, kernel: Any, g: Geometry, groups: int) -> Window:
    """The convolution of images `x` that `g` describes, for the kernels."""
    sizes = ((g.height, g.out_height), (g.width, g.out_width))
    axes = tuple(
        Axis(*sizes[i], g.kernel[i], g.strides[i], g.dilations[i], g.padding[i]) for i in (0, 1)
    )
    return Window(axes, x.shape[0], kernel.shape[2], kernel.shape[3] // groups, groups)


@on_gpu(images.conv2d, when=_takes)
def conv2d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    strides: Any = (1, 1),
    padding: Any = "valid",
    dilations: Any = (1, 1),
    groups: int = 1,
) -> Any:
    images._check(x, kernel, groups)
    window = _of_images(x, kernel, strides, padding, dilations, groups)
    x, kernel, bias = alike(contiguous(x), contiguous(kernel), bias)
    return forward(x, kernel, window, bias), None


@conv2d.vjp
def _(
    g: Any,
    y: Any,
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    saved: Any = None,
    needs: Any,
    strides: Any = (1, 1),
    padding: Any = "valid",
    dilations: Any = (1, 1),
    groups: int = 1,
) -> Any:
    window = _of_images(x, kernel, strides, padding, dilations, groups)
    return _gradients(g, x, kernel, bias, window, needs)


@on_gpu(activated.activated_conv2d, when=_takes)
def activated_conv2d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    activation: str,
    strides: Any = (1, 1),
    padding: Any = "valid",
    dilations: Any = (1, 1),
    groups: int = 1,
) -> Any:
    images._check(x, kernel, groups)
    window = _of_images(x, kernel, strides, padding, dilations, groups)
    x, kernel, bias = alike(contiguous(x), contiguous(kernel), bias)
    return forward(x, kernel, window, bias, activation)


@activated_conv2d.vjp
def _(
    g: Any,
    y: Any,
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    needs: Any,
    activation: str,
    strides: Any = (1, 1),
    padding: Any = "valid",
    dilations: Any = (1, 1),
    groups: int = 1,
) -> Any:
    window = _of_images(x, kernel, strides, padding, dilations, groups)
    return _gradients(g, x, kernel, bias, window, needs, Gate(y, activation))


def _gradients(
    g: Any,
    x: Any,
    kernel: Any,
    bias: Any,
    window: Window,
    needs: Any,
    gate: Gate | None = None,
) -> Any:
    """The gradients of input, kernel and bias of any convolution."""
    library = CUBLAS if window.pointwise else CUDNN  # which read gradients as they are
    by_itself = library.get() is not None or not needs[1]
    g, gate = opened(gate, contiguous(g), x, kernel, itself=by_itself)
    g, images_, weights = alike(g, contiguous(x), contiguous(kernel))
    gx = gk = gb = None
    if needs[0]:
        gx = input_gradient(g, weights, window, gate=gate).astype(x.dtype, copy=False)
    sums = bias is not None and needs[2]
    if needs[1]:
        gk, gb = kernel_gradient(images_, g, kernel.shape, window, sums, gate=gate)
        gk = gk.astype(kernel.dtype, copy=False)
    elif sums:
        gb = channel_sums(g)
    return (gx, gk, gb)[: len(needs)]


# -- volumes -------------------------------------------------------------------------------------


def _of_volumes(
    x: Any, kernel: Any, strides: Any, padding: str, dilations: Any, groups: int
) -> Window:
    depth, plane = volumes._geometries(x, kernel, strides, padding, dilations)
    [(before, _)] = volumes.padding3d(
        padding, x.shape[1:2], kernel.shape[:1], strides[:1], dilations[:1]
    )
    first = Axis(x.shape[1], depth.out, kernel.shape[0], strides[0], dilations[0], before)
    rest = _by_geometry(x, kernel[0], plane, groups)
    return rest._replace(axes=(first, *rest.axes))


@on_gpu(volumes.conv3d, when=_takes)
def conv3d(
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    dilations: Any = (1, 1, 1),
    groups: int = 1,
) -> Any:
    volumes._check(x, kernel, groups)
    window = _of_volumes(x, kernel, strides, padding, dilations, groups)
    x, kernel, bias = alike(contiguous(x), contiguous(kernel), bias)
    return forward(x, kernel, window, bias)


@conv3d.vjp
def _(
    g: Any,
    y: Any,
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    needs: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    dilations: Any = (1, 1, 1),
    groups: int = 1,
) -> Any:
    window = _of_volumes(x, kernel, strides, padding, dilations, groups)
    return _gradients(g, x, kernel, bias, window, needs)


# -- transposed convolutions ---------------------------------------------------------------------


def _spread(x: Any, kernel: Any, size: Any, strides: Any, before: Any, dilations: Any) -> Window:
    """The convolution whose input's gradient a transposed one is."""
    g = transposed._geometry(x, kernel, size, strides, before, dilations)
    return _by_geometry(x, kernel, g, 1)


def _fits(x: Any, kernel: Any, bias: Any = None, **attrs: Any) -> bool:
    """As `_takes`; where channels do not fit the primitive itself says so."""
    fit = x.ndim == 4 and kernel.ndim == 4 and x.shape[3] == kernel.shape[3]
    return fit and _takes(x, kernel, bias)


@on_gpu(transposed.conv2d_transpose, when=_fits)
def conv2d_transpose(
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    size: Any,
    strides: Any = (1, 1),
    before: Any = (0, 0),
    dilations: Any = (1, 1),
) -> Any:
    window = _spread(x, kernel, size, strides, before, dilations)
    x, kernel, bias = alike(contiguous(x), contiguous(kernel), bias)
    return input_gradient(x, kernel, window, bias)


@conv2d_transpose.vjp
def _(
    g: Any,
    y: Any,
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    needs: Any,
    size: Any,
    strides: Any = (1, 1),
    before: Any = (0, 0),
    dilations: Any = (1, 1),
) -> Any:
    window = _spread(x, kernel, size, strides, before, dilations)
    g, spread, weights = alike(contiguous(g), contiguous(x), contiguous(kernel))
    gx = gk = None
    if needs[0]:
        gx = forward(g, weights, window).astype(x.dtype, copy=False)
    if needs[1]:
        gk = kernel_gradient(g, spread, kernel.shape, window)[0].astype(kernel.dtype, copy=False)
    gb = channel_sums(g) if bias is not None and needs[2] else None
    return (gx, gk, gb)[: len(needs)]
