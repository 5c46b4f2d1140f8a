"""A `.keras` or `.h5` file becomes the graph of the model that was saved."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError, ModelFormatError
from edgekit.importers import load
from edgekit.interpreter import Interpreter
from edgekit.train import Sequential, layers
from tests.material import material

h5py = pytest.importorskip("h5py")

# float32 sums in another order than TensorFlow's, of probabilities
H5_FILES = [
    "mlperf_tiny/pretrainedResnet.h5", "mlperf_tiny/vww_96.h5", "moonflower/mnist_model.h5",
    "tinymaix/cifar10.h5", "tinymaix/mnist_dw.h5", "tinymaix/mnist_resnet.h5",
    "tinymaix/mnist_valid.h5",
]  # fmt: skip


def saved(path: Path) -> Sequential:
    model = Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(3, 3, activation="relu", name="features"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax", name="classes"),
        ]
    )
    model.save(path)
    return model


def test_the_graph_computes_what_the_model_computes(tmp_path: Path) -> None:
    model = saved(tmp_path / "m.keras")
    graph = load(tmp_path / "m.keras")
    assert {"features", "classes"} <= {node.name for node in graph.nodes}
    x = np.random.default_rng(0).normal(size=(5, 6, 6, 2)).astype(np.float32)
    # Both in float32, summed in another order: a few units in the last place of numbers below 1.
    np.testing.assert_allclose(
        Interpreter(graph).predict(x), model.predict(x, verbose=0), atol=1e-6
    )


def test_another_suffix_is_explained(tmp_path: Path) -> None:
    saved(tmp_path / "m.keras")
    (tmp_path / "m.keras").rename(tmp_path / "m.zip")
    with pytest.raises(InputError, match="is an archive; a Keras model must have the suffix .ker"):
        load(tmp_path / "m.zip")


def test_an_archive_that_is_no_model_is_one_clear_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("readme.txt", "no model")
    with pytest.raises(EdgekitError, match="m.keras"):
        load(tmp_path / "m.keras")


def test_a_damaged_archive_is_one_clear_error(tmp_path: Path) -> None:
    saved(tmp_path / "m.keras")
    data = (tmp_path / "m.keras").read_bytes()
    (tmp_path / "m.keras").write_bytes(data[: len(data) // 2])
    with pytest.raises(EdgekitError, match="m.keras"):
        load(tmp_path / "m.keras")


@pytest.mark.parametrize("name", H5_FILES)
def test_graphs_of_hdf5_files_compute_what_keras_computes(name: str) -> None:
    path = material(f"keras/{name}")
    with np.load(material(f"expected/keras/{name}.npz")) as expected:
        found = Interpreter(load(path)).predict(expected["in0"])
        np.testing.assert_allclose(found, expected["out0"], atol=1e-5)


@pytest.mark.filterwarnings("ignore:model.save:DeprecationWarning")
def test_hdf5_files_are_known_by_their_content(tmp_path: Path) -> None:
    saved(tmp_path / "m.h5")
    expected = str(load(tmp_path / "m.h5"))
    for name in ("m.hdf5", "m.keras", "m.bin"):
        (tmp_path / name).write_bytes((tmp_path / "m.h5").read_bytes())
        assert str(load(tmp_path / name)) == expected
    (tmp_path / "m.keras").unlink()
    saved(tmp_path / "m.keras")
    expected = str(load(tmp_path / "m.keras"))
    (tmp_path / "m.keras").rename(tmp_path / "archive.h5")
    assert str(load(tmp_path / "archive.h5")) == expected


def test_weights_alone_are_refused_with_what_to_do(tmp_path: Path) -> None:
    saved(tmp_path / "m.keras").save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ModelFormatError, match=(
        r"m\.weights\.h5 holds weights without an architecture: make the model in Python, call "
        r"model\.load_weights\(.*m\.weights\.h5.*\), then model\.save to a \.keras file"
    )) as caught:  # fmt: skip
        load(tmp_path / "m.weights.h5")
    assert not getattr(caught.value, "__notes__", [])  # the file is named once


def test_other_hdf5_files_are_called_by_what_they_hold(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["x_train"] = np.zeros(3)
    with pytest.raises(ModelFormatError, match=r"m\.h5 holds no Keras model, only x_train"):
        load(tmp_path / "m.h5")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    with pytest.raises(ModelFormatError, match=r"empty\.h5 holds no Keras model; it is empty"):
        load(tmp_path / "empty.h5")
