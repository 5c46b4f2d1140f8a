"""Random numbers of the simulated GPU: Philox to the word, distributions, dropout in graphs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.train import layers
from edgekit.train.gpu import random, state
from edgekit.train.ops.random import dropout, kept_mask, normal_like
from edgekit.train.random import generator
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Variable, wrap
from tests.train.device import on_device, peek

# counter, key, words: from the file kat_vectors of Random123, the authors' own implementation
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def philox(counter, key):
    """The algorithm of the paper, in Python's integers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c[0], 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * c[2], 1 << 32)
        c = [high1 ^ c[1] ^ k[0], low1, high0 ^ c[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B9) % (1 << 32), (k[1] + 0xBB67AE85) % (1 << 32)]
    return tuple(c)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_the_words_of_the_authors(counter, key, expected):
    assert philox(counter, key) == expected


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_the_words_of_the_kernel(gpu, counter, key, expected):
    step = on_device(np.array([counter[2] | counter[3] << 32], np.uint64))
    first = int(np.uint64(counter[0] | counter[1] << 32).astype(np.int64))
    found = random.words(key[0] | key[1] << 32, 4, step, first)
    assert tuple(peek(found).tolist()) == expected


@pytest.mark.parametrize("count", [1, 4, 7, 1030])
def test_every_element_has_its_own_word(gpu, count):
    step = on_device(np.array([3 | 9 << 32], np.uint64))
    found = peek(random.words(5 | 6 << 32, count, step))
    blocks = [philox((n, 0, 3, 9), (5, 6)) for n in range(-(-count // 4))]
    np.testing.assert_array_equal(found, np.array(blocks, np.uint32).reshape(-1)[:count])


def test_uniform_numbers(gpu):
    found = peek(random.uniform(generator(1), -1.0, 3.0, (200, 51)))
    assert found.min() >= -1
    assert found.max() < 3
    count = found.size
    assert found.mean() == pytest.approx(1, abs=5 * np.sqrt(16 / 12 / count))
    shares = np.histogram(found, 16, (-1, 3))[0] / count
    np.testing.assert_allclose(shares, 1 / 16, atol=5 * np.sqrt(1 / 16 / count))


def test_normal_numbers(gpu):
    like = on_device(np.zeros((3, 5001), np.float32))
    found = peek(normal_like(generator(2), like, 2.0)).astype(np.float64) / 2
    count = found.size
    # 5 standard errors of the first four moments: variances 1, 2, 15, 96 over the count
    for power, expected, spread in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        moment = (found**power).mean()
        assert moment == pytest.approx(expected, abs=5 * np.sqrt(spread / count)), power
    pairs = found.reshape(-1)[: count // 2 * 2].reshape(-1, 2)
    assert (pairs[:, 0] * pairs[:, 1]).mean() == pytest.approx(0, abs=5 / np.sqrt(count / 2))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_keep_their_share(gpu, rate):
    like = on_device(np.zeros(1, np.float32))
    kept = peek(kept_mask(generator(3), (40, 501), rate, like))
    spread = 5 * np.sqrt(rate * (1 - rate) / kept.size)
    assert kept.mean() == pytest.approx(1 - rate, abs=spread)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("count", [1, 6, 4096])
def test_dropout_and_its_derivative_have_one_mask(gpu, dtype, count):
    host = np.random.default_rng(0).uniform(1, 2, count).astype(dtype)
    x = Variable(on_device(host))
    with GradientTape() as tape:
        y = dropout(x, rate=0.25, generator=generator(7))
    state.current().advance()  # as an optimizer does before somebody reads the tape again
    g = peek(tape.gradient(y, x).data)
    kept = peek(y.data) != 0
    np.testing.assert_allclose(peek(y.data)[kept], host[kept] / 0.75, rtol=1e-3)
    np.testing.assert_array_equal(g != 0, kept)
    np.testing.assert_allclose(g[kept], 1 / 0.75, rtol=1e-3)


def test_dropout_differentiated_twice_has_one_mask(gpu):
    x = Variable(on_device(np.linspace(1, 2, 64, dtype=np.float32)))
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = dropout(x * x, rate=0.5, generator=generator(7))
        slope = inner.gradient(y, x)
    kept = peek(y.data) != 0
    np.testing.assert_allclose(peek(outer.gradient(slope, x).data), np.where(kept, 4, 0), rtol=1e-6)


def test_each_call_draws_another_mask_and_a_seed_the_same_ones(gpu):
    x = on_device(np.ones((8, 32), np.float32))
    one, other = generator(3), generator(3)
    first, second = (peek(dropout(x, rate=0.5, generator=one).data) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(peek(dropout(x, rate=0.5, generator=other).data), first)


def test_each_replay_of_a_graph_draws_another_mask(gpu):
    cupy = sys.modules["cupy"]
    x = Variable(on_device(np.ones((8, 64), np.float32)))
    seed = on_device(np.ones((8, 64), np.float32))
    layer = layers.Dropout(0.5, seed=1)
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        layer(x, training=True)
        stream.begin_capture()
        with GradientTape() as tape:
            y = layer(x, training=True)
        g = tape.gradient(y, x, output_gradients=wrap(seed))
        state.current().advance()
        graph = stream.end_capture()
    seen = []
    for _ in range(3):
        graph.launch(stream)
        np.testing.assert_array_equal(peek(g.data), peek(y.data))
        seen.append(peek(y.data))
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])
    assert gpu.waits == []


@pytest.mark.parametrize(
    "layer",
    [
        layers.SpatialDropout1D(0.4, seed=1),
        layers.Dropout(0.4, noise_shape=(None, 1, None), seed=1),
    ],
)
def test_channels_fall_together(gpu, layer):
    y = peek(layer(wrap(on_device(np.ones((16, 9, 32), np.float32))), training=True).data)
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert (y != 0).mean() == pytest.approx(0.6, abs=5 * np.sqrt(0.24 / 512))


@pytest.mark.parametrize(
    "layer",
    [
        layers.AlphaDropout(0.3, seed=2),
        layers.GaussianDropout(0.3, seed=2),
        layers.GaussianNoise(0.5, seed=2),
    ],
)
def test_noise_keeps_the_mean_and_is_drawn_on_the_device(gpu, layer):
    x = on_device(np.random.default_rng(0).normal(size=(64, 256)).astype(np.float32))
    before = gpu.copies_in
    y = layer(wrap(x), training=True)
    assert gpu.copies_in == before
    assert gpu.waits == []
    apart = peek(y.data).mean() - peek(x).mean()
    assert apart == pytest.approx(0, abs=0.06)  # 5 standard errors of 16384 numbers of variance 1.3
    assert not np.array_equal(peek(y.data), peek(x))
