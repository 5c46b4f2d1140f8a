"""What quantization-aware training wins back: `python benchmarks/quantization_training.py`.

A network of depthwise separable convolutions with linear bottlenecks learns digits (MNIST, at half
the size) as a camera with hot pixels shows them: in each picture two pixels are 48 times as bright
as white. int8 has one scale for the picture, so white has 5 steps left, the difficulty of 3 bits.
Each seed trains in float, then

* converts as it is (calibration with 200 training pictures), and
* trains on for some epochs in two ways, with the same data, optimizer and rate: in float, then
  converted, and with `quantize_model`, then converted with the ranges that it learned.

All int8 figures are of the interpreter, on the first 5,000 test pictures.

`--network GRU` (or LSTM, SimpleRNN) reads the same pictures row by row instead.
"""

from __future__ import annotations

import argparse
import gzip
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

import edgekit
from edgekit.train import Model, Sequential, layers, losses, models, optimizers, set_random_seed
from edgekit.train.quantization import quantize_model

ROOT = Path(__file__).resolve().parent.parent
MATERIAL = Path(os.environ.get("EDGEKIT_MATERIAL", ROOT.parent / "shared" / "material"))
HOT_PIXELS, BRIGHTNESS = 2, 48.0
RATE, LATER_RATE = 2e-3, 5e-4


def digits(part: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (count, 14, 14, 1) with hot pixels, white is 1; labels."""
    folder = MATERIAL / "data" / "mnist"
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    halved = pixels[:count].reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4), dtype=np.float64)
    pictures = (halved / 255).astype(np.float32)
    rng = np.random.default_rng(len(part))
    rows = np.arange(len(pictures))[:, None]
    places = rng.integers(0, 14, (2, len(pictures), HOT_PIXELS))
    pictures[rows, places[0], places[1]] = BRIGHTNESS
    return pictures, labels[:count].astype(np.int32)


def network() -> Any:
    """Blocks of expansion, depthwise convolution and linear projection, as in MobileNetV2."""
    stack: list[Any] = [layers.Input((14, 14, 1))]
    stack += [layers.Conv2D(8, 3, padding="same", use_bias=False)]
    stack += [layers.BatchNormalization(), layers.ReLU()]
    for filters, strides in ((6, 2), (8, 1), (12, 2)):
        stack += [layers.Conv2D(16, 1, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)]
        stack += [layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.Conv2D(filters, 1, use_bias=False), layers.BatchNormalization()]
    return Sequential([*stack, layers.GlobalAveragePooling2D(), layers.Dense(10)])


def reader(kind: str) -> Any:
    """A recurrent layer that reads the rows of a picture one after the other."""
    rows = layers.Reshape((14, 14))
    return Sequential(
        [layers.Input((14, 14, 1)), rows, getattr(layers, kind)(24), layers.Dense(10)]
    )


def fit(model: Any, data: Any, epochs: int, rate: float) -> None:
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(rate), loss, metrics=["accuracy"])
    model.fit(*data, batch_size=64, epochs=epochs, verbose=0)


def continued(model: Model, data: Any, epochs: int) -> Any:
    """A copy that trains on in float."""
    copy = models.clone_model(model)
    copy.set_weights(model.get_weights())
    fit(copy, data, epochs, LATER_RATE)
    return copy


def scores(seed: int, options: argparse.Namespace) -> list[float]:
    """Accuracy in percent: float; converted; trained on in float, converted; trained aware."""
    data, tests = digits("train", options.samples), digits("t10k", 5000)
    set_random_seed(seed)
    model = network() if options.network == "convolutions" else reader(options.network)
    fit(model, data, options.epochs, RATE)
    found = []
    calibration = data[0][:200]
    first = edgekit.convert(model, calibration, evaluate=tests).report.accuracy
    found += [first.float_value, first.int8_value]
    longer = continued(model, data, options.more)
    later = edgekit.convert(longer, calibration, evaluate=tests).report.accuracy
    found += [later.float_value, later.int8_value]
    aware = quantize_model(model, calibration=calibration)
    fit(aware, data, options.more, LATER_RATE)
    found.append(edgekit.convert(aware, evaluate=tests).report.accuracy.int8_value)
    return [100 * value for value in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=10000, help="training pictures")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--more", type=int, default=4, help="epochs of training on")
    networks = ("convolutions", "GRU", "LSTM", "SimpleRNN")
    parser.add_argument("--network", choices=networks, default="convolutions")
    options = parser.parse_args()
    print("seed  float   int8  float+  int8+  aware int8  seconds")
    rows = []
    for seed in range(options.seeds):
        start = time.process_time()
        rows.append(scores(seed, options))
        spent = time.process_time() - start
        print(
            f"{seed:4}  " + "  ".join(f"{v:5.2f}" for v in rows[-1]) + f"  {spent:.0f}", flush=True
        )
    mean = np.mean(rows, axis=0)
    print("mean  " + "  ".join(f"{v:5.2f}" for v in mean))


if __name__ == "__main__":
    main()
