"""Reading TFLite_Detection_PostProcess, a custom operator that all of LiteRT's runtimes have."""

from __future__ import annotations

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.schema.flexbuffer import Number, read_flexbuffer_map

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]

SCALES = ("y_scale", "x_scale", "h_scale", "w_scale")


def detection_post_process(op: Operator, reader: Reader) -> None:
    """Options are a flexbuffer; two of them may be left out."""
    options = read_flexbuffer_map(bytes(op.record["custom_options"]))
    regular = bool(options.get("use_regular_nms", False))
    if len(op.outputs) != 4:
        raise UnsupportedOperator(f"4 outputs are known, received {len(op.outputs)}")
    reader.emit(
        op,
        "DetectionPostProcess",
        *reader.inputs(op)[:3],
        classes=_integer(options, "num_classes"),
        most=_integer(options, "max_detections"),
        most_classes=1 if regular else _integer(options, "max_classes_per_detection"),
        most_per_class=_integer({"detections_per_class": 100, **options}, "detections_per_class"),
        regular=regular,
        least_score=_real(options, "nms_score_threshold"),
        most_overlap=_real(options, "nms_iou_threshold"),
        scales=tuple(_real(options, name) for name in SCALES),
    )


def _integer(options: dict[str, Number], name: str) -> int:
    return int(_real(options, name))


def _real(options: dict[str, Number], name: str) -> float:
    number = float(options.get(name, float("nan")))
    if not abs(number) <= 2.0**31:
        raise ModelFormatError(f"option {name!r} is missing or no number: {sorted(options)}")
    return number


READERS: dict[str, Rule] = {"TFLite_Detection_PostProcess": detection_post_process}
