"""What tables of calls do not say of `keras.ops`: errors, functions of functions, use in a fit."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError, ShapeError, UnsupportedOperator
from edgekit.keras import ops
from edgekit.keras.random import SeedGenerator
from edgekit.train import GradientTape, Input, Layer, Model, Sequential, Tensor, layers

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
PICTURES = np.random.default_rng(1).uniform(size=(2, 6, 8, 3)).astype("float32")

WRONG = [
    (lambda: ops.squeeze(X, 0), "axes of size 1"),
    (lambda: ops.split(X, 3, axis=1), "4 elements do not make 3"),
    (lambda: ops.rot90(X[0]), "two axes or more"),
    (lambda: ops.rot90(X, axes=(0, 0)), "two different axes"),
    (lambda: ops.vander(X), "one axis"),
    (lambda: ops.cross(X, X), "vectors of 2 or 3"),
    (lambda: ops.correlate(X[0], X[1], "some"), "'valid', 'same' or 'full'"),
    (lambda: ops.select([X > 0], [X, X]), "1 conditions do not fit 2"),
    (lambda: ops.segment_sum(X, [0, 1]), "one axis of 3 numbers"),
    (lambda: ops.segment_sum(X, [0, 1, 5], 3), "up to 5 do not fit 3"),
    (lambda: ops.scatter_update(X, [[0]], X[:1], "sum"), "'add', 'max', 'min', 'mul'"),
    (lambda: ops.histogram(X, 0), "positive integer"),
    (lambda: ops.searchsorted(X, X), "must have one axis"),
    (lambda: ops.saturate_cast(X, "complex64"), "dtype of numbers"),
    (lambda: ops.einsum("ij,jk", X), "1 operands were given"),
    (lambda: ops.einsum("ijk", X), "does not fit 2 axes"),
    (lambda: ops.einsum("ij,ij->i", X, X[:2]), "3 and 2 elements along index 'i'"),
    (lambda: ops.rearrange(X, "a b -> a"), "same names on both sides"),
    (lambda: ops.rearrange(X, "a (b c) -> a b c"), "needs the length of 'b' or 'c'"),
    (lambda: ops.rearrange(X, "a (b c) -> a b c", b=3), "does not split"),
    (lambda: ops.depth_to_space(PICTURES, 2), "no multiple of 4"),
    (lambda: ops.space_to_depth(PICTURES, 4), "no multiple of 4"),
    (lambda: ops.fft(X), "a pair of tensors"),
    (lambda: ops.stft(X, 4, 2, 3), "fft_length must be at least"),
    (lambda: ops.stft(X, 2, 1, 2, window="box"), "'hann', 'hamming'"),
    (lambda: ops.scan(lambda c, x: (c, x), 0), "give xs, or length"),
    (lambda: ops.jvp(ops.sin, (X,), ()), "1 primals and 0 tangents"),
    (lambda: ops.ctc_decode(PICTURES[0], [8] * 6, "best"), "'greedy' or 'beam_search'"),
    (lambda: ops.conv(PICTURES, np.ones((2, 2, 2, 4), "float32")), "3 channels do not fit"),
    (lambda: ops.conv(PICTURES, np.ones((2, 2, 3, 4)), 2, dilation_rate=2), "cannot be combined"),
    (lambda: ops.max_pool(X, 2), "3, 4 or 5 axes"),
    (lambda: ops.dot_product_attention(X, X, X), "of 4 axes"),
    (lambda: ops.psnr(X, X[:2], 1.0), "one shape"),
    (lambda: ops.image.crop_images(PICTURES, 1), "give two of three"),
    (lambda: ops.image.pad_images(PICTURES, 9, 0, target_height=7, target_width=9), "become 7"),
    (lambda: ops.image.rgb_to_hsv(PICTURES[..., :2]), "3 channels"),
    (lambda: ops.image.affine_transform(PICTURES, [0] * 8, fill_mode="none"), "'constant'"),
    (lambda: ops.image.map_coordinates(X, [[0.0]], 1), "2 coordinates"),
    (lambda: ops.image.map_coordinates(X, [[0.0], [0.0]], 3), "order must be 0 or 1"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_mistakes_are_named(number):
    call, message = WRONG[number]
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("name", ["nonzero", "unique", "histogram", "where", "ctc_decode"])
def test_shapes_that_values_decide_are_no_part_of_a_model(name):
    arguments = ([4],) if name == "ctc_decode" else ()
    with pytest.raises(ShapeError, match=f"{name}: the values of its input decide"):
        getattr(ops, name)(Input((4, 3)), *arguments)


@pytest.mark.parametrize("part", ["real", "imag", "angle"])
def test_no_tape_goes_through_complex_numbers(part):
    x = Tensor(X[:, :2])
    with GradientTape() as tape:
        tape.watch(x)
        y = getattr(ops, part)(ops.view_as_complex(x))
    with pytest.raises(UnsupportedOperator, match="'part_of_complex'"):
        tape.gradient(y, x)


def test_an_integral_between_places():
    widths = np.diff(X[:, 0])[:, None]
    expected = (widths * (X[1:] + X[:-1]) / 2).sum(0)
    np.testing.assert_allclose(ops.trapezoid(X, X[:, 0], axis=0), expected, rtol=1e-5)


def test_saturating_goes_to_the_ends():
    far = np.array([-1e20, -3.7, 0.0, 3.7, 1e20, 2.0**31], "float32")
    top, bottom = 2147483520, -(2**31)  # the largest float32 below 2**31
    np.testing.assert_array_equal(ops.saturate_cast(far, "int32"), [bottom, -3, 0, 3, top, top])
    np.testing.assert_array_equal(ops.saturate_cast([-5, 300], "uint8"), [0, 255])
    np.testing.assert_array_equal(ops.saturate_cast([-5, 0, 9], "bool"), [False, False, True])


def test_a_gradient_of_ones_own():
    """As Keras' page writes it: the derivative of log(1 + e^x), without overflow."""

    @ops.custom_gradient
    def softplus(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

        return ops.log(1 + e), grad

    x = Tensor([0.0, 1.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = softplus(x)
    np.testing.assert_allclose(tape.gradient(y, x), 1 / (1 + np.exp([0.0, -1.0])), rtol=1e-6)


def test_loops_stop_where_they_are_told_to():
    assert int(ops.while_loop(lambda i: True, lambda i: i + 1, 0, maximum_iterations=5)) == 5
    i, total = ops.while_loop(lambda i, t: i < 4, lambda i, t: [i + 1, t + i], [0, 0])
    assert (int(i), int(total)) == (4, 6)
    assert ops.fori_loop(3, 3, lambda i, v: v + 1, 7) == 7
    branches = [lambda: "first", lambda: "last"]
    assert [ops.switch(i, branches) for i in (-1, 0, 1, 9)] == ["first", "first", "last", "last"]
    assert ops.cond(np.array(False), *branches) == "last"


def test_scans_keep_structures():
    carry, ys = ops.scan(
        lambda c, x: ({"sum": c["sum"] + x[0]}, (x[1], c["sum"])),
        {"sum": Tensor(0.0)}, (X[:, 0], X[:, 1]),
    )  # fmt: skip
    np.testing.assert_allclose(carry["sum"], X[:, 0].sum(), rtol=1e-6)
    np.testing.assert_array_equal(ys[0], X[:, 1])
    np.testing.assert_allclose(ys[1], [0, X[0, 0], X[:2, 0].sum()], rtol=1e-6)
    assert ops.scan(lambda c, _: (c + 1, None), Tensor(0.0), length=3)[1] is None
    pairs = ops.associative_scan(lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (X[:, 0], X[:, 1]))
    state = 0.0
    for k, (factor, move) in enumerate(X[:, :2]):
        state = factor * state + move
        np.testing.assert_allclose(pairs[1][k], state, rtol=1e-5)


def test_vectorized_functions_leave_out_what_they_are_told_to():
    power = ops.vectorize(lambda x, n: x**n, excluded={1})
    np.testing.assert_allclose(power(X, 2), X**2, rtol=1e-6)


def test_derivatives_along_a_direction():
    x, t = np.float32([0.5, 2.0]), np.float32([1.0, -1.0])
    y, slope, aux = ops.jvp(lambda a: (a * a, "more"), (x,), (t,), has_aux=True)
    np.testing.assert_allclose(y, x * x)
    np.testing.assert_allclose(slope, 2 * x * t)
    assert aux == "more"


def test_what_occurs_in_the_order_of_its_first_time():
    values, inverse = ops.unique([3, 1, 3, 2], sorted=False, return_inverse=True)
    np.testing.assert_array_equal(values, [3, 1, 2])
    np.testing.assert_array_equal(np.asarray(values)[inverse], [3, 1, 3, 2])


def test_pictures_are_bent_by_a_seed():
    bent = [ops.image.elastic_transform(PICTURES, 8.0, 2.0, seed=s) for s in (3, 3, 4)]
    np.testing.assert_array_equal(bent[0], bent[1])
    assert np.abs(bent[0].numpy() - bent[2].numpy()).max() > 0.05
    still = ops.image.elastic_transform(PICTURES, 0.0, 2.0, seed=SeedGenerator(1))
    np.testing.assert_allclose(still, PICTURES, atol=1e-6)
    with pytest.raises(InputError, match="interpolation"):
        ops.image.elastic_transform(PICTURES, interpolation="cubic")


def test_windows_go_there_and_back():
    sound = np.random.default_rng(2).normal(size=64).astype("float32")
    again = ops.istft(ops.stft(sound, 8, 4, 8), 8, 4, 8, length=64)
    np.testing.assert_allclose(again, sound, atol=1e-5)
    blocks = ops.unfold(PICTURES.transpose(0, 3, 1, 2), 2, stride=2)
    back = ops.fold(blocks, (6, 8), 2, stride=2)
    np.testing.assert_array_equal(back, PICTURES.transpose(0, 3, 1, 2))


class Attention(Layer):
    """A layer of one's own, made of functions of `keras.ops`."""

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(input_shape[-1], 24), name="weight")

    def call(self, inputs):
        heads = ops.rearrange(ops.einsum("btc,cd->btd", inputs, self.weight),
                              "b t (k n h) -> k b t n h", k=3, n=2)  # fmt: skip
        seen = ops.dot_product_attention(*ops.unstack(heads), is_causal=True)
        return ops.rms_normalization(ops.rearrange(seen, "b t n h -> b t (n h)"))


def test_layers_and_losses_made_of_functions_train():
    def distance(y_true, y_pred):
        return ops.logaddexp(y_true - y_pred, y_pred - y_true)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 5, 6)).astype("float32")
    y = np.tanh(x[:, :1, :1].mean(axis=2)).astype("float32")
    model = Sequential([Input((5, 6)), Attention(), layers.Flatten(), layers.Dense(1)])
    model.compile("adam", distance, metrics=[lambda t, p: ops.psnr(t, p, 2.0)])
    losses = model.fit(x, y, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]


