"""Blocks of memory: none upon another while both are needed, and no more room than needed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.ir import memory, placement

BLOCKS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 9), st.integers(1, 6)), min_size=1, max_size=40
)


@pytest.mark.parametrize("place", [memory.largest_first, placement.by_birth])
@settings(max_examples=200, deadline=None, derandomize=True)
@given(blocks=BLOCKS)
def test_no_two_live_blocks_overlap(place, blocks: list[tuple[int, int, int]]) -> None:  # type: ignore[no-untyped-def]
    lives = {f"b{i}": (first, first + length) for i, (first, length, _) in enumerate(blocks)}
    sizes = {f"b{i}": 16 * size for i, (_, _, size) in enumerate(blocks)}
    starts = place(lives, sizes)
    assert starts.keys() == lives.keys() and min(starts.values()) >= 0
    for step in range(31):
        cells: set[int] = set()
        for name, (first, last) in lives.items():
            if first <= step <= last:
                own = set(range(starts[name], starts[name] + sizes[name], 16))
                assert not own & cells
                cells |= own
    highest = max(starts[name] + sizes[name] for name in lives)
    assert highest <= sum(sizes.values())


def test_a_chain_takes_two_places_and_gaps_are_joined() -> None:
    lives = {f"n{i:03}": (i, i + 1) for i in range(50)}
    assert set(placement.by_birth(lives, dict.fromkeys(lives, 16)).values()) == {0, 16}
    lives = {"a": (0, 1), "b": (0, 1), "c": (0, 9), "wide": (2, 3)}
    assert placement.by_birth(lives, {"a": 16, "b": 16, "c": 16, "wide": 32})["wide"] == 0


@pytest.mark.parametrize("length", [1, 10**6])
def test_fifty_thousand_blocks_are_placed_in_a_moment(length: int) -> None:
    lives = {f"n{i}": (i, i + length + i % 7) for i in range(50_000)}
    sizes = {name: 16 * (1 + i % 9) for i, name in enumerate(lives)}
    start = time.process_time()
    memory.offsets(lives, sizes)
    assert time.process_time() - start < 3
