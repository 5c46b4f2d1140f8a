"""A microcontroller's own logs: MLPerf Tiny v0.5 on a Nucleo-L4R5ZI.

The device ran TensorFlow Lite Micro and printed its scores. LiteRT's reference kernels give the
rows and the accuracy named below; so must `fixedpoint`.
"""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgekit.interpreter import Interpreter
from tests.material import material

Array = NDArray[Any]


def scores_of(network: str, inputs: list[Array]) -> Array:
    """What the int8 scores stand for, one row an input."""
    path = material(f"tflite/mlperf_tiny/{network}.tflite")
    model = Interpreter(path, arithmetic="fixedpoint")
    rows = [next(iter(model.run(x).values()))[0] for x in inputs]
    return (np.array(rows, np.float64) + 128) / 256


def rows_alike(scores: Array, printed: Array, step: float) -> float:
    """The share of rows in which no number is further from the log than its last digit."""
    return float((np.abs(scores - printed) < step).all(axis=1).mean())


def images(path: Path, places: list[int]) -> list[Array]:
    """Some of the ten thousand pictures that lie side by side in one."""
    picture = pytest.importorskip("PIL.Image").open(path).convert("RGB")
    tiles = np.array(picture).reshape(100, 32, 100, 32, 3).transpose(0, 2, 1, 3, 4)
    pixels = tiles.reshape(-1, 1, 32, 32, 3)[places]
    return list((pixels.astype(np.int16) - 128).astype(np.int8))


def test_keyword_spotting() -> None:
    log = np.load(material("data/mlperf_device_results/mlperf_dev_kws.npz"))
    with zipfile.ZipFile(material("data/kws01/kws01.zip")) as archive:
        files = {name.rsplit("/", 1)[-1]: name for name in archive.namelist()}
        sounds = [np.frombuffer(archive.read(files[name]), np.int8) for name in log["names"]]
    scores = scores_of("kws_ref_model", [sound.reshape(1, 49, 10, 1) for sound in sounds])
    assert rows_alike(scores, log["results"], 1e-3) == 0.991
    assert np.mean(scores.argmax(axis=1) == log["y"]) == 0.901


def test_image_classification() -> None:
    log = np.load(material("data/mlperf_device_results/mlperf_dev_ic.npz"))
    with open(material("data/ic01/ic01_index_in_cifar10_test.csv"), encoding="utf-8") as file:
        places = {row["file"]: int(row["index_in_cifar10_test"]) for row in csv.DictReader(file)}
    mosaic = material("data/cifar10/cifar10_test_mosaic.webp")
    inputs = images(mosaic, [places[str(name)] for name in log["names"]])
    scores = scores_of("pretrainedResnet_quant", inputs)
    assert rows_alike(scores, log["results"], 1e-5) == 0.99
    assert np.mean(scores.argmax(axis=1) == log["y"]) == 0.865
