"""The simulated GPU in the place of cupy."""

from __future__ import annotations

from collections import defaultdict

import pytest

from edgekit.train import backend
from tests.train import device

ONE_BY_ONE = ("conv.cu", "matmul.cu")


@pytest.fixture(scope="session")
def kernels_together() -> None:
    """All kernels of a source are compiled by one call of g++, when the first of them is wanted;
    but for products, of which there are many kernels and few are wanted.
    """
    from edgekit.train import gpu
    from edgekit.train.gpu.kernel import source_text

    names = defaultdict(list)
    for module in gpu.RULES:
        for kernel in module.kernels():
            names[kernel.source].append(kernel.name)
    for source, expressions in names.items():
        if source not in ONE_BY_ONE:
            device.expect(source_text(source), tuple(expressions))


@pytest.fixture
def gpu(monkeypatch, kernels_together):
    """The machine of `tests.train.device`, with new arrays made on "gpu:0".

    NVIDIA's libraries, which cannot compute on it, are left out; see device/hardware.py for tests
    on a real GPU.
    """
    if device.host_compiler() is None and not device.HARDWARE:
        pytest.skip("g++ is not there to compile the kernels for the host")
    machine = device.install(monkeypatch)
    from edgekit.train.gpu.libraries import use_libraries

    libraries = device.HARDWARE == "libraries"
    with use_libraries(cudnn=libraries, cublas=libraries), backend.device("gpu:0"):
        yield machine
