"""Rules of detectors: a custom operator with a flexbuffer of options, and one of TFLite's own."""

from __future__ import annotations

from edgekit.ir import Node, attributes
from edgekit.schema.flexbuffer import flexbuffer_map

from .lowering import Lowering, Rule

__all__ = ["DETECTION_RULES"]


def detection_post_process(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    y_scale, x_scale, h_scale, w_scale = (float(scale) for scale in attrs["scales"])
    options = {
        "num_classes": attrs["classes"],
        "max_detections": attrs["most"],
        "max_classes_per_detection": attrs["most_classes"],
        "detections_per_class": attrs["most_per_class"],
        "use_regular_nms": attrs["regular"],
        "nms_score_threshold": attrs["least_score"],
        "nms_iou_threshold": attrs["most_overlap"],
        "y_scale": y_scale,
        "x_scale": x_scale,
        "h_scale": h_scale,
        "w_scale": w_scale,
    }
    inputs = [to.input(node, i).name for i in range(3)]
    content = flexbuffer_map(options)
    to.emit("TFLite_Detection_PostProcess", inputs, node.outputs, content)


def non_max_suppression(node: Node, to: Lowering) -> None:
    attrs = attributes(node)
    dtypes = {"most": "int32", **dict.fromkeys(("most_overlap", "least_score", "sigma"), "float32")}
    numbers = [to.scalar(attrs[n], dtype, f"{node.name}/{n}") for n, dtype in dtypes.items()]
    inputs = [to.input(node, 0).name, to.input(node, 1).name, *numbers]
    table = "NonMaxSuppressionV5Options"
    to.emit("NON_MAX_SUPPRESSION_V5", inputs, node.outputs, (table, {}))


DETECTION_RULES: dict[str, Rule] = {
    "DetectionPostProcess": detection_post_process,
    "NonMaxSuppression": non_max_suppression,
}
