"""Python's search for cycles while the interpreter is imported and a model is opened."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from edgekit.interpreter import collector_paused


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    enabled = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if enabled else gc.disable)()


thaws = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12),
    reason="Python 3.12 has frozen objects of its own, and nobody's are thawed",
)


@thaws
def test_no_search_begins_within_the_pause_nor_at_its_end() -> None:
    searches: list[str] = []

    def seen(phase: str, info: dict[str, int]) -> None:
        searches.append(phase)

    gc.enable()
    gc.collect()
    gc.callbacks.append(seen)
    try:
        with collector_paused():
            kept = [[number] for number in range(10_000)]
        kept.append([0])
    finally:
        gc.callbacks.remove(seen)
    assert not searches
    assert gc.isenabled()


@thaws
def test_cycles_made_within_the_pause_are_found_by_a_full_search() -> None:
    class Node:
        def __init__(self) -> None:
            self.own = self

    gc.enable()
    gc.collect()
    with collector_paused():
        Node()
    assert gc.get_freeze_count() == 0
    assert gc.collect() > 0


def test_a_caller_without_the_collector_keeps_it_off() -> None:
    gc.disable()
    with collector_paused():
        pass
    assert not gc.isenabled()


def test_what_a_caller_has_frozen_stays_frozen() -> None:
    gc.enable()
    gc.freeze()
    frozen = gc.get_freeze_count()
    assert frozen > 0
    with collector_paused():
        pass
    assert gc.get_freeze_count() == frozen
    assert gc.isenabled()
