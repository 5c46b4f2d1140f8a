"""The benchmark of products, tried where no GPU is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.device import peek

from .benchmarks import FOLDER, importing

NAMES = (
    "gpu_products",
    "training_sides",
    "training_sides.gpu",
    "training_sides.limits",
    "training_sides.networks",
)


@pytest.fixture
def benchmark(monkeypatch):
    with importing(monkeypatch, FOLDER, NAMES) as imported:
        yield imported("gpu_products")


@pytest.fixture
def small(gpu, benchmark, monkeypatch):
    """A network with every kind of product."""
    layers = [("conv", 4, (3, 3), 1, "same"), ("relu",), ("conv", 8, (3, 3), 2, "same"),
              ("conv", 4, (1, 1), 1, "same"), ("flatten",), ("dense", 3)]  # fmt: skip
    monkeypatch.setitem(benchmark.NETWORKS, "small", ((6, 6, 3), layers))
    return list(benchmark.problems("small", 2))


def test_every_layer_has_its_products(small):
    kinds = [problem.kind for problem in small]
    assert kinds == ["forward", "kernel"] + ["forward", "kernel", "input"] * 3
    sizes = {problem.layer: problem.size for problem in small if problem.kind == "forward"}
    assert list(sizes.values()) == [(72, 4, 27), (18, 8, 36), (18, 4, 8), (2, 3, 36)]


def test_every_candidate_computes_the_same(small, benchmark):
    for problem in small:
        if problem.kind != "kernel" and problem.size[2] < 30:
            continue
        expected = problem.run(None)
        expected = peek(expected[0] if isinstance(expected, tuple) else expected)
        for plan in benchmark.candidates(problem)[-1:]:
            found = problem.run(plan)
            found = peek(found[0] if isinstance(found, tuple) else found)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_candidates_hold_the_whole_depth(small, benchmark):
    problem = small[1]._replace(size=(27, 4, 5000))
    plans = benchmark.candidates(problem)
    assert len(plans) == len(set(plans)) > 20
    for plan in plans:
        assert (plan.parts - 1) * plan.part_depth < 5000 <= plan.parts * plan.part_depth


def test_a_line_of_the_table(small, benchmark, monkeypatch):
    problem = small[-1]
    monkeypatch.setattr(benchmark, "candidates", lambda problem: [candidate])
    candidate = [p for p in [*small[-1].tiles] if p.rows == 32]
    from edgekit.train.gpu.tiles import Plan

    candidate = Plan(candidate[0], 1, 64)
    times = benchmark.measured(problem, 1e12, 1e12)
    assert times.chosen > 0 and times.best > 0 and times.vendor is None
    text = benchmark.line(problem, times)
    assert text.split()[1:3] == ["input", "2x36x3"]
    assert "32x32 / 1" in text
