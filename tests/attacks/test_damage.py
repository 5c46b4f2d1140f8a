"""Damage without intent: whatever byte changes, goes missing or is added, the file is refused."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ModelFormatError
from edgekit.export.edge import edge_bytes
from edgekit.interpreter.reader import read_edge
from tests.edge_graphs import GRAPHS, int8_graph, tiny_graph


def refused(data: bytes | memoryview) -> bool:
    try:
        read_edge(data)
    except ModelFormatError:
        return True
    return False


def test_every_flipped_bit_of_a_small_file_is_refused() -> None:
    data = bytearray(edge_bytes(tiny_graph()))
    accepted = []
    for position in range(len(data)):
        for bit in range(8):
            data[position] ^= 1 << bit
            if not refused(bytes(data)):
                accepted.append((position, bit))
            data[position] ^= 1 << bit
    assert accepted == []
    read_edge(bytes(data))


@pytest.mark.parametrize("name", GRAPHS)
def test_every_changed_byte_is_refused(name: str) -> None:
    data = bytearray(edge_bytes(GRAPHS[name]()))
    rng = np.random.default_rng(0)
    accepted = []
    for position, change in enumerate(rng.integers(1, 256, len(data)).tolist()):
        data[position] ^= change
        if not refused(bytes(data)):
            accepted.append(position)
        data[position] ^= change
    assert accepted == []


@pytest.mark.parametrize("name", GRAPHS)
def test_every_truncation_is_refused(name: str) -> None:
    data = edge_bytes(GRAPHS[name]())
    assert [length for length in range(len(data)) if not refused(data[:length])] == []


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 64, b"EDGK", b"x" * 1000])
def test_bytes_after_the_end_are_refused(tail: bytes) -> None:
    assert refused(edge_bytes(int8_graph()) + tail)


def test_bytes_before_the_start_are_refused() -> None:
    assert refused(b"\0" * 64 + edge_bytes(int8_graph()))


def test_two_swapped_blocks_are_refused() -> None:
    data = edge_bytes(int8_graph())
    blocks = [data[i : i + 64] for i in range(0, len(data), 64)]
    for i in range(len(blocks) - 1):
        swapped = [*blocks[:i], blocks[i + 1], blocks[i], *blocks[i + 2 :]]
        assert blocks[i] == blocks[i + 1] or refused(b"".join(swapped))


def test_the_message_says_where_the_damage_is() -> None:
    data = bytearray(edge_bytes(tiny_graph()))
    start = bytes(data).index(np.array([[1, 2]], np.float32).tobytes())
    data[start] ^= 1
    sentence = rf"Model.buffers\[0\].data at byte {start}: the file is damaged: these 8 bytes"
    with pytest.raises(ModelFormatError, match=sentence):
        read_edge(bytes(data))