def test_a_model_of_functions_runs_on_batches_of_any_size():
    x = Input((6,))
    scores, places = ops.top_k(ops.sort(x), 2)
    model = Model(
        x,
        [
            scores,
            places,
            ops.quantile(x, 0.5, axis=1),
            ops.logdet(
                ops.matmul(ops.expand_dims(x, -1), ops.expand_dims(x, 1))
                + np.eye(6, dtype="float32")
            ),
        ],
    )
    for count in (1, 5):
        rows = np.random.default_rng(count).normal(size=(count, 6)).astype("float32")
        made = model(rows)
        np.testing.assert_array_equal(made[0], np.sort(rows)[:, ::-1][:, :2])
        np.testing.assert_array_equal(made[1], [[5, 4]] * count)
        np.testing.assert_allclose(made[2], np.median(rows, axis=1), rtol=1e-5)
        np.testing.assert_allclose(made[3], np.log(1 + (rows**2).sum(1)), rtol=1e-4)


def test_refusals_name_the_function():
    with pytest.raises(UnsupportedOperator, match=r"keras\.ops\.depthwise_conv: volumes"):
        ops.depthwise_conv(np.ones((1, 3, 3, 3, 2), "float32"), np.ones((2, 2, 2, 2, 1)))
    with pytest.raises(UnsupportedOperator, match="rms_scaling is deprecated"):
        ops.layer_normalization(X, rms_scaling=True)
    with pytest.raises(EdgekitError, match="sparse"):
        ops.multi_hot([[1]], 3, sparse=True)


