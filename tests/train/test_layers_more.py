"""What the tables of cases cannot say: functional forms, masks, old layers, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError, UnsupportedOperator
from edgekit.train import GradientTape, activations, layers
from edgekit.train.masks import mask_of, set_mask
from edgekit.train.models import Model, Sequential
from edgekit.train.tensor import Tensor

RNG = np.random.default_rng(5)
A, B = (RNG.normal(size=(3, 4, 5)).astype(np.float32) for _ in range(2))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (layers.add, A + B),
        (layers.subtract, A - B),
        (layers.multiply, A * B),
        (layers.average, (A + B) / 2),
        (layers.maximum, np.maximum(A, B)),
        (layers.minimum, np.minimum(A, B)),
        (layers.concatenate, np.concatenate([A, B], axis=-1)),
        (lambda xs: layers.concatenate(xs, axis=1), np.concatenate([A, B], axis=1)),
        (lambda xs: layers.dot(xs, axes=2), np.einsum("bik,bjk->bij", A, B)),
        (lambda xs: layers.dot(xs, axes=(1, 1)), np.einsum("bki,bkj->bij", A, B)),
    ],
)
def test_functional_forms(function: Any, expected: np.ndarray) -> None:
    np.testing.assert_allclose(function([A, B]).numpy(), expected, rtol=1e-5, atol=1e-6)
    x, y = layers.Input((4, 5)), layers.Input((4, 5))
    model = Model([x, y], function([x, y]))
    np.testing.assert_allclose(model([A, B]).numpy(), expected, rtol=1e-5, atol=1e-6)


def masked(x: np.ndarray, mask: Any) -> Tensor:
    tensor = Tensor(x)
    set_mask(tensor, Tensor(np.array(mask)))
    return tensor


LEFT = np.arange(12).reshape(3, 4) % 3 > 0
RIGHT = np.arange(12).reshape(3, 4) % 4 > 1


def test_merged_masks() -> None:
    both = [masked(A, LEFT), masked(B, RIGHT)]
    np.testing.assert_array_equal(mask_of(layers.Add()(both)).numpy(), LEFT | RIGHT)
    assert mask_of(layers.Add()([both[0], Tensor(B)])) is None
    joined = mask_of(layers.Concatenate()(both)).numpy()
    np.testing.assert_array_equal(joined, LEFT | RIGHT)
    joined = mask_of(layers.Concatenate(axis=1)([both[0], Tensor(B)])).numpy()
    np.testing.assert_array_equal(joined, np.concatenate([LEFT, np.ones_like(RIGHT)], axis=1))
    assert mask_of(layers.Dot(axes=2)(both)) is None


@pytest.mark.parametrize(
    ("layer", "function", "nothing"),
    [
        (layers.Multiply(), np.multiply, 1.0),
        (layers.Maximum(), np.maximum, -np.inf),
        (layers.Minimum(), np.minimum, np.inf),
    ],
)
def test_what_masks_leave_out_takes_no_part(layer: Any, function: Any, nothing: float) -> None:
    left, right = LEFT[..., None], RIGHT[..., None]
    expected = function(np.where(left, A, nothing), np.where(right, B, nothing))
    found = layer([masked(A, LEFT), masked(B, RIGHT)]).numpy()
    there = LEFT | RIGHT
    np.testing.assert_allclose(found[there], expected[there], rtol=1e-6)
    if nothing == 1.0:
        assert (found[~there] == 0).all()
    one_sided = layer([masked(A, LEFT), Tensor(B)]).numpy()
    np.testing.assert_allclose(one_sided, function(np.where(left, A, nothing), B), rtol=1e-6)


def test_masks_pass_through_activations_noise_and_norms() -> None:
    x = masked(A, LEFT)
    for layer in (layers.ReLU(), layers.Dropout(0.5), layers.LayerNormalization(), layers.PReLU()):
        np.testing.assert_array_equal(mask_of(layer(x)).numpy(), LEFT)
    assert mask_of(layers.GlobalAveragePooling1D()(x)) is None


def test_average_over_the_steps_of_the_mask_it_was_handed() -> None:
    found = layers.GlobalAveragePooling1D()(masked(A, LEFT)).numpy()
    expected = [row[kept].mean(axis=0) for row, kept in zip(A, LEFT, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_softmax_over_what_a_mask_leaves() -> None:
    x, kept = A[:, :, 0], LEFT
    found = layers.Softmax()(x, mask=kept).numpy()
    powers = np.exp(x) * kept
    np.testing.assert_allclose(found, powers / powers.sum(-1, keepdims=True), rtol=1e-5, atol=1e-7)


def test_thresholded_relu() -> None:
    with pytest.warns(DeprecationWarning, match=r"use ReLU\(threshold=theta\)"):
        layer = layers.ThresholdedReLU(theta=0.5)
    np.testing.assert_array_equal(layer(A).numpy(), np.where(A > 0.5, A, 0))
    np.testing.assert_array_equal(layers.ReLU(threshold=0.5)(A).numpy(), layer(A).numpy())
    assert layer.get_config()["theta"] == 0.5
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(InputError, match="theta must be a number of at least 0"),
    ):
        layers.ThresholdedReLU(theta=-1)


def test_activations_with_arguments() -> None:
    x = A.reshape(6, 10)
    sigmoid = 1 / (1 + np.exp(-x[:, 5:]))
    np.testing.assert_allclose(activations.glu(Tensor(x)).numpy(), x[:, :5] * sigmoid, rtol=1e-5)
    with pytest.raises(UnsupportedOperator, match="even number of entries along axis -1"):
        activations.glu(Tensor(A))
    found = activations.threshold(Tensor(x), 0.3, -2.0).numpy()
    np.testing.assert_array_equal(found, np.where(x > 0.3, x, np.float32(-2)))
    found = activations.celu(Tensor(x), alpha=0.7).numpy()
    expected = np.where(x > 0, x, 0.7 * np.expm1(np.minimum(x, 0) / 0.7))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_sparsemax_lies_on_the_simplex() -> None:
    """Keras 3.15 gives rows that do not sum to 1; this is the function of the paper."""
    y = activations.get("sparsemax")(Tensor(A[:, :, 0] * 3)).numpy()
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-6)
    assert (y == 0).any()


def test_prelu_learns() -> None:
    layer = layers.PReLU(shared_axes=[1], alpha_initializer="ones", alpha_constraint="non_neg")
    with GradientTape() as tape:
        y = layer(A)
    assert layer.alpha.shape == (1, 5)
    gradient = tape.gradient(y, layer.alpha).numpy()
    np.testing.assert_allclose(gradient, np.minimum(A, 0).sum((0, 1))[None], rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Conv1D(2, (3, 3)), "`kernel_size` must be an integer or one integer"),
        (lambda: layers.Conv2D(2, 3, padding="causal"), "`padding` must be 'same' or 'valid'"),
        (lambda: layers.Conv1D(2, 3, padding="full"), "'same' or 'valid' or 'causal'"),
        (lambda: layers.Conv2DTranspose(2, 3, strides=2, output_padding=2), "smaller than strides"),
        (lambda: layers.Cropping2D(((1, 1), (1, -1))), "`cropping` must be a number of at least 0"),
        (lambda: layers.ZeroPadding3D((1, 2)), "for each of 3 axes"),
        (lambda: layers.RepeatVector(0), "n must be an integer of at least 1"),
        (lambda: layers.Dot(axes=0), "not the batch axis 0"),
        (lambda: layers.UnitNormalization(axis="last"), "axis must be an integer"),
        (lambda: layers.SpectralNormalization(layers.Dense(2), 0), "power_iterations must be"),
        (lambda: layers.MaxPooling2D(data_format="first"), "`data_format` must be"),
    ],
)
def test_wrong_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (layers.Cropping1D(3, name="c"), [(2, 6, 1)], "layer 'c': nothing is left"),
        (layers.GroupNormalization(3, name="g"), [(2, 4)], "layer 'g': 4 channels"),
        (layers.Dot(axes=1, name="d"), [(2, 3), (2, 4)], "layer 'd': the axes 1 have different"),
        (layers.Dot(axes=2, name="d"), [(2, 3), (2, 4)], "layer 'd': axes=2 are not all there"),
        (layers.Conv1D(2, 9, name="c"), [(2, 4, 1)], "layer 'c': a window of 9 does not fit"),
        (layers.Conv1D(2, 3, name="c"), [(2, 4, 4, 1)], "layer 'c'.*expected 3 axes"),
        (layers.MaxPooling3D(name="p"), [(2, 4, 4, 1)], "layer 'p'.*expected 5 axes"),
    ],
)
def test_wrong_inputs_name_the_layer(layer: Any, shapes: Any, message: str) -> None:
    inputs = [np.zeros(shape, np.float32) for shape in shapes]
    with pytest.raises(ShapeError, match=message):
        if len(shapes) == 1:
            layer.compute_output_shape(shapes[0]) if len(shapes[0]) == 3 else None
        layer(inputs if len(inputs) > 1 else inputs[0])


def test_a_kernel_that_is_not_there_cannot_be_normalized() -> None:
    with pytest.raises(InputError, match="no weight called 'kernel' or 'embeddings'"):
        layers.SpectralNormalization(layers.BatchNormalization())(A)


def test_the_bias_of_attention_keys_has_no_gradient():
    """It adds the same number to all scores of a query, which softmax does not see: what is left is
    rounding, of which optimizers that divide by its size make steps, here and in Keras alike.
    """
    x = np.random.default_rng(0).normal(size=(4, 5, 6)).astype("f4")
    heads = layers.MultiHeadAttention(2, 3)
    heads(x, x)
    with GradientTape() as tape:
        loss = (heads(x, x) ** 2).mean()
    found = dict(
        zip(
            [v.path.partition("/")[2] for v in heads.trainable_variables],
            tape.gradient(loss, heads.trainable_variables),
            strict=True,
        )
    )
    assert np.abs(found["key/kernel"].numpy()).max() > 1e-3
    assert np.abs(found["key/bias"].numpy()).max() < 1e-7


def test_the_shape_behind_a_gated_activation_is_half():
    x = layers.Input((6,))
    assert layers.Activation("glu")(x).shape == (None, 3)
    assert layers.Dense(8, activation="glu")(x).shape == (None, 4)
    pictures = layers.Input((8, None, 3))
    assert layers.Conv2D(4, 3, activation="glu")(pictures).shape == (None, 6, None, 2)
    for first in ([], [layers.Input((6,))]):
        model = Sequential([*first, layers.Dense(8, activation="glu"), layers.Dense(2)])
        assert model(np.ones((3, 6), "f4")).shape == (3, 2)
        assert model.output_shape == (None, 2)


@pytest.mark.parametrize("name", ["FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"])
def test_layers_of_other_frameworks_say_what_to_do(name: str) -> None:
    with pytest.raises(UnsupportedOperator, match=rf"{name} runs .*, which edgekit cannot: \w+"):
        getattr(layers, name)(object(), name="x")
    with pytest.raises(UnsupportedOperator, match=name):  # in a file of Keras too
        layers.CLASSES[name].from_config({"name": "x", "module": {}})


def test_a_reversible_embedding_masks_words_alone() -> None:
    layer = layers.ReversibleEmbedding(7, 3, mask_zero=True)
    words = np.array([[1, 0, 2]])
    vectors = layer(words)
    np.testing.assert_array_equal(mask_of(vectors).numpy(), words != 0)
    logits = layer(vectors, reverse=True)
    assert logits.shape == (1, 3, 7)
    expected = vectors.numpy() @ layer.embeddings.numpy().T
    np.testing.assert_allclose(logits.numpy(), expected, rtol=1e-6)
    inputs = layers.Input((3,), dtype="int32")
    model = Model(inputs, layer(layer(inputs), reverse=True))
    assert model.output_shape == (None, 3, 7)
    np.testing.assert_array_equal(model(words).numpy(), logits.numpy())
    assert len(model.trainable_weights) == 1


def test_a_pipeline_runs_its_layers_in_training_by_itself() -> None:
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Dropout(0.5, seed=1)])
    x = np.ones((4, 50), np.float32)
    assert set(np.unique(pipeline(x).numpy())) == {0.0, 4.0}
    np.testing.assert_array_equal(pipeline(x, training=False).numpy(), 2 * x)
    model = Sequential([layers.Input((50,)), pipeline])
    np.testing.assert_array_equal(model(x).numpy(), 2 * x)
    with pytest.raises(InputError, match="layers must be layers"):
        layers.Pipeline([layers.Rescaling(2.0), 3])


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_adaptive_pooling_takes_the_windows_of_the_formula(kind: str) -> None:
    """Sizes that do not divide, larger outputs than inputs too."""
    reduce = np.mean if kind == "Average" else np.max
    for size, count in [(7, 3), (10, 4), (5, 5), (3, 7), (9, 1), (11, 8)]:
        x = RNG.normal(size=(2, size, 3)).astype(np.float32)
        windows = [x[:, i * size // count : -(-(i + 1) * size // count)] for i in range(count)]
        expected = np.stack([reduce(w, axis=1) for w in windows], axis=1)
        found = getattr(layers, f"Adaptive{kind}Pooling1D")(count)(x).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(ShapeError, match="spatial sizes of its input must be known"):
        layers.AdaptiveMaxPooling1D(2)(layers.Input((None, 3)))
