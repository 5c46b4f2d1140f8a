"""Kernels of primitives on the simulated GPU: odd sizes, half floats, the same bits twice."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import backend
from edgekit.train.gpu import gather
from edgekit.train.tensor import PRIMITIVES
from tests.train.device import on_device, peek
from tests.train.primitive_cases import make_inputs
from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

for function in ("relu", "relu6", "elu", "leaky_relu", "sigmoid", "tanh", "softplus", "silu",
                 "hard_sigmoid", "hard_silu", "gelu"):  # fmt: skip
    case(function, function, (3, 1031))
case("gelu by tanh", "gelu", (2050,), approximate=True)
for rows, channels in (
    *((3, 1), (1000, 1), (700, 5), (300, 16), (257, 64), (9, 300)),
    *((2049, 3), (5003, 16), (2100, 70)),  # by several blocks for a channel
):
    at = f"{rows} x {channels}"
    case(f"batch norm {at}", "batch_norm_training", (rows, channels), (channels,), (channels,))
    case(f"batch norm and relu {at}", "batch_norm_activation", (rows, channels), (channels,),
         None, (rows, channels), activation="relu")  # fmt: skip
    case(f"given {at}", "batch_norm", (rows, channels), (channels,), (channels,), (channels,),
         ("positive", (channels,)))  # fmt: skip
case("given of many channels", "batch_norm", (5, 1200), (1200,), None, (1200,),
     ("positive", (1200,)))  # fmt: skip
case("layer norm", "layer_norm", (70, 33), (33,), (33,))
case("layer norm of long rows", "layer_norm", (3, 1500), (1500,), None)
case("group norm", "group_norm", (3, 5, 7, 12), (12,), (12,), groups=4)
case("group norm of large pictures", "group_norm", (2, 20, 30, 6), None, (6,), groups=2)
case("unit norm", "unit_norm", (5, 1100))
for channels in (1, 4, 6, 64):
    picture = (2, 9, 11, channels)
    for size, stride, padding in ((3, 1, "same"), (3, 2, "same"), (5, 1, "same"), (5, 2, "valid"),
                                  (4, 1, "same"), (3, 3, "valid")):  # fmt: skip
        case(f"depthwise {channels}: {size} by {stride}", "depthwise_conv2d", picture,
             (size, size, channels, 1), (channels,), strides=(stride, stride),
             padding=padding)  # fmt: skip
    case(f"max pool {channels}", "max_pool2d", picture, pool_size=(3, 2), strides=(2, 2),
         padding="same")  # fmt: skip
    case(f"average pool {channels}", "average_pool2d", picture, pool_size=(2, 3), padding="same")
    case(f"global average {channels}", "global_average_pool2d", picture)
    case(f"global max {channels}", "global_max_pool2d", picture)
case("depthwise of a long kernel", "depthwise_conv2d", (2, 30, 7, 3), (10, 4, 3, 1), None,
     padding="same")  # fmt: skip
case("depthwise times 3", "depthwise_conv2d", (2, 8, 9, 5), (3, 3, 5, 3), (15,), strides=(2, 1))
case("depthwise dilated", "depthwise_conv2d", (2, 9, 9, 4), (3, 3, 4, 1), (4,), dilations=(2, 3),
     padding="same")  # fmt: skip
case("depthwise explicit", "depthwise_conv2d", (2, 5, 6, 4), (3, 3, 4, 1), None,
     padding=(3, 0, 2, 4))  # fmt: skip
case("softmax", "softmax", (70, 10))
case("softmax of long rows", "softmax", (3, 1300))
case("softmax within", "softmax", (3, 7, 5), axis=1)
case("log softmax", "log_softmax", (3, 1300))
case("log softmax within", "log_softmax", (6, 5), axis=0)
case("sparsemax", "sparsemax", (9, 40))
case("classes", "softmax_cross_entropy", (130, 10), ("class", (130,), 10))
case("many classes", "softmax_cross_entropy", (3, 1200), ("class", (3,), 1200))
case("distributions", "softmax_cross_entropy", (33, 10), ("probability", (33, 10)))
case("sigmoid losses", "sigmoid_cross_entropy", (7, 31), ("probability", (7, 31)))
case("log sum exp", "masked_log_sum_exp", (9, 33), ("bool", (9, 33)))
case("embedding", "embed", (50, 130), ("class", (8, 90), 50))
case("embedding of few", "embed", (1000, 3), ("class", (5,), 1000))
case("resized", "resize_images", (2, 5, 7, 3), size=(9, 4), method="bicubic", antialias=True)
for whole in (False, True):
    mask = ("bool", (3, 6)) if whole else None
    case(f"lstm {whole}", "lstm", (3, 6, 4), (4, 20), (5, 20), (20,), (3, 5), (3, 5), mask,
         sequences=whole, state=whole)  # fmt: skip
    case(f"rnn {whole}", "simple_rnn", (3, 6, 4), (4, 5), (5, 5), (5,), (3, 5), mask,
         sequences=whole, state=whole)  # fmt: skip
    case(f"gru {whole}", "gru", (3, 6, 4), (4, 15), (5, 15), (2, 15), (3, 5), mask,
         sequences=whole, backwards=whole)  # fmt: skip
case("ctc", "ctc_loss", (4, 13, 7), ("class", (4, 5), 7))
case("ctc of long words", "ctc_loss", (2, 300, 5), ("class", (2, 140), 5))
case("ctc of too long words", "ctc_loss", (3, 4, 5), ("class", (3, 4), 5))
case("concat", "concat", (3, 5), (3, 1), (3, 8))

IDS = [c[0] for c in CASES]
# Of the largest value: results are rounded to 11 and 8 bits, and derivatives are computed from
# rounded results; half a dozen such roundings.
TOLERANCES = {"float32": 1e-5, "float16": 3e-3, "bfloat16": 2.4e-2}

# States are rounded at each of six times; the slope of tanh is taken of a rounded result near 1.
TIMES = {"lstm": 2, "gru": 2, "simple_rnn": 6}


def dtype_of(name):
    if name == "bfloat16":
        return pytest.importorskip("ml_dtypes").bfloat16
    return np.dtype(name)


def weights_for(name, arrays, attrs):
    """A gradient for the output, whose sums do not cancel."""
    rule = PRIMITIVES[name]
    y = rule.forward(*arrays, **attrs)
    shape = (y[0] if rule.saves else y).shape
    return (np.cos(np.arange(np.prod(shape)) * 1.7 + 0.3).reshape(shape) + 0.5).astype(np.float32)


def run(name, arrays, attrs, g):
    """(output, gradients) by the functions of a primitive on arrays."""
    rule = PRIMITIVES[name]
    found = rule.forward(*arrays, **attrs)
    y, saved = found if rule.saves else (found, None)
    more = {"saved": saved} if rule.saves else {}
    if rule.backward_asks_needs:
        more["needs"] = tuple(x is not None and x.dtype.kind not in "iub" for x in arrays)
    return y, [gx for gx in rule.backward(g, y, *arrays, **attrs, **more) if gx is not None]


def inputs_of(identifier, inputs, dtype):
    made = make_inputs(identifier, inputs)
    return [x if x is None or x.dtype.kind in "iub" else x.astype(dtype) for x in made]


def on_both(identifier, name, inputs, attrs, dtype):
    """(of the device, of the host in float64 from the same numbers)."""
    arrays = inputs_of(identifier, inputs, dtype)
    wide = [x if x is None or x.dtype.kind in "iub" else x.astype(np.float64) for x in arrays]
    with backend.device("cpu"):
        g = weights_for(name, wide, attrs).astype(dtype)
        y, gradients = run(name, wide, attrs, g.astype(np.float64))
    device = [None if x is None else on_device(x) for x in arrays]
    found = run(name, device, attrs, on_device(g))
    return [found[0], *found[1]], [y, *gradients]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("identifier", "name", "inputs", "attrs"), CASES, ids=IDS)
def test_the_numbers_of_the_host(gpu, identifier, name, inputs, attrs, dtype):
    found, expected = on_both(identifier, name, inputs, attrs, np.dtype(dtype_of(dtype)))
    assert gpu.waits == []
    times = TIMES.get(name, 1)
    for one, wanted in zip(found, expected, strict=True):
        assert one.dtype == dtype_of(dtype)
        mine = peek(one).astype(np.float32)
        finite = np.isfinite(wanted)
        np.testing.assert_array_equal(np.isfinite(mine), finite)
        limit = times * TOLERANCES[dtype] * np.abs(wanted[finite]).max(initial=0)
        np.testing.assert_allclose(mine[finite], wanted[finite], rtol=0, atol=limit)


@pytest.mark.parametrize(("identifier", "name", "inputs", "attrs"), CASES, ids=IDS)
def test_the_same_bits_twice(gpu, identifier, name, inputs, attrs):
    device = [None if x is None else on_device(x) for x in inputs_of(identifier, inputs, "f4")]
    with backend.device("cpu"):
        g = weights_for(name, inputs_of(identifier, inputs, "f4"), attrs)
    g = on_device(g)
    first, second = (run(name, device, attrs, g) for _ in range(2))
    for one, other in zip([first[0], *first[1]], [second[0], *second[1]], strict=True):
        assert peek(one).tobytes() == peek(other).tobytes()


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_arrays_that_begin_between_fours(gpu, offset):
    """Views whose first element is not at a multiple of four take another way to the same bits."""
    x = np.random.default_rng(0).normal(size=2 * 3 * 4 * 8 + 4).astype(np.float32)
    whole = on_device(x)
    part = whole[offset : offset + 192]
    for name, attrs, shape in (
        ("gelu", {}, (192,)),
        ("max_pool2d", {"pool_size": (2, 2)}, (2, 3, 4, 8)),
        ("average_pool2d", {"pool_size": (2, 2)}, (2, 3, 4, 8)),
        ("batch_norm_training", {}, (24, 8)),
    ):
        host = [x[offset : offset + 192].reshape(shape)]
        g = weights_for(name, host, attrs)
        y, _ = run(name, host, attrs, g)
        expected, (gx,) = run(name, [part.copy().reshape(shape)], attrs, on_device(g))
        found, (other,) = run(name, [part.reshape(shape)], attrs, on_device(g))
        assert peek(found).tobytes() == peek(expected).tobytes()
        assert peek(other).tobytes() == peek(gx).tobytes()
        np.testing.assert_allclose(peek(found), y, rtol=1e-5, atol=1e-5)


def test_a_mean_far_from_zero_costs_the_variance_no_digits(gpu):
    random = np.random.default_rng(0)
    x = (random.normal(size=(3000, 3)) * [0.01, 1, 100] + [100, -1000, 1e4]).astype(np.float32)
    _, (mean, variance, _) = PRIMITIVES["batch_norm_training"].forward(on_device(x))
    exact = x.astype(np.float64)
    np.testing.assert_allclose(peek(mean), exact.mean(axis=0), rtol=2e-7)
    np.testing.assert_allclose(peek(variance), exact.var(axis=0), rtol=1e-5)


@pytest.mark.parametrize("labels", [[0, 3, 1], [-1, 2, 0]])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64"])
def test_a_class_that_is_none_makes_its_loss_not_a_number(gpu, labels, dtype):
    labels = np.array(labels).astype(dtype)
    logits = np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32)
    wrong = (labels.astype(int) < 0) | (labels.astype(int) > 2)
    found, (gx,) = run(
        "softmax_cross_entropy",
        [on_device(logits), on_device(labels)],
        {},
        on_device(np.ones(3, np.float32)),
    )
    np.testing.assert_array_equal(np.isnan(peek(found)), wrong)
    np.testing.assert_array_equal(np.isnan(peek(gx)).all(axis=1), wrong)
    assert np.isfinite(peek(gx)[~wrong]).all()
    assert gpu.waits == []


def test_a_row_that_is_none_is_not_a_number_and_gets_no_gradient(gpu):
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    numbers = np.array([3, 4, -1, 0, 3])
    y, (gt,) = run("embed", [on_device(table), on_device(numbers)], {}, ones(gpu, 5, 3))
    np.testing.assert_array_equal(peek(y)[[0, 3, 4]], table[[3, 0, 3]])
    assert np.isnan(peek(y)[[1, 2]]).all()
    np.testing.assert_array_equal(peek(gt), [[1] * 3, [0] * 3, [0] * 3, [2] * 3])


def ones(gpu, *shape):
    return on_device(np.ones(shape, np.float32))


@pytest.mark.parametrize("name", ["relu", "gelu", "sigmoid", "mean", "sum"])
def test_a_single_number_keeps_its_shape(gpu, name):
    y, (gx,) = run(name, [on_device(np.float32(0.5))], {}, on_device(np.float32(2)))
    expected, (slope,) = run(name, [np.float32([0.5])[0]], {}, np.float32(2))
    assert y.shape == gx.shape == ()
    np.testing.assert_allclose([peek(y), peek(gx)], [expected, slope], rtol=1e-6)


@pytest.mark.parametrize("index", [[], [0, -1, 0], [True, False, True], np.array([[1, 2]])])
def test_rows_by_a_list_of_the_host(gpu, index):
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    host = np.asarray(index, None if len(index) else np.intp)
    g = np.arange(x[host].size, dtype=np.float32).reshape(x[host].shape)
    expected = np.zeros_like(x)
    np.add.at(expected, host, g)
    y, (gx,) = run("getitem", [on_device(x)], {"index": index}, on_device(g))
    np.testing.assert_array_equal(peek(y), x[host])
    np.testing.assert_array_equal(peek(gx), expected)


def test_tables_too_large_to_look_through(gpu, monkeypatch):
    monkeypatch.setattr(gather, "MOST_COMPARISONS", 10)
    numbers = np.array([3, 0, 3])
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    found = gather.summed_rows(on_device(rows), on_device(numbers), 4)
    np.testing.assert_array_equal(peek(found), [[2, 3], [0, 0], [0, 0], [4, 6]])
