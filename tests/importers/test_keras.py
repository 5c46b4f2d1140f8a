"""A `.keras` file becomes the graph of the model that was saved."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import EdgekitError, InputError
from edgekit.importers import load
from edgekit.interpreter import Interpreter
from edgekit.train import Sequential, layers

pytest.importorskip("h5py")


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
