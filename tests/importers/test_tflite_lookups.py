"""Tables that are looked up by keys, and sums of their rows, against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ModelFormatError, UnsupportedOperator
from edgekit.interpreter import Interpreter
from tests.importers.test_tflite_rearranged import equal_in_both, refused
from tests.tflite_operator import Given, constant, file_of, random_array, run_both

INTS = np.int32


def table(keys: Any, shape: tuple[int, ...], dtype: str = "float32", count: int = 6) -> bytes:
    rows = constant("rows", random_array(0, shape, dtype))
    given = [Given("x", (count,), "int32"), constant("keys", np.array(keys, INTS)), rows]
    outputs = [Given("y", (count, *shape[1:]), dtype), Given("hits", (count,), "uint8")]
    return file_of("HASHTABLE_LOOKUP", given, outputs)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 2, 3)])
def test_keys(shape: tuple[int, ...], dtype: str) -> None:
    content = table([-7, 0, 5, 2**31 - 1], shape, dtype)
    equal_in_both(content, {"x": np.array([0, 1, 2**31 - 1, -7, -(2**31), 5], INTS)})


def test_keys_that_are_none() -> None:
    refused(table([3, 1, 5, 9], (4, 2)), ModelFormatError, "keys that rise")
    refused(table([3, 3, 5, 9], (4, 2)), ModelFormatError, "keys that rise")
    refused(table([3, 4, 5], (4, 2)), ModelFormatError, "keys that rise")
    refused(table([1, 2, 3, 4], (4, 2), "int64"), UnsupportedOperator, "are known")


NUMBERS = np.array([1, 3, 0, 5, 5, 2], INTS)
WEIGHTS = np.array([1, 2, 0.5, -1, 3, -0.25], np.float32)
PAIRS = [[0, 0], [0, 2], [2, 0], [2, 1], [2, 3], [3, 0]]
TRIPLES = [[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 2, 0]]
LISTS = {1: (np.array(PAIRS, INTS), (5, 4)), 2: (np.array(TRIPLES, INTS), (2, 3, 2))}


def sums(combiner: int, rank: int, *, known: bool, wide: tuple[int, ...] = (2, 3)) -> bytes:
    places, shape = LISTS[rank]
    given = [constant("ids", NUMBERS), constant("places", places)]
    if not known:
        given = [Given("ids", NUMBERS.shape, "int32"), Given("places", places.shape, "int32")]
    given += [constant("shape", np.array(shape, INTS)), constant("w", WEIGHTS)]
    given.append(constant("table", random_array(1, (6, *wide), "float32")))
    options = ("EmbeddingLookupSparseOptions", {"combiner": combiner})
    return file_of("EMBEDDING_LOOKUP_SPARSE", given, [Given("y", (*shape[:-1], *wide))], options)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("rank", LISTS)
@pytest.mark.parametrize("combiner", [0, 1, 2])
def test_sums_of_rows(combiner: int, rank: int, known: bool) -> None:
    arrays = {} if known else {"ids": NUMBERS, "places": LISTS[rank][0]}
    found, wanted = run_both(sums(combiner, rank, known=known), arrays)
    np.testing.assert_allclose(found["y"], wanted["y"], rtol=1e-6, atol=1e-6)


def test_sums_that_are_none() -> None:
    refused(sums(9, 1, known=True), ModelFormatError, "combiner 9 is not known")
    refused(sums(0, 1, known=True, wide=()), ModelFormatError, "do not fit")
    places, given = LISTS[1][0].copy(), {"ids": NUMBERS}
    places[0, 0] = 5
    with pytest.raises(InputError, match="index"):
        Interpreter(sums(1, 1, known=False)).run({**given, "places": places})
    with pytest.raises(InputError, match="index"):
        given = {"ids": NUMBERS + 1, "places": LISTS[1][0]}
        Interpreter(sums(1, 1, known=False)).run(given)
