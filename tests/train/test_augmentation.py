"""Layers that change pictures: what they draw, what becomes of labels, what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, ShapeError
from edgekit.train import GradientTape, Tensor, layers
from edgekit.train.layers.preprocessing.distortions import perspective_maps

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(0, 255, (40, 8, 6, 3)).astype(np.float32)
LABELS = np.eye(4, dtype=np.float32)[RNG.integers(0, 4, 40)]


@pytest.mark.parametrize("kind", ["MixUp", "CutMix"])
def test_labels_are_mixed_as_the_pictures_are(kind):
    """A picture whose pixels all have one value: its mean is the share of each label."""
    flat = np.broadcast_to(np.arange(40, dtype=np.float32)[:, None, None, None], (40, 8, 6, 3))
    rows = np.eye(40, dtype=np.float32)
    made = getattr(layers, kind)(seed=1)({"images": flat, "labels": rows}, training=True)
    labels = made["labels"].numpy()
    np.testing.assert_allclose(labels.sum(1), 1, rtol=1e-6)
    assert (labels.max(1) < 0.999).any()
    if kind == "MixUp":  # the area of a box has fractions of pixels
        np.testing.assert_allclose(
            made["images"].numpy().mean((1, 2, 3)), labels @ np.arange(40), rtol=1e-4, atol=1e-4
        )
    still = getattr(layers, kind)(seed=1)({"images": flat, "labels": rows}, training=False)
    np.testing.assert_array_equal(still["labels"].numpy(), rows)
    np.testing.assert_array_equal(still["images"].numpy(), flat)


def test_the_share_of_a_box_is_its_area():
    layer = layers.CutMix(seed=2)
    drawn = layer.get_random_transformation(np.zeros((200, 64, 48, 3)))
    found = 1 - drawn["batch_masks"].reshape(200, -1).mean(1)
    # pixels at two edges of the box count or not: 2 of 48 and of 64
    np.testing.assert_allclose(found, drawn["mix_weight"], atol=1 / 48 + 1 / 64)
    assert sorted(drawn["permutation_order"]) == list(range(200))


def test_other_layers_keep_labels_and_pipelines_take_both():
    pipeline = layers.Pipeline([layers.RandomHue(0.3, seed=1), layers.MixUp(seed=1)])
    made = pipeline({"images": PICTURES, "labels": LABELS})
    assert not np.array_equal(made["images"].numpy(), PICTURES)
    np.testing.assert_allclose(made["labels"].numpy().sum(1), 1, rtol=1e-6)
    kept = layers.RandomInvert((1.0, 1.0))({"images": PICTURES, "labels": LABELS})
    np.testing.assert_array_equal(kept["labels"].numpy(), LABELS)
    np.testing.assert_array_equal(kept["images"].numpy(), 255 - PICTURES)
    for wrong in ({"images": PICTURES, "bounding_boxes": LABELS}, {"labels": LABELS}):
        with pytest.raises(InputError, match="expected pictures .* under 'images'"):
            layers.RandomInvert()(wrong)


def test_drawn_amounts_lie_in_their_ranges():
    many = np.zeros((400, 4, 4, 3), np.float32)

    def drawn(layer):
        return layer.get_random_transformation(many)

    shifts = drawn(layers.RandomPosterization((2, 5), seed=1))["shift_factor"]
    assert set(shifts) == {4, 5, 6}
    assert set(drawn(layers.RandomPosterization((3, 3), seed=1))["shift_factor"]) == {5}
    hue = drawn(layers.RandomHue((0.2, 0.6), seed=1))["factor"]
    assert 0.1 <= abs(hue).min() < 0.11 and 0.29 < abs(hue).max() <= 0.3
    assert 140 < (hue < 0).sum() < 260
    saturation = drawn(layers.RandomSaturation((0.2, 0.5), seed=1))["factor"]
    assert 0.25 <= saturation.min() < 0.27 and 0.97 < saturation.max() <= 1
    shear = drawn(layers.RandomShear((0.1, 0.3), 0.2, seed=1))["shear_factor"]
    assert 0.1 <= abs(shear[:, 0]).min() < 0.12 and 0.28 < abs(shear[:, 0]).max() <= 0.3
    assert (np.sign(shear).min(1) == np.sign(shear).max(1)).all()
    assert (shear < 0).any() and (shear > 0).any()
    solar = drawn(layers.Solarization(0.2, (0.4, 0.6), seed=1))
    assert 0 <= solar["additions"].min() < 1 and 50 < solar["additions"].max() <= 51
    chosen = drawn(layers.RandomInvert(0.5, seed=1))["apply_inversion"]
    assert 60 < chosen.sum() < 140  # a quarter: the probability is drawn from 0 to 0.5
    erased = drawn(layers.RandomErasing(scale=(0.25, 0.25), seed=1))
    assert erased["batch_masks"].mean() == pytest.approx(0.25, abs=0.02)
    assert erased["fill_value"].min() == 0 and erased["fill_value"].max() == 255


def test_jitter_is_one_change_after_the_other():
    jitter = layers.RandomColorJitter((0, 255), 0.2, 0.3, (0.3, 0.6), 0.2, seed=4)
    drawn = jitter.get_random_transformation(PICTURES)
    assert [list(part) for part in drawn] == [
        ["rgb_delta"], ["contrast_factor"], ["factor"], ["factor"],
    ]  # fmt: skip
    expected = Tensor(PICTURES)
    for step, part in zip(
        [
            layers.RandomBrightness(0.2),
            layers.RandomContrast(0.3),
            layers.RandomSaturation((0.3, 0.6)),
            layers.RandomHue(0.2),
        ],
        drawn,
        strict=True,
    ):
        expected = step.transform_images(expected, part)
    found = jitter.transform_images(Tensor(PICTURES), drawn)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())
    still = layers.RandomColorJitter()(PICTURES, training=True)
    np.testing.assert_array_equal(still.numpy(), PICTURES)


def test_corners_go_where_they_are_sent():
    start = np.float32([[[0, 0], [5, 0], [0, 7], [5, 7]]])
    end = start + RNG.uniform(-1, 1, start.shape).astype(np.float32)
    [m] = perspective_maps(start, end).astype(np.float64)
    for (x, y), (u, v) in zip(end[0], start[0], strict=True):
        k = m[6] * x + m[7] * y + 1
        found = ((m[0] * x + m[1] * y + m[2]) / k, (m[3] * x + m[4] * y + m[5]) / k)
        np.testing.assert_allclose(found, (u, v), atol=1e-4)


def test_bent_pictures_keep_their_values_and_move_smoothly():
    ramp = np.broadcast_to(np.arange(64, dtype=np.float32)[:, None, None], (1, 64, 64, 1)) * 3
    layer = layers.RandomElasticTransform((1, 1), (0.5, 0.5), seed=3)
    y = layer(ramp, training=True).numpy()
    moved = (y - ramp) / 3  # pixels up or down
    assert 0.02 < abs(moved).max() < 20 and abs(np.diff(moved, axis=2)).max() < 3
    assert ramp.min() <= y.min() and y.max() <= ramp.max()
    none = layers.RandomElasticTransform(scale=0.0)(ramp, training=True)
    np.testing.assert_array_equal(none.numpy(), ramp)


def test_equal_tones_and_flat_pictures():
    x = (PICTURES[:1] ** 2 / 255).astype(np.float32)
    y = layers.Equalization()(x, training=True).numpy()
    counts = np.histogram(y[..., 0], 4, (0, 255))[0]
    assert counts.min() >= 8 and counts.max() <= 16  # of 48
    flat = np.full((2, 4, 4, 3), 7.0, np.float32)
    for layer in (layers.Equalization(), layers.AutoContrast()):
        np.testing.assert_array_equal(layer(flat, training=True).numpy(), flat)
    wide = layers.AutoContrast()(PICTURES / 4 + 10, training=False).numpy()
    np.testing.assert_allclose(wide.min((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(wide.max((1, 2)), 255, rtol=1e-6)


def test_boxes_are_brought_to_one_number():
    layer = layers.MaxNumBoundingBoxes(3, fill_value=-7)
    boxes = RNG.uniform(size=(2, 4, 4)).astype(np.float32)
    numbers = np.arange(8, dtype=np.float32).reshape(2, 4)
    given = {"images": PICTURES[:2], "bounding_boxes": {"boxes": boxes, "labels": numbers}}
    made = layer(given)["bounding_boxes"]
    np.testing.assert_array_equal(made["boxes"].numpy(), boxes[:, :3])
    np.testing.assert_array_equal(made["labels"].numpy(), numbers[:, :3])
    few = {"boxes": boxes[:, :1], "labels": numbers[:, :1]}
    made = layer({"images": PICTURES[:2], "bounding_boxes": few})
    found = made["bounding_boxes"]
    np.testing.assert_array_equal(found["boxes"].numpy()[:, :1], boxes[:, :1])
    assert (found["boxes"].numpy()[:, 1:] == -7).all() and found["labels"].shape == (2, 3)
    np.testing.assert_array_equal(made["images"].numpy(), PICTURES[:2])
    again = layers.MaxNumBoundingBoxes.from_config(layer.get_config())
    assert again.fill_value == -7 and again.max_number == 3
    with pytest.raises(InputError, match="must hold 'boxes' and 'labels'"):
        layer({"images": PICTURES[:2], "bounding_boxes": {"boxes": boxes}})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomHue", {"factor": (0.2, 0.2)}),
        ("RandomSaturation", {"factor": (0.4, 0.4)}),
        ("RandomColorDegeneration", {"factor": (0.4, 0.4)}),
        ("RandomSharpness", {"factor": (0.4, 0.4)}),
        ("RandomGaussianBlur", {}),
        ("RandomShear", {"x_factor": (0.2, 0.2)}),
        ("RandomPerspective", {"scale": 0.4}),
        ("AutoContrast", {}),
    ],
)
def test_gradients_go_through(name, arguments):
    """Along a random direction, by differences in float64."""
    layer = getattr(layers, name)(**arguments, dtype="float64")
    x = RNG.uniform(20, 230, (2, 5, 6, 3))
    drawn = layer.get_random_transformation(x)
    weight, direction = RNG.normal(size=x.shape), RNG.normal(size=x.shape)
    variable = Tensor(x)
    with GradientTape() as tape:
        tape.watch(variable)
        loss = (layer.transform_images(variable, drawn) * weight).sum()
    found = float((tape.gradient(loss, variable).numpy() * direction).sum())
    up, down = (
        (layer.transform_images(Tensor(x + side * 1e-4 * direction), drawn).numpy() * weight).sum()
        for side in (1, -1)
    )
    assert found == pytest.approx((up - down) / 2e-4, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.RandomGrayscale(1.5), InputError, "from 0 to 1"),
        (lambda: layers.RandomGrayscale()(PICTURES[..., :2], training=True), ShapeError, "of 3"),
        (lambda: layers.RandomHue(-0.5), InputError, "from 0.0 to 1.0"),
        (lambda: layers.RandomHue(0.5, value_range=255), InputError, "value_range must be two"),
        (lambda: layers.RandomPosterization(9), InputError, "from 1 to 8"),
        (lambda: layers.RandomShear(fill_mode="mirror"), InputError, "fill_mode"),
        (lambda: layers.RandomPerspective(scale=2), InputError, "scale must be a number"),
        (lambda: layers.RandomGaussianBlur(kernel_size=4), InputError, "must be an odd number"),
        (lambda: layers.RandomErasing(fill_value=[1, 2]), InputError, "a number, or three"),
        (lambda: layers.Equalization(bins=0), InputError, "bins must be a positive integer"),
    ],
)
def test_wrong_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
