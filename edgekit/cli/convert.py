"""Convert a model to int8: calibrate, compare the accuracy, write the file.

A model that is quantized already, in whole or in part, keeps its integers and scales and needs no
calibration.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.errors import InputError, lookup

from .arrays import check_output, describe, read_data, targets_of
from .model import add_tflite_choices, load_graph, print_other_signatures, tflite_choices

if TYPE_CHECKING:
    from edgekit.conversion import Converted
    from edgekit.ir import Graph, Preprocessing

    from .arrays import Array

__all__ = ["SUMMARY", "add_arguments", "run"]

PICTURES = 500
"""How many pictures of a folder calibrate a model at most: far more tell nothing new."""
POOR = 10.0
"""Decibels below which an output is said to be poor: noise of a tenth of the signal's power."""

SUMMARY = "convert a model to int8, to run on the device"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="the model, for example model.keras")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file to write: .edge for edgekit, .tflite or .onnx for other runtimes",
    )
    _add_data(parser)
    _add_choices(parser)
    add_tflite_choices(parser)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help=".npz, .npy or .csv of typical inputs (array x), scaled as in training, or a folder "
        "of pictures (with --mean and --std); 100 are enough "
        "(a model trained for quantization brings its ranges, one that is quantized already its "
        "scales: they need none)",
    )
    parser.add_argument(
        "--evaluate",
        type=Path,
        metavar="FILE",
        help=".npz or .csv of test inputs x and labels y, or a folder of pictures with a "
        "subfolder for each class",
    )
    parser.add_argument(
        "--max-drop",
        type=float,
        metavar="POINTS",
        help="points of accuracy that int8 may lose (0.5: half a percentage point); exit 3 beyond",
    )
    parser.add_argument("--labels", type=Path, metavar="FILE", help="class names, one per line")
    parser.add_argument(
        "--mean",
        type=float,
        nargs="+",
        metavar="M",
        help="with --std: raw pixels 0..255 become inputs as (raw - mean) / std; kept in the file",
    )
    parser.add_argument("--std", type=float, nargs="+", metavar="S")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--arithmetic",
        choices=("float32", "fixedpoint"),
        help="how int8 rounds: as LiteRT on a processor (float32, the default), or as its "
        "reference kernels and TensorFlow Lite Micro do (fixedpoint, slower)",
    )
    parser.add_argument(
        "--keep-float",
        action="append",
        default=[],
        metavar="LAYER",
        help="a layer to leave in float32; may be given several times",
    )
    parser.add_argument(
        "--input-range",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="the range of the inputs; overrules the check of the calibration data's scale",
    )
    parser.add_argument(
        "--int8-inputs",
        action="store_true",
        help="int8 inputs even where their columns are too unequal for one scale",
    )


def run(options: argparse.Namespace) -> int:
    """Everything cheap is checked before the work starts; the file is written at its end."""
    read = (options.model, options.calibration, options.evaluate, options.labels)
    check_output(options.output, *read)
    _check_suffix(options.output)
    if options.max_drop is not None and options.evaluate is None:
        raise InputError("--max-drop needs --evaluate FILE to measure the loss on")
    rule = _preprocessing(options)
    labels = None if options.labels is None else _labels(options.labels)
    chosen = tflite_choices(options)
    graph = load_graph(options.model, arithmetic=options.arithmetic, **chosen)
    print_other_signatures(options.model, options.signature)
    calibration = _calibration(options.calibration, graph)
    evaluate = _evaluation(options.evaluate, graph, labels)

    from edgekit.conversion import convert
    from edgekit.quantize import Recipe

    names = ("arithmetic", "keep_float", "input_range", "int8_inputs")
    choices = {name: getattr(options, name) for name in names if getattr(options, name)}
    with _progress_bar() as progress:
        converted = convert(
            graph if chosen else options.model,
            calibration,
            evaluate=evaluate,
            max_drop=options.max_drop,
            labels=labels,
            preprocessing=rule,
            recipe=Recipe(**choices) if choices else None,
            progress=progress,
        )
    converted.save(options.output)
    print(converted.report)
    for line in _lost(converted):
        print(line)
    print(f"wrote {options.output} ({options.output.stat().st_size:,} bytes)")
    return 0


def _calibration(path: Path | None, graph: Graph) -> dict[str, Array] | None:
    """Typical inputs."""
    if path is None:
        return None
    data = read_data(path, graph, most=PICTURES)
    if len(data.files) < data.found:
        print(f"{path}: {len(data.files)} of {data.found:,} pictures, at even distances")
    print(f"calibration: {describe(data.inputs)}")
    return data.inputs


def _evaluation(
    path: Path | None, graph: Graph, labels: Sequence[str] | None
) -> tuple[dict[str, Array], Array] | None:
    """The test inputs and their labels."""
    if path is None:
        return None
    data = read_data(path, graph, labels or graph.metadata.labels)
    targets = targets_of(path, data)
    if data.line:
        print(data.line)
    print(f"evaluation: {describe({**data.inputs, 'labels': targets})}")
    return data.inputs, targets


def _lost(converted: Converted) -> Iterator[str]:
    """A line for each output of which int8 leaves little: a table is easily overlooked."""
    for row in converted.report.layers:
        if row.value in converted.graph.outputs and row.noise is not None and row.noise < POOR:
            yield (
                f"warning: output {row.value!r} has a signal-to-noise ratio of {row.noise:.1f} dB: "
                "measure the accuracy (--evaluate); look for samples unlike all others in the "
                "calibration data, and for layers to keep in float (--keep-float) where the ratio "
                "falls"
            )


def _check_suffix(output: Path) -> None:
    from edgekit.export import EXPORTERS

    lookup(EXPORTERS, output.suffix.lower(), "file suffix", InputError)


def _preprocessing(options: argparse.Namespace) -> Preprocessing | None:
    from edgekit.ir import Preprocessing

    if options.mean is None and options.std is None:
        return None
    rule = Preprocessing(tuple(options.mean or (0.0,)), tuple(options.std or (1.0,)))
    if not all(std > 0 for std in rule.std):
        raise InputError(f"--std holds numbers above zero, received {options.std}")
    return rule


def _labels(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, one class name per line: {error}") from None
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.strip() for line in lines]


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on a terminal, where tqdm is installed; nothing otherwise."""
    if not sys.stderr.isatty() or importlib.util.find_spec("tqdm") is None:
        yield None
        return
    import tqdm

    with tqdm.tqdm(unit=" samples", leave=False) as bar:

        def progress(what: str, done: int, total: int) -> None:
            bar.set_description(what, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        yield progress
