"""Convolutions by cuDNN: the graphs that are made, and what is done with them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.errors import InputError
from edgekit.train.gpu import conv, cudnn, libraries
from edgekit.train.gpu.conv_products import Axis, Window
from edgekit.train.ops.conv import conv2d
from edgekit.train.ops.conv3d import conv3d
from edgekit.train.precision import set_float32_precision
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import PRIMITIVES, Variable
from tests.train.device import HARDWARE, cudnn_host, on_device, peek

from .test_conv import IMAGES, VOLUMES

RANDOM = np.random.default_rng(3)


@pytest.fixture
def host(gpu, monkeypatch):
    """The frontend computed on the host, in the place of the real one."""
    if HARDWARE:
        pytest.skip("of the simulated GPU alone")
    monkeypatch.setitem(sys.modules, "cudnn", cudnn_host.module())
    monkeypatch.setattr(cudnn, "shared_library", lambda *_: None)
    monkeypatch.setattr(cudnn, "_state", cudnn._State())
    monkeypatch.setattr(libraries, "_workspaces", {})
    cudnn.CUDNN.forget()
    with libraries.use_libraries(cudnn=True):
        yield gpu
    cudnn.CUDNN.forget()


def window_of(x, kernel, attrs):
    full = {"strides": (1,) * (x.ndim - 2), "padding": "valid", "groups": 1}
    full |= {"dilations": (1,) * (x.ndim - 2)} | attrs
    of = conv._of_volumes if x.ndim == 5 else conv._of_images
    return of(x, kernel, **full)


@pytest.mark.parametrize("name", [*IMAGES, *VOLUMES])
def test_convolutions_and_their_gradients(host, name):
    x_shape, kernel_shape, attrs = (IMAGES | VOLUMES)[name]
    rule = conv2d if len(x_shape) == 4 else conv3d
    x, kernel = RANDOM.normal(size=x_shape), RANDOM.normal(size=kernel_shape)
    bias = RANDOM.normal(size=kernel_shape[-1:])
    y = rule.forward(x, kernel, bias, **attrs)
    extra = {}
    if rule.saves:
        y, extra["saved"] = y
    g = RANDOM.normal(size=y.shape)
    gx, gk, _ = rule.backward(g, y, x, kernel, bias, needs=(True,) * 3, **extra, **attrs)
    window = window_of(x, kernel, attrs)
    on = {k: on_device(v.astype(np.float32)) for k, v in
          {"x": x, "kernel": kernel, "bias": bias, "g": g}.items()}  # fmt: skip
    found = (
        cudnn.forward(on["x"], on["kernel"], window, on["bias"]),
        cudnn.input_gradient(on["g"], on["kernel"], window),
        cudnn.kernel_gradient(on["x"], on["g"], window),
    )
    for one, wanted in zip(found, (y, gx, gk), strict=True):
        assert one.flags.c_contiguous and one.dtype == np.float32
        # the stand-in sums in float64 what was rounded to float32 before
        np.testing.assert_allclose(peek(one), wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max())
    assert host.launches == ["cudnn fprop", "cudnn dgrad", "cudnn wgrad"]
    assert host.synchronizations == 0


def test_arrays_are_brought_to_where_cudnn_can_read_them(host):
    vector = on_device(RANDOM.normal(size=400).astype(np.float32))
    x, kernel = vector[1:217].reshape(2, 6, 6, 3), vector[3:138].reshape(3, 3, 3, 5)
    bias = vector[5:10]
    found = cudnn.forward(x, kernel, PLAIN, bias)
    expected = cudnn.forward(x.copy(), kernel.copy(), PLAIN, bias.copy())
    np.testing.assert_array_equal(peek(found), peek(expected))


PLAIN = Window((Axis(6, 6, 3, 1, 1, 1),) * 2, 2, 3, 5, 1)


def plain(dtype=np.float32):
    return (
        on_device(RANDOM.normal(size=(2, 6, 6, 3)).astype(dtype)),
        on_device(RANDOM.normal(size=(3, 3, 3, 5)).astype(dtype)),
    )


@pytest.mark.parametrize(("activation", "most"), [("relu", np.inf), ("relu6", 6.0)])
def test_activations_come_with_the_convolution(host, activation, most):
    x, kernel = plain(np.float16)
    bias = on_device(np.full(5, 5, np.float16))
    sums = peek(cudnn.forward(x, kernel, PLAIN, bias))
    found = cudnn.forward(x, kernel, PLAIN, bias, activation)
    assert found.dtype == np.float16 and peek(found).max() > 5
    np.testing.assert_array_equal(peek(found), np.clip(sums, 0, most))


def test_plans_are_made_once_and_captured(host):
    x, kernel = plain()
    cupy = sys.modules["cupy"]
    expected = peek(cudnn.forward(x, kernel, PLAIN))
    [plan] = cudnn._state.plans.values()
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        cudnn.forward(x, kernel, PLAIN)
        stream.begin_capture()
        y = cudnn.forward(x, kernel, PLAIN)
        graph = stream.end_capture()
        x *= 2
        graph.launch()
    np.testing.assert_allclose(peek(y), 2 * expected, rtol=1e-6)
    assert [*cudnn._state.plans.values()] == [plan]
    assert len(libraries._workspaces) == 2  # one for each stream


def test_how_exactly_float32_is_multiplied(host):
    x, kernel = plain()
    exact = {"TENSOR_CORE", "DOWN_CONVERT_INPUTS"}
    try:
        for precision, there in (("ieee", True), ("tf32", False)):
            set_float32_precision(precision)
            cudnn.forward(x, kernel, PLAIN)
            plan = [*cudnn._state.plans.values()][-1]
            assert (exact <= {*plan.graph.deselected}) == there
            assert "NONDETERMINISTIC" in plan.graph.deselected
    finally:
        set_float32_precision("ieee")


def test_what_cudnn_does_not_do_is_left_to_others(host, monkeypatch):
    x, kernel = plain()
    monkeypatch.setattr(cudnn_host.Graph, "unsupported", staticmethod(lambda graph: True))
    assert cudnn.forward(x, kernel, PLAIN) is None
    assert cudnn.forward(x, kernel, PLAIN) is None and len(cudnn._state.plans) == 1
    assert cudnn.forward(*plain(np.float64), PLAIN) is None


def test_a_library_that_is_missing_or_left_out(host, monkeypatch):
    x, kernel = plain()
    with libraries.use_libraries(cudnn=False):
        assert cudnn.forward(x, kernel, PLAIN) is None
        assert libraries.report()["cudnn"] == "left out"
    assert cudnn.forward(x, kernel, PLAIN) is not None
    assert libraries.report()["cudnn"] == "in use"
    monkeypatch.setitem(sys.modules, "cudnn", None)
    cudnn.CUDNN.forget()
    assert cudnn.forward(x, kernel, PLAIN) is None
    assert libraries.report()["cudnn"].startswith("missing (ModuleNotFoundError: ")
    with (
        pytest.raises(InputError, match="no library 'cufft'"),
        libraries.use_libraries(cufft=True),
    ):
        pass
    with pytest.raises(OSError, match=r'pip install "edgekit\[cuda\]"'):
        libraries.shared_library("of_no_vendor", "1", "2")


# An H200, as `cudnn.create_device_properties` takes it: plans are made for it without one.
H200 = """{"deviceVer": 900, "multiProcessorCount": 132, "maxGridSize": [2147483647, 65535, 65535],
"maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536, "smClockRateKHz": 1980000,
"memClockRateKHz": 3201000, "memoryBusWidth": 6144, "l2CacheSize": 62914560, "warpSize": 32,
"maxSharedMemoryPerBlock": 49152, "maxSharedMemoryPerBlockOptin": 232448,
"reservedSharedMemoryPerBlock": 1024, "maxRegistersPerSM": 65536, "pciDeviceId": 0,
"maxCtasPerSM": 32, "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "isTccDriver": 0,
"supportCoopLaunch": 1, "oversizedSharedMemoryPerBlock": 0, "driverVer": 13000,
"deviceName": "NVIDIA H200", "totalGlobalMem": 150000000000, "cudaDeviceId": 0}"""


@pytest.fixture(scope="module")
def described():
    """(the real frontend, a device described to it); skipped where cuDNN is not installed."""
    real = pytest.importorskip("cudnn", exc_type=ImportError)
    try:
        return real, real.create_device_properties(H200)
    except RuntimeError as error:
        pytest.skip(f"libcudnn: {error}")


def test_a_library_that_finds_no_gpu_is_left_alone(host, monkeypatch):
    def no_gpu():
        raise RuntimeError("CUDNN_STATUS_NOT_INITIALIZED")

    monkeypatch.setattr(sys.modules["cudnn"], "create_handle", no_gpu)
    assert cudnn.forward(*plain(), PLAIN) is None
    assert libraries.report()["cudnn"] == "missing (CUDNN_STATUS_NOT_INITIALIZED)"


def test_the_primitive_is_computed_by_it(host):
    x, kernel = (Variable(peek(one)) for one in plain())
    x.data, kernel.data = plain()
    with GradientTape() as tape:
        tape.watch([x, kernel])
        y = PRIMITIVES["conv2d"](x, kernel, on_device(np.ones(5, np.float32)), padding="same")
    tape.gradient(y, [x, kernel])
    assert host.launches[:3] == ["cudnn fprop", "cudnn dgrad", "cudnn wgrad"]


EPILOGUES = ((False, None), (True, None), (True, "relu"), (True, "relu6"))


@pytest.mark.parametrize("name", [*IMAGES, *VOLUMES])
@pytest.mark.parametrize("dtype", ["float32", "tf32", "float16", "bfloat16"])
def test_cudnn_has_a_plan_for_every_graph(described, name, dtype):
    real, device = described
    x_shape, kernel_shape, attrs = (IMAGES | VOLUMES)[name]
    window = window_of(np.empty(x_shape), np.empty(kernel_shape), attrs)
    precision = "tf32" if dtype == "tf32" else "ieee"
    dtype = "float32" if dtype == "tf32" else dtype
    for kind in ("forward", "input", "kernel"):
        for bias, activation in EPILOGUES[: 4 if kind == "forward" else 1]:
            problem = cudnn.Problem(kind, window, dtype, precision, bias, activation)
            graph = cudnn.build(real, problem, device_property=device, sm_version=90, sm_count=132)
            assert graph.get_execution_plan_count() > 0
            assert graph.get_workspace_size() < 64 << 20
    # of a transposed convolution with its bias there may be none, which is said by this error
    try:
        problem = cudnn.Problem("input", window, dtype, precision, True, "relu")
        cudnn.build(real, problem, device_property=device, sm_version=90, sm_count=132)
    except real.cudnnGraphNotSupportedError:
        pass
