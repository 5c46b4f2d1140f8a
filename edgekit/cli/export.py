"""Write a model in another format, for other runtimes."""

from __future__ import annotations

import argparse
from pathlib import Path

from edgekit.errors import InputError

from .arrays import check_output
from .model import add_tflite_choices, load_graph, print_other_signatures, tflite_choices

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "write the model as ONNX or TFLite"
FORMATS = ("onnx", "tflite", "edge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model file, for example model.edge")
    parser.add_argument("--to", choices=FORMATS, help="the format; else the suffix of --output")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the file to write; without it, one beside the model, if there is none yet",
    )
    add_tflite_choices(parser)


def run(options: argparse.Namespace) -> int:
    from edgekit.export import save

    output = options.output
    if output is None:
        if options.to is None:
            raise InputError("name a format (--to onnx) or a file (-o model.onnx)")
        output = options.model.with_suffix(f".{options.to}")
        if output.exists():
            raise InputError(f"{output}: is there already; to replace it, name it: -o {output}")
    if options.to is not None and output.suffix.lower() != f".{options.to}":
        raise InputError(f"{output}: a {options.to} file ends in .{options.to}")
    check_output(output, options.model)
    graph = load_graph(options.model, **tflite_choices(options))
    print_other_signatures(options.model, options.signature)
    save(graph, output)
    if _learned_ranges(options.model):
        print(f"{options.model}: was trained for int8, this is float; edgekit convert writes int8")
    print(f"wrote {output} ({output.stat().st_size:,} bytes)")
    return 0


def _learned_ranges(path: Path) -> bool:
    """Whether a file holds a model of quantization-aware training."""
    if path.suffix.lower() != ".keras":
        return False
    from edgekit.train.saving import holds_class

    return holds_class(path, "QuantizedModel")
