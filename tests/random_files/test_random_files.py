"""A short campaign with fixed seeds, and that one would notice. `make compare` runs long ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from .campaign import Figures, compare, random_network
from .judge import difference
from .litert_process import LiteRTProcess
from .smaller import smallest

NETWORKS = 250


@pytest.fixture(scope="module")
def process() -> Iterator[LiteRTProcess]:
    pytest.importorskip("ai_edge_litert")
    started = LiteRTProcess()
    yield started
    started.close()


def test_random_networks_give_the_same(process: LiteRTProcess) -> None:
    figures = Figures()
    for seed in range(NETWORKS):
        compare(seed, process, figures)
    assert not figures.failures, "\n\n".join(figures.failures)
    assert figures.kinds["equal"] > 1.5 * NETWORKS
    assert len({code for code, _ in figures.operators}) > 40


def test_a_difference_is_noticed() -> None:
    stored, real = np.arange(100, dtype=np.int8), np.linspace(0, 1, 100, dtype=np.float32)
    assert not difference(stored, stored, loose=False)
    assert "1 of 100 differ" in difference(stored, np.where(stored == 7, 8, stored), loose=False)
    assert "of 100 differ" in difference(stored, stored[::-1], loose=True)
    assert not difference(real, real * np.float32(1.000001), loose=False)
    assert "apart" in difference(real, real * np.float32(1.0001), loose=False)
    assert "LiteRT float32[10, 10]" in difference(real, real.reshape(10, 10), loose=True)


def test_networks_are_made_small(process: LiteRTProcess) -> None:
    """Whatever stands around the one operator that matters is cut off."""
    cut = 0
    for seed in range(40):
        network = random_network(seed, process)
        for code in {op.code for op in network.operators}:
            small = smallest(
                network,
                "float32",
                process,
                lambda part: code in {op.code for op in part.operators},  # noqa: B023
            )
            assert {op.code for op in small.operators} == {code}
            cut += len(network.operators) - len(small.operators)
    assert cut > 100
