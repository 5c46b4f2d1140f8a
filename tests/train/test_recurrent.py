"""Recurrent layers: whole sequences against single steps, masks, states, dropout, files."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import (
    GradientTape,
    Input,
    Model,
    Sequential,
    layers,
    load_model,
    optimizers,
    set_random_seed,
)
from edgekit.train.masks import mask_of
from edgekit.train.ops.gather import summed_rows
from edgekit.train.ops.unstack import unstack
from edgekit.train.tensor import Tensor
from tests.train.keras_goldens import FOLDER, arrays, numbered

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 6, 3)).astype(np.float32)
MASK = RANDOM.random((4, 6)) > 0.4
MASK[0, :2] = False  # nothing before it to be repeated
KINDS = ("SimpleRNN", "GRU", "LSTM")


@pytest.mark.parametrize("kind", KINDS)
def test_weights_in_16_bits(kind):
    """They compute as layers of float32 with the same numbers do, and give 16 bits."""
    narrow, wide = (getattr(layers, kind)(4, dtype=dtype) for dtype in ("float16", "float32"))
    x = X.astype(np.float16)
    y = narrow(x)
    wide.build_for(x.shape)
    wide.set_weights([w.astype(np.float32) for w in narrow.get_weights()])
    assert y.dtype == np.float16
    np.testing.assert_array_equal(y.numpy(), wide(x.astype(np.float32)).numpy().astype(np.float16))


def twins(kind, cell_options=None, **options):
    """A whole-sequence layer and the same cell run step by step, with the same weights."""
    whole = getattr(layers, kind)(3, **(cell_options or {}), **options)
    steps = layers.RNN(getattr(layers, f"{kind}Cell")(3, **(cell_options or {})), **options)
    for layer in (whole, steps):
        layer.build(X.shape)
    steps.set_weights(whole.get_weights())
    return whole, steps


def run(layer, sources, **call):
    """All outputs as arrays, and the gradients of the sum of their squares."""
    with GradientTape() as tape:
        tape.watch(sources)
        outputs = layer(sources[0], **call)
        outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
        loss = sum(((y * y).sum() for y in outputs), start=Tensor(np.float32(0)))
    made = tape.gradient(loss, [*sources, *layer.trainable_weights], unconnected_gradients="zero")
    return [y.numpy() for y in outputs], [g.numpy() for g in made]


def same(first, second):
    for mine, other in zip(first, second, strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)  # sums in another order


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("flags", ["", "sequences", "state", "both", "backwards", "zero"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_sequence_is_its_steps(kind, flags, masked):
    options = {
        "return_sequences": flags in ("sequences", "both", "zero"),
        "return_state": flags in ("state", "both"),
        "go_backwards": flags == "backwards",
        "zero_output_for_mask": flags == "zero",
    }
    whole, steps = twins(kind, **options)
    states = [Tensor(RANDOM.normal(size=(4, 3)).astype(np.float32)) for _ in whole.state_size]
    call = {"mask": MASK} if masked else {}
    same(run(whole, [Tensor(X)], **call), run(steps, [Tensor(X)], **call))
    call["initial_state"] = states
    same(run(whole, [Tensor(X), *states], **call), run(steps, [Tensor(X), *states], **call))


@pytest.mark.parametrize(
    "cell",
    [
        {"dropout": 0.4, "seed": 3},
        {"recurrent_dropout": 0.4, "seed": 3},
        {"dropout": 0.3, "recurrent_dropout": 0.4, "seed": 3},
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_the_same_at_all_times_and_follows_its_seed(kind, cell):
    whole, steps = twins(kind, cell, return_sequences=True)
    inputs = [Tensor(X)]
    dropped = run(whole, inputs, training=True)
    assert np.abs(dropped[0][0] - whole(X).numpy()).max() > 0.01
    same(dropped, run(steps, inputs, training=True))
    assert np.abs(whole(X, training=True).numpy() - dropped[0][0]).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_padding_behind_changes_nothing(kind):
    model = Sequential(
        [Input((6,)), layers.Embedding(5, 3, mask_zero=True), getattr(layers, kind)(4)]
    )
    words = RANDOM.integers(1, 5, (3, 4)).astype(np.float32)
    padded = np.concatenate([words, np.zeros((3, 2), np.float32)], axis=1)
    short = Sequential([Input((4,)), layers.Embedding(5, 3), getattr(layers, kind)(4)])
    short.set_weights(model.get_weights())
    np.testing.assert_allclose(
        model.predict(padded, verbose=0), short.predict(words, verbose=0), rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("kind", [*KINDS, "RNN"])
def test_states_are_kept_between_batches_until_they_are_reset(kind):
    def make(stateful):
        cell = {"cell": [layers.LSTMCell(3), layers.GRUCell(2)]} if kind == "RNN" else {"units": 3}
        return getattr(layers, kind)(**cell, return_sequences=True, stateful=stateful)

    whole, halves = make(False), make(True)
    y = whole(X).numpy()
    halves.build((4, 3, 3))
    halves.set_weights(whole.get_weights())
    for _ in range(2):
        parts = [halves(X[:, :3]).numpy(), halves(X[:, 3:]).numpy()]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), y, rtol=1e-5, atol=1e-6)
        halves.reset_states()
    with pytest.raises(InputError, match="expected batches of 4"):
        halves(X[:2])
    assert len(halves.weights) == len(whole.weights)


def test_a_stateful_layer_needs_a_batch_size():
    with pytest.raises(InputError, match="fixed batch size"):
        layers.LSTM(3, stateful=True)(Input((5, 2)))


class Leaky(layers.Layer):
    """state = rate * state + inputs."""

    def __init__(self, size, rate=0.5, **options):
        super().__init__(**options)
        self.state_size, self.rate = size, rate

    def build(self, input_shape):
        self.gain = self.add_weight((input_shape[-1],), "ones", name="gain")

    def call(self, inputs, states):
        state = states[0] * self.rate + inputs * self.gain
        return state, [state]

    def get_config(self):
        return {**super().get_config(), "size": self.state_size, "rate": self.rate}


def test_a_cell_of_ones_own_runs_trains_and_is_saved(tmp_path):
    set_random_seed(1)
    model = Sequential([Input((6, 3)), layers.RNN(Leaky(3, 0.25)), layers.Dense(1)])
    expected, state = None, np.zeros((4, 3), np.float32)
    for t in range(6):
        state = expected = 0.25 * state + X[:, t]
    np.testing.assert_allclose(model.layers[0](X).numpy(), expected, rtol=1e-6)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, np.ones((4, 1)), verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "leaky.keras")
    again = load_model(tmp_path / "leaky.keras", custom_objects={"Leaky": Leaky})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize("name", ["sequences", "pairs"])
def test_files_of_keras_predict_the_same_and_are_written_again(name, tmp_path):
    found = arrays("sequences_models")
    given = numbered(found, f"{name}/in")
    given = given if len(given) > 1 else given[0]
    model = load_model(FOLDER / f"{name}.keras")
    model.save(tmp_path / "again.keras")
    for one in (model, load_model(tmp_path / "again.keras")):
        outputs = one.predict(given, verbose=0)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        for y, right in zip(outputs, numbered(found, f"{name}/out"), strict=True):
            np.testing.assert_allclose(np.asarray(y), right, rtol=1e-5, atol=1e-5)


def test_masks_go_through_the_layers_that_keep_the_times():
    words = np.array([[1, 2, 0], [3, 0, 0]])
    x = layers.Embedding(4, 2, mask_zero=True)(words)
    np.testing.assert_array_equal(np.asarray(mask_of(x)), words != 0)
    for layer in (
        layers.LSTM(2, return_sequences=True),
        layers.TimeDistributed(layers.Dense(3)),
        layers.Bidirectional(layers.GRU(2, return_sequences=True)),
    ):
        np.testing.assert_array_equal(np.asarray(mask_of(layer(x))), words != 0)
    assert mask_of(layers.LSTM(2)(x)) is None
    y, state = layers.GRU(2, return_sequences=True, return_state=True)(x)
    assert mask_of(y) is not None and mask_of(state) is None


def test_masking_masks_steps_of_one_value():
    x = X.copy()
    x[1, 2:] = -1.0
    y = layers.Masking(mask_value=-1.0)(x)
    np.testing.assert_array_equal(np.asarray(mask_of(y))[1], [True] * 2 + [False] * 4)
    assert not y.numpy()[1, 2:].any() and (y.numpy()[0] == x[0]).all()


def test_time_distributed_gives_its_layer_the_mask():
    outer = layers.TimeDistributed(layers.LSTM(2))
    x = RANDOM.normal(size=(2, 3, 4, 2)).astype(np.float32)
    mask = np.ones((2, 3, 4), bool)
    mask[..., 2:] = False
    y = outer(x, mask=mask).numpy()
    for t in range(3):
        right = outer.layer(x[:, t], mask=mask[:, t]).numpy()
        np.testing.assert_allclose(y[:, t], right, rtol=1e-6)


def test_attention_does_not_look_at_padding():
    query, value = X[:, :4], np.concatenate([X, X * 9], axis=1)
    layer = layers.MultiHeadAttention(2, 3)
    mask = np.arange(12)[None].repeat(4, axis=0) < 6
    y = layer(query, value, value_mask=mask).numpy()
    np.testing.assert_allclose(y, layer(query, X).numpy(), rtol=1e-5, atol=1e-6)
    causal = layer(X, X, use_causal_mask=True).numpy()
    np.testing.assert_allclose(causal[:, 0], layer(X[:, :1], X[:, :1]).numpy()[:, 0], rtol=1e-5)


@pytest.mark.parametrize("count", [1, 7, 500])
def test_rows_are_summed_by_number(count):
    numbers = RANDOM.integers(0, 5, count)
    rows = RANDOM.normal(size=(count, 3))
    right = np.zeros((6, 3))
    np.add.at(right, numbers, rows)
    np.testing.assert_allclose(summed_rows(rows, numbers, 6), right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.LSTM(0), InputError, "positive integer"),
        (lambda: layers.GRU(2, use_cudnn="no"), InputError, "use_cudnn"),
        (lambda: layers.LSTM(2, time_major=True), UnsupportedOperator, "time_major"),
        (lambda: layers.RNN(object()), InputError, "no call and no state_size"),
        (lambda: layers.LSTM(2)(X[0]), ShapeError, "expected 3 axes"),
        (lambda: layers.LSTM(2)(X, initial_state=[X[:, 0]]), InputError, "2 initial states"),
        (lambda: layers.Embedding(0, 2), InputError, "input_dim=0"),
        (lambda: layers.Embedding(3, 2, lora_rank=4), UnsupportedOperator, "low-rank"),
        (lambda: layers.Embedding(3, 2)(np.array([[3]])), ShapeError, "from 0 to 2"),
        (lambda: layers.Bidirectional(3), InputError, "must be a layer"),
        (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="max"), InputError, "merge_mode"),
        (
            lambda: layers.Bidirectional(layers.LSTM(2, go_backwards=True)),
            InputError,
            "opposite directions",
        ),
        (
            lambda: layers.Bidirectional(
                layers.LSTM(2), backward_layer=layers.GRU(2, stateful=True, go_backwards=True)
            ),
            InputError,
            "must agree",
        ),
        (lambda: layers.TimeDistributed(layers.Dense(2))(X[0]), ShapeError, "three axes"),
        (lambda: layers.MultiHeadAttention(0, 2), InputError, "num_heads=0"),
        (lambda: layers.Attention()(X), InputError, "expected a list"),
        (lambda: layers.Attention(score_mode="x"), InputError, "score_mode"),
        (lambda: layers.GroupQueryAttention(2, 3, 2), InputError, "multiple"),
    ],
)
def test_what_is_wrong_is_said(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_models_with_states_train():
    set_random_seed(2)
    inputs = Input((6, 3))
    sequence, hidden, cell = layers.LSTM(4, return_sequences=True, return_state=True)(inputs)
    decoded = layers.LSTM(4)(sequence, initial_state=[hidden, cell])
    model = Model(inputs, layers.Dense(1)(decoded))
    model.compile(optimizers.Adam(0.03), "mse")
    losses = model.fit(X, X[:, 0, :1], epochs=40, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2


def test_steps_of_a_sequence_have_the_gradient_of_indexing():
    x = Tensor(np.random.default_rng(0).normal(size=(2, 5, 3)))
    for order in (1, 2):
        found = []
        for take in (unstack, lambda x: [x[:, t] for t in range(5)]):
            with GradientTape() as outer:
                outer.watch(x)
                with GradientTape() as tape:
                    tape.watch(x)
                    parts = take(x)  # the third is not used, the second twice
                    y = (parts[0] * parts[1]).sum() + (parts[1] ** 3).sum() + parts[4].sum()
                    y = y + (parts[3] * x[:, 2]).sum()
                g = tape.gradient(y, x)
                z = (g**2).sum()
            found.append((g if order == 1 else outer.gradient(z, x)).numpy())
        np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
    with GradientTape() as tape:  # no outer tape: another rule
        tape.watch(x)
        parts = unstack(x)
        y = (parts[0] * parts[1]).sum() + (parts[1] ** 3).sum()
    expected = np.zeros((2, 5, 3))
    a, b = x.numpy()[:, 0], x.numpy()[:, 1]
    expected[:, 0], expected[:, 1] = b, a + 3 * b**2
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), expected, rtol=1e-12)
