"""Products of matrices on the simulated GPU, against numpy in float64."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train.ops.dense import dense
from edgekit.train.ops.math import matmul as primitive
from edgekit.train.precision import get_float32_precision, set_float32_precision
from tests.train.device import on_device, peek

from .products import arithmetic, close, kind, own_kernels, random

__all__ = ["kind", "own_kernels"]

SIZES = [(33, 18, 40), (64, 32, 96), (1, 7, 5)]


def matrix(shape, dtype, turned, seed):
    """A matrix, and the same on the device, where `turned` as the view of its transpose."""
    x = random(shape, dtype, seed)
    return x, on_device(x.T.copy()).T if turned else on_device(x)


def reference(a, b):
    return a.astype(np.float64) @ b.astype(np.float64)


@pytest.fixture(params=["float32", "tf32", "float16"])
def layout(request):
    """Kinds whose tiles lie differently in shared memory; bfloat16's lie as float16's do."""
    with arithmetic(request.param) as found:
        yield found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turned", list(itertools.product((False, True), repeat=2)))
def test_layouts_and_ragged_sizes(gpu, layout, size, turned):
    from edgekit.train.gpu.matmul import matmul

    dtype, tolerance = layout
    rows, columns, depth = size
    a, a_there = matrix((rows, depth), dtype, turned[0], 1)
    b, b_there = matrix((depth, columns), dtype, turned[1], 2)
    found = matmul(a_there, b_there)
    assert found.dtype == dtype
    close(found, reference(a, b), tolerance)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("number", range(5))
def test_every_tile(gpu, layout, number, parts):
    from edgekit.train.gpu.matmul import matmul
    from edgekit.train.gpu.tiles import TILES, Plan

    dtype, tolerance = layout
    tile = TILES[number]
    a = random((tile.rows + 5, 136), dtype, 1)
    b = random((136, tile.columns + 8), dtype, 2)
    bias = random(tile.columns + 8, dtype, 3)
    made = Plan(tile, parts, 192 if parts == 1 else 64)
    found = matmul(on_device(a), on_device(b), None, on_device(bias), "relu", made)
    close(found, np.maximum(reference(a, b) + bias.astype(np.float64), 0), tolerance)


BATCHES = {
    "one axis": ((3, 5, 6), (3, 6, 4)),
    "two axes": ((2, 3, 5, 6), (2, 3, 6, 4)),
    "repeated left": ((5, 6), (3, 6, 4)),
    "repeated right": ((3, 5, 6), (6, 4)),
    "crossed": ((2, 1, 5, 6), (1, 3, 6, 4)),
    "three axes crossed": ((2, 1, 3, 5, 6), (1, 4, 1, 6, 4)),
    "vector left": ((6,), (3, 6, 4)),
    "vector right": ((3, 5, 6), (6,)),
    "vectors": ((6,), (6,)),
    "no depth": ((3, 0), (0, 4)),
    "nothing": ((0, 3), (3, 4)),
}


@pytest.mark.parametrize("case", BATCHES)
def test_batches_and_vectors(gpu, case):
    a, b = (random(shape, seed=i) for i, shape in enumerate(BATCHES[case]))
    y = primitive.forward(on_device(a), on_device(b))
    close(y, reference(a, b), 1e-5)
    g = random(y.shape, seed=5)
    found = primitive.backward(on_device(g), y, on_device(a), on_device(b), needs=(True, True))
    exact = (x.astype(np.float64) for x in (g, g, a, b))
    for one, right in zip(found, primitive.backward(*exact, needs=(True, True)), strict=True):
        close(one, right, 1e-5)
    own = ("matmul", "add_parts", "channel_sums")  # of an operand that was repeated
    assert all(name.startswith(own) for name in gpu.launches)


def test_views_are_not_copied(gpu):
    from edgekit.train.gpu.matmul import matmul

    heads = random((2, 7, 3, 8))  # samples, times, heads, features
    there = on_device(heads)
    q = there.transpose(0, 2, 1, 3)
    found = matmul(q, q.swapaxes(-1, -2))
    right = heads.transpose(0, 2, 1, 3).astype(np.float64)
    close(found, right @ right.swapaxes(-1, -2), 1e-5)
    close(matmul(there[:, ::-1, 0], q[:, 1].swapaxes(-1, -2)),
          heads[:, ::-1, 0].astype(np.float64) @ right[:, 1].swapaxes(-1, -2), 1e-5)  # fmt: skip
    assert len(gpu.launches) == 2


def test_into_an_array(gpu):
    from edgekit.train.gpu.matmul import matmul

    a, b = random((4, 6), seed=1), random((6, 5), seed=2)
    whole = on_device(np.zeros((4, 5), np.float32))
    assert matmul(on_device(a), on_device(b), whole) is whole
    close(whole, reference(a, b), 1e-5)
    turned = on_device(np.zeros((5, 4), np.float32)).T
    matmul(on_device(a), on_device(b), turned)
    close(turned, reference(a, b), 1e-5)
    with pytest.raises(ShapeError, match="out"):
        matmul(on_device(a), on_device(b), on_device(np.zeros((4, 4), np.float32)))


def test_sums_do_not_depend_on_the_grid(gpu, monkeypatch):
    from edgekit.train.gpu import matmul as products
    from edgekit.train.gpu.tiles import TILES, Plan

    a, b = on_device(random((70, 200), seed=1)), on_device(random((200, 40), seed=2))
    made = Plan(TILES[-1], 4, 64)
    first, again = (peek(products.matmul(a, b, using=made)) for _ in range(2))
    launch = products.kernel

    def few_blocks(source, name):
        return lambda blocks, *rest: launch(source, name)(min(blocks, 5), *rest)

    monkeypatch.setattr(products, "kernel", few_blocks)
    with_few = peek(products.matmul(a, b, using=made))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, with_few)


@pytest.mark.parametrize("shape", [(5, 12), (2, 3, 12)])
@pytest.mark.parametrize("with_bias", [False, True])
def test_dense(gpu, kind, shape, with_bias):
    dtype, tolerance = kind
    arrays = [random(s, dtype, i) for i, s in enumerate((shape, (12, 9), (9,)))][: 2 + with_bias]
    exact = [x.astype(np.float64) for x in arrays]
    there = [on_device(x) for x in arrays]
    y = dense.forward(*there)
    close(y, dense.forward(*exact), tolerance)
    g = random(y.shape, dtype, 7)
    needs = (True,) * len(arrays)
    found = dense.backward(on_device(g), y, *there, needs=needs)
    right = dense.backward(g.astype(np.float64), None, *exact, needs=needs)
    for one, expected in zip(found, right, strict=True):
        assert one.dtype == dtype
        close(one, expected, tolerance)


def test_shapes_that_do_not_fit(gpu):
    x, kernel = on_device(random((2, 3))), on_device(random((4, 5)))
    with pytest.raises(ShapeError, match="dense"):
        dense.forward(x, kernel)


@pytest.mark.parametrize(("rows", "in_one"), [(40, True), (64, True), (128 * 140, False)])
def test_sums_beside_a_product(gpu, rows, in_one):
    from edgekit.train.gpu.matmul import matmul_and_sums

    a, b = random((3, rows), seed=1), random((3, 12), seed=2)
    c, sums = matmul_and_sums(on_device(a).T, on_device(b))
    close(c, reference(a.T, b), 1e-5)
    close(sums, b.astype(np.float64).sum(axis=0), 1e-5)
    assert any(name.startswith("channel_sums") for name in gpu.launches) != in_one


def test_float64_is_left_to_cupy(gpu):
    a, b = random((3, 4), np.float64, 1), random((4, 2), np.float64, 2)
    np.testing.assert_allclose(peek(primitive.forward(on_device(a), on_device(b))), a @ b)


def test_precision_of_float32():
    assert get_float32_precision() == "ieee"
    with pytest.raises(InputError, match="'ieee' or 'tf32'"):
        set_float32_precision("fast")


def test_a_plan_holds_the_whole_depth():
    from edgekit.train.gpu.tiles import DEPTH_UNIT, plan

    for rows, columns, depth in itertools.product(
        (1, 17, 300), (3, 64, 1000), (1, 33, 5000, 70000)
    ):
        made = plan(rows, columns, depth)
        assert made.part_depth % DEPTH_UNIT == 0
        assert (made.parts - 1) * made.part_depth < depth <= made.parts * made.part_depth


def test_tiles_have_the_numbers_of_the_source():
    from edgekit.train.gpu.kernel import source_text
    from edgekit.train.gpu.tiles import DEPTH_UNIT, TILES

    written = re.findall(
        r"Shape<(\d+), (\d+)> +{ enum { THREADS = (\d+),.* WORDS = (\d+)", source_text("gemm.cuh")
    )
    assert [tuple(map(int, one)) for one in written] == [tile[:4] for tile in TILES]
    assert all(DEPTH_UNIT % (2 * tile.step) == 0 for tile in TILES)


def test_small_outputs_of_great_depth_are_cut():
    from edgekit.train.gpu.tiles import plan

    assert plan(144, 16, 32768).parts > 32
    assert plan(32768, 16, 144).parts == 1
    assert plan(32768, 16, 144).tile[:2] == (128, 16)
    assert plan(4096, 4096, 4096).tile[:2] == (128, 128)
    assert plan(32, 32, 64).tile[:2] == (32, 32)


DIVISION = """
__global__ void divide(const int* value, const int* by, int* quotient, int* rest, int64 count) {
    FOR_EACH(i, count) quotient[i] = Divider(by[i]).split(value[i], rest[i]);
}
"""


def test_division_by_a_reciprocal(gpu):
    import sys

    from edgekit.train.gpu.kernel import source_text

    generator = np.random.default_rng(0)
    by = np.concatenate([2 ** generator.uniform(0, 20, 20000), np.repeat([1, 3, 2**20 - 1], 2000)])
    by = by.astype(np.int32)
    value = (2.0 ** generator.uniform(0, 31, by.size)).astype(np.int64)
    value[::3] = value[::3] // by[::3] * by[::3]  # multiples, and just below
    value[1::3] = np.maximum(value[1::3] // by[1::3] * by[1::3] - 1, 0)
    value[-1] = 2**31 - 1
    value = np.minimum(value, 2**31 - 1).astype(np.int32)
    source = source_text("patches.cuh") + DIVISION
    divide = sys.modules["cupy"].RawModule(code=source, name_expressions=("divide",))
    found = [on_device(np.zeros_like(value)) for _ in range(2)]
    arguments = (on_device(value), on_device(by), *found, np.int64(value.size))
    divide.get_function("divide")((4,), (64,), arguments)
    np.testing.assert_array_equal(peek(found[0]), value // by)
    np.testing.assert_array_equal(peek(found[1]), value % by)
