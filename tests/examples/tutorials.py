"""What each script of examples/tutorials must print when it runs in the tests: data only."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EXPECTED", "Expected"]


class Expected(NamedTuple):
    """`figures`: name of a printed figure -> (smallest, largest) that a sound training gives.

    A bound is one that a network which learned nothing, or half of it, would miss. `old`: a part
    of each warning about an old spelling that the script must cause; no other warning may come.
    `epochs`: fewer than the script's own, where that saves time. `needs`: packages.
    """

    figures: dict[str, tuple[float, float]]
    old: tuple[str, ...] = ()
    epochs: int | None = None
    needs: tuple[str, ...] = ()


EXPECTED = {
    "01_tabular_dropout": Expected(
        {"test accuracy": (0.87, 1), "int8 accuracy": (0.86, 1)},
    ),
}
