"""Changed bytes whose digests were made to fit, so that every check behind the digests is reached.

Such a file is refused with one of two errors, or it is a valid model: then it can be printed,
planned and written again.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.export.edge import edge_bytes
from edgekit.interpreter.reader import read_edge
from tests.edge_files import resealed
from tests.edge_graphs import GRAPHS

FILES = {name: edge_bytes(make()) for name, make in GRAPHS.items()}
# Numbers at which lengths, offsets and signs turn over.
TELLING = (0, 1, 2, 3, 4, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)


def outcome(data: bytes) -> str:
    """Either "refused", or "valid" once the graph has shown that it can be used."""
    try:
        file = read_edge(data)
    except (ModelFormatError, UnsupportedOperator) as error:
        assert len(str(error)) < 20_000
        return "refused"
    str(file.graph)
    again = edge_bytes(file.graph)
    assert str(read_edge(again).graph) == str(file.graph)
    return "valid"


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2**16),
        st.sampled_from((1, 2, 4)),
        st.one_of(st.sampled_from(TELLING), st.integers(0, 2**32 - 1), st.integers(0, 64)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(name=st.sampled_from(sorted(FILES)), changes=CHANGES)
def test_changed_bytes_with_fitting_digests(name: str, changes: list[tuple[int, int, int]]) -> None:
    data = bytearray(FILES[name])
    for place, size, number in changes:
        position = place % (len(data) - size)
        data[position : position + size] = (number % 256**size).to_bytes(size, "little")
    outcome(resealed(bytes(data)))


@pytest.mark.parametrize("name", FILES)
def test_every_word_of_the_structure_with_telling_numbers(name: str) -> None:
    """Offsets, lengths and indices are words at multiples of four."""
    data = FILES[name]
    structure = min(len(data), 2600)
    seen = set()
    rng = np.random.default_rng(0)
    for position in range(0, structure - 4, 4):
        for number in rng.choice(TELLING, 2, replace=False).tolist():
            changed = bytearray(data)
            struct.pack_into("<I", changed, position, number)
            seen.add(outcome(resealed(bytes(changed))))
    assert seen == {"refused", "valid"}  # both sides of the checks were reached


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200))
def test_noise_behind_a_true_identifier(data: bytes) -> None:
    outcome(resealed(data[:4].ljust(4, b"\0") + b"EDGK" + data[4:]))
