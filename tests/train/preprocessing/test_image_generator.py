"""ImageDataGenerator and its changes of pictures: against scipy, of which Keras 2 was made."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.train.preprocessing import transforms
from edgekit.train.preprocessing.generator import ImageDataGenerator
from edgekit.train.preprocessing.pictures import (
    array_to_img,
    img_to_array,
    load_img,
    save_img,
    smart_resize,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:PIL")


def picture(height=9, width=7, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (height, width, channels)).astype("float32")


def by_scipy(x, matrix, fill_mode, cval, order):
    """The transform of each channel by scipy, of which Keras 2 was made."""
    ndimage = pytest.importorskip("scipy.ndimage")
    channels = [
        ndimage.affine_transform(
            x[..., c].astype(np.float64), matrix[:2, :2], matrix[:2, 2],
            order=order, mode=fill_mode, cval=cval,
        )
        for c in range(x.shape[2])
    ]  # fmt: skip
    return np.stack(channels, axis=-1)


def centred(m, height, width):
    middle = np.array([[1, 0, height / 2 - 0.5], [0, 1, width / 2 - 0.5], [0, 0, 1]])
    return middle @ m @ np.linalg.inv(middle)


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("order", [0, 1])
def test_affine_transform_is_that_of_scipy(fill_mode, order):
    x = picture()
    theta, shear = np.deg2rad(33.0), np.deg2rad(11.0)
    rotation = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0],
                         [0, 0, 1]])  # fmt: skip
    shift = np.array([[1, 0, 1.3], [0, 1, -2.4], [0, 0, 1]])
    slanted = np.array([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    matrix = centred(rotation @ shift @ slanted @ np.diag([0.8, 1.3, 1]), 9, 7)
    expected = by_scipy(x, matrix, fill_mode, 12.0, order)
    made = transforms.apply_affine_transform(
        x, theta=33.0, tx=1.3, ty=-2.4, shear=11.0, zx=0.8, zy=1.3, fill_mode=fill_mode, cval=12.0,
        order=order,
    )  # fmt: skip
    # coordinates are float32 here, float64 in scipy: 1e-6 of a pixel times slopes of up to 255
    np.testing.assert_allclose(made, expected, atol=2e-3)


def test_brightness_and_channel_shift():
    x = picture()
    np.testing.assert_array_equal(
        transforms.apply_brightness_shift(x, 0.5, scale=False), (np.trunc(x) * 0.5).astype("uint8")
    )
    shifted = transforms.apply_channel_shift(x, 40)
    np.testing.assert_array_equal(shifted, np.clip(x + 40, x.min(), x.max()))


def test_drawn_parameters_lie_in_their_ranges():
    generator = ImageDataGenerator(
        rotation_range=30, width_shift_range=0.2, height_shift_range=[-2, 0, 2], shear_range=5,
        zoom_range=[0.8, 1.1], channel_shift_range=3, horizontal_flip=True,
        brightness_range=[0.5, 1.5],
    )  # fmt: skip
    np.random.seed(0)
    drawn = [generator.get_random_transform((10, 20, 3)) for _ in range(200)]
    bounds = {
        "theta": (-30, 30), "ty": (-4, 4), "shear": (-5, 5), "zx": (0.8, 1.1), "zy": (0.8, 1.1),
        "channel_shift_intensity": (-3, 3), "brightness": (0.5, 1.5),
    }  # fmt: skip
    for name, (low, high) in bounds.items():
        values = [one[name] for one in drawn]
        assert low <= min(values) < low + 0.1 * (high - low)
        assert high >= max(values) > high - 0.1 * (high - low)
    assert {one["tx"] for one in drawn} == {-2, 0, 2}
    assert 60 < sum(one["flip_horizontal"] for one in drawn) < 140
    assert not any(one["flip_vertical"] for one in drawn)
    again = generator.get_random_transform((10, 20, 3), seed=4)
    assert again == generator.get_random_transform((10, 20, 3), seed=4)


def test_flow_gives_all_pictures_once_and_keeps_labels_with_them():
    x = np.arange(10, dtype="float32").reshape(10, 1, 1, 1) * np.ones((1, 4, 4, 3), "float32")
    batches = ImageDataGenerator(rescale=0.5).flow(x, np.arange(10), batch_size=4, seed=1)
    assert len(batches) == 3 and batches.n == 10
    found = [next(batches) for _ in range(3)]
    assert [len(y) for _, y in found] == [4, 4, 2]
    labels = np.concatenate([y for _, y in found])
    assert sorted(labels) == list(range(10)) and labels.tolist() != list(range(10))
    for images, y in found:
        np.testing.assert_array_equal(images[:, 0, 0, 0], y * 0.5)
    same = ImageDataGenerator(rescale=0.5).flow(x, np.arange(10), batch_size=4, seed=1)
    np.testing.assert_array_equal(next(same)[1], found[0][1])


def test_subsets_share_the_pictures():
    x = np.arange(10, dtype="float32").reshape(10, 1, 1, 1) * np.ones((1, 2, 2, 1), "float32")
    generator = ImageDataGenerator(validation_split=0.3)
    parts = [
        generator.flow(x, np.arange(10), subset=name, batch_size=10, shuffle=False)[0][1].tolist()
        for name in ("validation", "training")
    ]
    assert parts == [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]]


def test_statistics_of_the_data():
    x = np.random.default_rng(0).normal(3, 2, (50, 4, 4, 2))
    generator = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(x)
    made = np.stack([generator.standardize(one) for one in x])
    np.testing.assert_allclose(made.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(0, 1, 2)), 1, atol=1e-4)
    white = ImageDataGenerator(zca_whitening=True, zca_epsilon=1e-9)
    white.fit(x)
    flat = np.stack([white.standardize(one) for one in x]).reshape(50, -1)
    spread = flat.T @ flat / 50
    np.testing.assert_allclose(spread, np.eye(32), atol=1e-3)
    with pytest.warns(UserWarning, match=r"call fit\(x\) first"):
        ImageDataGenerator(featurewise_center=True).standardize(x[0])


def folder_of(tmp_path):
    for name, count in (("cat", 3), ("dog", 2)):
        (tmp_path / name).mkdir()
        for i in range(count):
            save_img(tmp_path / name / f"{i}.png", np.full((6, 8, 3), 40 * i, "uint8"), scale=False)
    return tmp_path


def test_flow_from_directory_reads_classes_and_sizes(tmp_path, capsys):
    batches = ImageDataGenerator().flow_from_directory(
        folder_of(tmp_path), target_size=(3, 4), batch_size=5, shuffle=False
    )
    assert "Found 5 images belonging to 2 classes." in capsys.readouterr().out
    assert batches.class_indices == {"cat": 0, "dog": 1} and batches.num_classes == 2
    assert batches.classes.tolist() == [0, 0, 0, 1, 1]
    x, y = batches[0]
    assert x.shape == (5, 3, 4, 3) and y.tolist() == np.eye(2)[[0, 0, 0, 1, 1]].tolist()
    np.testing.assert_array_equal(x[:, 0, 0, 0], [0, 40, 80, 0, 40])


def test_flow_from_dataframe_takes_a_table(tmp_path, capsys):
    folder_of(tmp_path)
    table = {"filename": ["cat/1.png", "dog/0.png", "none.png"], "class": ["c", "d", "c"]}
    batches = ImageDataGenerator().flow_from_dataframe(
        table, tmp_path, target_size=(6, 8), class_mode="binary", shuffle=False
    )
    assert "1 of 3 files are not there" in capsys.readouterr().out
    assert batches[0][1].tolist() == [0, 1]


def test_flow_from_dataframe_names_arguments_that_do_nothing(tmp_path):
    save_img(tmp_path / "a.png", picture())
    table = {"filename": ["a.png"], "class": ["one"]}
    with pytest.warns(DeprecationWarning, match="has_ext= has no effect"):
        ImageDataGenerator().flow_from_dataframe(table, tmp_path, has_ext=True)
    with pytest.raises(UnsupportedOperator, match="x_column"):
        ImageDataGenerator().flow_from_dataframe(table, tmp_path, x_column="filename")


def test_pictures_go_to_files_and_back(tmp_path):
    x = np.random.default_rng(0).integers(0, 255, (5, 6, 3)).astype("uint8")
    save_img(tmp_path / "x.png", x, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "x.png")), x)
    grey = load_img(tmp_path / "x.png", color_mode="grayscale", target_size=(10, 12))
    assert img_to_array(grey).shape == (10, 12, 1)
    scaled = np.asarray(array_to_img(np.linspace(-1, 1, 12).reshape(2, 2, 3)))
    assert (scaled.min(), scaled.max()) == (0, 255)
    assert smart_resize(picture(20, 10), (4, 4)).shape == (4, 4, 3)
    with pytest.raises(InputError, match=r"not a picture that can be read"):
        (tmp_path / "bad.png").write_bytes(b"nothing")
        load_img(tmp_path / "bad.png")


def test_wrong_arguments_are_refused():
    with pytest.raises(InputError, match=r"fill_mode must be one of"):
        ImageDataGenerator(fill_mode="mirror")
    with pytest.raises(InputError, match=r"subset must be"):
        ImageDataGenerator(validation_split=0.1).flow(np.ones((4, 2, 2, 1)), subset="test")