WHOLE = (PICTURES * 255).astype("uint8")


@pytest.mark.parametrize("function, expected", [
    (lambda x: ops.image.crop_images(x, 1, 1, 1, 1), WHOLE[:, 1:-1, 1:-1]),
    (lambda x: ops.image.pad_images(x, 1, 0, 0, 0),
     np.pad(WHOLE, ((0, 0), (1, 0), (0, 0), (0, 0)))),
    (lambda x: ops.image.resize(x, (6, 8)), WHOLE),
    (lambda x: ops.image.rgb_to_grayscale(x), np.floor(
        WHOLE @ np.array([[0.2989], [0.5870], [0.1140]], np.float32))),
    (lambda x: ops.image.resize(x, (3, 4)), np.rint(
        WHOLE.reshape(2, 3, 2, 4, 2, 3).astype("float32").mean((2, 4)))),
    (lambda x: ops.image.affine_transform(x, [1, 0, 1, 0, 1, 0, 0, 0])[:, :, :-1], WHOLE[:, :, 1:]),
])  # fmt: skip
def test_pictures_of_integers_stay_integers(function, expected):
    found = function(WHOLE)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected)


def test_hues_are_of_real_numbers():
    with pytest.raises(InputError, match="rgb_to_hsv: expected real numbers"):
        ops.image.rgb_to_hsv(WHOLE)
