"""The generator from which seeds are drawn where the user gave none.

One generator feeds initial weights, shuffles and dropout masks in the order in which they are
asked for; after `set_random_seed(n)` the same program therefore computes the same bits.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

__all__ = ["common_generator", "generator", "generators_of", "new_seed", "set_random_seed"]

_STATE = {"generator": np.random.Generator(np.random.SFC64())}


def set_random_seed(seed: int) -> None:
    """Make everything random repeatable: weights, shuffling, dropout.

    As in Keras, the generators of Python's `random` and of `numpy.random` begin anew too: scripts
    draw their data from these.
    Raises ValueError for a seed that is not an integer of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"set_random_seed expects an integer of at least 0. Received: {seed!r}")
    random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)  # it takes 32 bits
    _STATE["generator"] = np.random.Generator(np.random.SFC64(int(seed)))


def common_generator() -> np.random.Generator:
    """The generator of all seeds, for those who take its state down."""
    return _STATE["generator"]


def new_seed() -> int:
    """A seed drawn from the common generator."""
    return int(common_generator().integers(0, 2**31 - 1))


def generator(seed: int | None = None) -> np.random.Generator:
    """A generator of its own from `seed`, or from a seed of the common generator."""
    return np.random.Generator(np.random.SFC64(new_seed() if seed is None else int(seed)))


def generators_of(layer: Any) -> list[tuple[str, np.random.Generator]]:
    """The random generators of a layer, with the names of its attributes, in their order."""
    return [(k, v) for k, v in sorted(vars(layer).items()) if isinstance(v, np.random.Generator)]


def derived_generator(source: np.random.Generator, number: int) -> np.random.Generator:
    """Another generator for every number of at least 1, from where `source` stands; that stays."""
    words = source.bit_generator.state["state"]
    words = words["state"] if isinstance(words, dict) else words
    seeds = np.atleast_1d(words).tolist()
    return np.random.Generator(np.random.SFC64([*seeds, number]))
