"""The benchmark of passes over memory, tried where no GPU is."""

from __future__ import annotations

import pytest

from .benchmarks import FOLDER, importing

NAMES = (
    "gpu_passes",
    "gpu_products",
    "training_sides",
    "training_sides.gpu",
    "training_sides.limits",
    "training_sides.networks",
)


@pytest.fixture
def benchmark(monkeypatch):
    with importing(monkeypatch, FOLDER, NAMES) as imported:
        yield imported("gpu_passes")


def test_every_layer_has_its_passes(gpu, benchmark, monkeypatch):
    layers = [("conv", 4, (3, 3), 1, "same"), ("norm",), ("relu",), ("depthwise", 2), ("relu",),
              ("pool",), ("flatten",), ("dense", 3)]  # fmt: skip
    monkeypatch.setitem(benchmark.NETWORKS, "small", ((8, 8, 3), layers))
    found = list(benchmark.passes("small", 2))
    assert [one.kind for one in found] == [
        *("forward, one kernel", "back, one kernel", "forward, several", "back, several"),
        *("forward", "back") * 3,
    ]
    launches = []
    for one in found:
        gpu.launches.clear()
        assert benchmark.microseconds(one.run, 2) > 0
        launches.append({launch.partition("<")[0] for launch in gpu.launches})
        assert one.layer[:20] in benchmark.line(one, 1.5, 1e12)
    assert launches[:4] == [
        {"batch_norm_of_few"},
        {"batch_backward_of_few"},
        {"batch_moments", "batch_normalize"},
        {"batch_gradient_sums", "batch_backward"},
    ]
    assert "max_pool" in launches[6] or "average_pool" in launches[6]
