"""Data sets of folders and of time series."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import utils
from edgekit.train.preprocessing.pictures import save_img
from edgekit.train.preprocessing.sequence import TimeseriesGenerator


def folder_of(tmp_path, kind):
    for name, count in (("no", 6), ("yes", 4)):
        (tmp_path / name).mkdir()
        for i in range(count):
            value = i + 10 * (name == "yes")
            if kind == "txt":
                (tmp_path / name / f"{i}.txt").write_text(f"text {value}")
            else:
                save_img(tmp_path / name / f"{i}.png", np.full((4, 4, 3), value), scale=False)
    return tmp_path


def values(dataset):
    return sorted(int(v) for x, _ in dataset for v in x[:, 0, 0, 0])


def test_pictures_of_a_folder(tmp_path):
    dataset = utils.image_dataset_from_directory(
        folder_of(tmp_path, "png"), image_size=(4, 4), batch_size=4, seed=1
    )
    assert dataset.class_names == ["no", "yes"] and len(dataset) == 3
    for x, y in dataset:
        assert x.dtype == np.float32
        np.testing.assert_array_equal(y, x[:, 0, 0, 0] >= 10)
    first = [x[:, 0, 0, 0].tolist() for x, _ in dataset]
    assert first != [x[:, 0, 0, 0].tolist() for x, _ in dataset], "each pass has its own order"


def test_a_hidden_folder_is_no_class(tmp_path):
    """As in Keras: notebooks leave .ipynb_checkpoints beside the classes."""
    (folder_of(tmp_path, "png") / ".ipynb_checkpoints").mkdir()
    assert utils.image_dataset_from_directory(tmp_path).class_names == ["no", "yes"]


def test_two_parts_share_the_files(tmp_path):
    folder_of(tmp_path, "png")
    options = {"image_size": (4, 4), "validation_split": 0.3, "seed": 5, "label_mode": "binary"}
    training = utils.image_dataset_from_directory(tmp_path, subset="training", **options)
    validation = utils.image_dataset_from_directory(tmp_path, subset="validation", **options)
    assert len(values(training)) == 7 and len(values(validation)) == 3
    assert sorted(values(training) + values(validation)) == [0, 1, 2, 3, 4, 5, 10, 11, 12, 13]
    both = utils.image_dataset_from_directory(tmp_path, subset="both", **options)
    assert [values(part) for part in both] == [values(training), values(validation)]
    with pytest.raises(InputError, match=r"validation_split and subset"):
        utils.image_dataset_from_directory(tmp_path, validation_split=0.3)


def test_texts_of_a_folder(tmp_path):
    dataset = utils.text_dataset_from_directory(
        folder_of(tmp_path, "txt"), batch_size=3, shuffle=False, label_mode="categorical"
    )
    x, y = dataset[0]
    assert x.tolist() == ["text 0", "text 1", "text 2"] and y.tolist() == [[1, 0]] * 3


def test_the_verbs_of_a_pipeline(tmp_path):
    dataset = utils.image_dataset_from_directory(
        folder_of(tmp_path, "png"), image_size=(4, 4), batch_size=4, shuffle=False
    )
    assert values(dataset.map(lambda x, y: (x * 2, y))) == [2 * v for v in values(dataset)]
    assert len(dataset.take(1)) == 1 and len(dataset.skip(1)) == 2 and len(dataset.repeat(2)) == 6
    assert values(dataset.cache().shuffle(10, seed=1).prefetch(1)) == values(dataset)
    again = dataset.unbatch().batch(5)
    assert [len(y) for _, y in again] == [5, 5] and values(again) == values(dataset)
    left, right = utils.split_dataset(dataset.unbatch(), left_size=0.7)
    assert (len(left), len(right)) == (7, 3)
    first, second = dataset.shard(2, 0), dataset.shard(2, 1)
    assert (first.cardinality(), second.cardinality()) == (2, 1)
    assert sorted(values(first) + values(second)) == values(dataset)
    whole = [x for x, _ in dataset]
    for (x, _), expected in zip(first.as_numpy_iterator(), whole[::2], strict=True):
        assert isinstance(x, np.ndarray)
        np.testing.assert_array_equal(x, expected)


def test_what_a_data_set_cannot_do_is_said(tmp_path, capsys):
    folder_of(tmp_path, "png")
    utils.image_dataset_from_directory(tmp_path, image_size=(4, 4), verbose=False)
    assert capsys.readouterr().out == ""
    for options in ({"pad_to_aspect_ratio": True}, {"data_format": "channels_first"}):
        with pytest.raises(UnsupportedOperator, match=next(iter(options))):
            utils.image_dataset_from_directory(tmp_path, **options)
    with pytest.raises(TypeError, match="colour_mode"):
        utils.image_dataset_from_directory(tmp_path, colour_mode="rgb")


@pytest.mark.parametrize("options", [
    {}, {"sampling_rate": 2}, {"sequence_stride": 3, "batch_size": 4}, {"start_index": 5},
])  # fmt: skip
def test_windows_of_a_series(options):
    data = np.arange(30)
    dataset = utils.timeseries_dataset_from_array(data, data[6:], 4, **options)
    rate, stride = options.get("sampling_rate", 1), options.get("sequence_stride", 1)
    first = options.get("start_index", 0)
    x = np.concatenate([x for x, _ in dataset])
    y = np.concatenate([y for _, y in dataset])
    starts = [s for s in range(first, 30 - 3 * rate, stride) if s - first < 24]
    np.testing.assert_array_equal(x, [[s + rate * i for i in range(4)] for s in starts])
    np.testing.assert_array_equal(y, [data[6:][s - first] for s in starts])


def test_the_old_generator_of_windows():
    data = np.arange(20)
    batches = TimeseriesGenerator(data, data * 10, length=4, sampling_rate=2, batch_size=8)
    x, y = batches[0]
    assert len(batches) == 2 and x[0].tolist() == [0, 2] and y[0] == 40
    assert sum(len(b) for b, _ in (batches[i] for i in range(2))) == 16
