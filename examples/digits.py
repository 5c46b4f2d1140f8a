"""The whole way on real digits: train, convert to int8, verify, run; prints a table.

    python examples/digits.py [--output build/demo] [--epochs 6] [--max-drop 0.3]

Writes digits.keras (float), digits.edge (int8), digits.tflite and digits.onnx (the same int8
network for other runtimes), and what `edgekit convert` wants to do the same from the command line:
calibration.npz and test.npz. Where LiteRT and onnxruntime are installed, they run the exported
files too.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import edgekit
from edgekit.interpreter import verify
from edgekit.ir import Preprocessing
from edgekit.train import Sequential, layers, optimizers, set_random_seed

DATA = Path(__file__).resolve().parent / "data" / "mnist_subset.npz"
PIXELS = Preprocessing(mean=(0.0,), std=(255.0,))  # bytes 0..255 become 0..1
LABELS = tuple("0123456789")
MOMENTUM = 0.9  # of the averages that inference uses: 250 steps are an epoch
CALIBRATION = 200  # digits whose activations give the int8 ranges
TIMED_RUNS = 200


@dataclass(frozen=True)
class Row:
    """One line of the table: a file, who ran it, and what came out for the held-back digits."""

    path: Path
    runtime: str
    scores: np.ndarray  # float32 or int8 [n, 10]
    milliseconds: float  # median for one digit


def load_digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images float32 [n, 28, 28, 1] in 0..1, and labels; to train on, and held back."""
    with np.load(DATA) as data:
        x, y, x_test, y_test = (data[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    return scaled(x), y, scaled(x_test), y_test


def scaled(images: np.ndarray) -> np.ndarray:
    return (images[..., np.newaxis] / np.float32(255)).astype(np.float32)


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to one pixel in each direction: more digits than there are."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    down, right = rng.integers(0, 3, (2, len(images)))
    height, width = images.shape[1:3]
    return np.stack(
        [p[d : d + height, r : r + width] for p, d, r in zip(padded, down, right, strict=True)]
    )


def build_model() -> Sequential:
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=MOMENTUM),
            layers.Activation("relu"),
            layers.Conv2D(32, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=MOMENTUM),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=MOMENTUM),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )


def train(x: np.ndarray, y: np.ndarray, epochs: int, batch: int = 64) -> Sequential:
    """The trained network; every epoch sees each digit as it is and once moved."""
    set_random_seed(0)
    x = np.concatenate([x, shifted(x, np.random.default_rng(0))])
    y = np.concatenate([y, y])
    steps = epochs * -(-len(x) // batch)
    rate = optimizers.schedules.CosineDecay(2e-3, steps)
    model = build_model()
    model.compile(
        optimizer=optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=2)
    return model


def median_ms(run: Callable[[], object]) -> float:
    """The median time of one call in milliseconds, after some to warm up."""
    times = []
    for index in range(TIMED_RUNS + 20):
        start = time.perf_counter()
        run()
        if index >= 20:
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def run_keras(path: Path, model: Sequential, x: np.ndarray) -> Row:
    scores = model.predict(x, verbose=0)
    return Row(path, "edgekit.train", scores, median_ms(lambda: model(x[:1], training=False)))


def run_edge(path: Path, x: np.ndarray) -> Row:
    interpreter = edgekit.Interpreter(path)
    (scores,) = interpreter.run(x).values()
    return Row(path, "edgekit", scores, median_ms(lambda: interpreter.run(x[:1])))


def run_litert(path: Path, x: np.ndarray) -> Row:
    """The exported TFLite file in LiteRT's default runtime."""
    from ai_edge_litert.interpreter import Interpreter

    litert = Interpreter(model_path=str(path), num_threads=1)
    litert.allocate_tensors()
    (given,), (result,) = litert.get_input_details(), litert.get_output_details()
    scale, zero_point = given["quantization"]
    quantized = np.rint(x / np.float32(scale)) + np.float32(zero_point)
    quantized = quantized.clip(-128, 127).astype(np.int8)

    def run(batch: np.ndarray) -> np.ndarray:
        litert.set_tensor(given["index"], batch)
        litert.invoke()
        return litert.get_tensor(result["index"])

    scores = np.concatenate([run(quantized[i : i + 1]) for i in range(len(quantized))])
    return Row(path, "LiteRT", scores, median_ms(lambda: run(quantized[:1])))


def run_onnx(path: Path, x: np.ndarray) -> Row:
    """The exported ONNX file in onnxruntime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    (scores,) = session.run(None, {name: x})
    return Row(path, "onnxruntime", scores, median_ms(lambda: session.run(None, {name: x[:1]})))


def print_table(rows: list[Row], edge: Row, y: np.ndarray) -> None:
    """One line per file and runtime: size, accuracy, agreement with edgekit's int8, latency."""
    print(
        f"{'file':14} {'bytes':>8}  {'run by':13} {'accuracy':>8}  {'equal to digits.edge':23} "
        f"{'median time':>11}"
    )
    for row in rows:
        accuracy = np.mean(row.scores.argmax(axis=1) == y)
        print(
            f"{row.path.name:14} {row.path.stat().st_size:8,}  {row.runtime:13} {accuracy:8.2%}  "
            f"{agreement(row, edge):23} {row.milliseconds * 1000:8.0f} µs"
        )


def agreement(row: Row, edge: Row) -> str:
    if row is edge:
        return "-"
    if row.scores.dtype == edge.scores.dtype:
        return f"{np.mean(row.scores == edge.scores):.3%} of all outputs"
    same = np.mean(row.scores.argmax(axis=1) == edge.scores.argmax(axis=1))
    return f"{same:.2%} of the answers"


def installed(package: str) -> bool:
    if importlib.util.find_spec(package) is not None:
        return True
    print(f"{package} is not installed, so it does not run the exported file (make test brings it)")
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("build/demo"), help="folder to write")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--max-drop", type=float, default=0.3, help="points int8 may lose")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    keras, edge, tflite, onnx = (
        options.output / f"digits.{suffix}" for suffix in ("keras", "edge", "tflite", "onnx")
    )

    x, y, x_test, y_test = load_digits()
    np.savez_compressed(options.output / "calibration.npz", x=x[:CALIBRATION])
    np.savez_compressed(options.output / "test.npz", x=x_test, y=y_test)
    start = time.perf_counter()
    model = train(x, y, options.epochs)
    print(f"trained in {time.perf_counter() - start:.0f} s")
    model.save(keras)

    converted = edgekit.convert(
        model,
        calibration=x[:CALIBRATION],
        evaluate=(x_test, y_test),
        max_drop=options.max_drop,
        labels=LABELS,
        preprocessing=PIXELS,
    )
    for path in (edge, tflite, onnx):
        converted.save(path)
    print(verify(edge))

    ours = run_edge(edge, x_test)
    rows = [run_keras(keras, model, x_test), ours]
    if installed("ai_edge_litert"):
        rows.append(run_litert(tflite, x_test))
    if installed("onnxruntime"):
        rows.append(run_onnx(onnx, x_test))
    print(f"\n{len(x_test)} held-back digits, one thread, one digit at a time:\n")
    print_table(rows, ours, y_test)


if __name__ == "__main__":
    sys.exit(main())
