"""The last step of detectors: from boxes and scores to the best objects."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgekit.errors import ShapeError

from ..graph import Shape, Value
from ..shapes import Attrs, known_size, shape_of, shape_text
from . import Attr, OpSpec, define

KINDS = ("float32", "uint8")
MOST = 2**14
MOST_BOXES = 2**17


def detections(inputs: Sequence[Value | None], attrs: Attrs) -> tuple[Shape, ...]:
    """Boxes [1, n, 4], scores [1, n, classes or one more for the background], anchors [n, 4]."""
    boxes, scores, anchors = (shape_of(inputs, i) for i in range(3))
    classes = attrs["classes"]
    ranks = (len(boxes), len(scores), len(anchors)) == (3, 3, 2)
    if not (ranks and boxes == (1, anchors[0], 4) and scores[:2] == (1, anchors[0])) or (
        anchors[1] != 4 or known_size(scores[2]) - classes not in (0, 1)
    ):
        raise ShapeError(
            f"expected boxes [1, n, 4], scores [1, n, {classes} or {classes + 1}] and anchors "
            f"[n, 4], received {shape_text(boxes)}, {shape_text(scores)}, {shape_text(anchors)}"
        )
    most = attrs["most"] * attrs["most_classes"]
    return (1, most, 4), (1, most), (1, most), (1,)


define(
    OpSpec(
        "DetectionPostProcess",
        ("x", "scores", "anchors"),
        detections,
        {
            "classes": Attr("int", low=1, high=MOST),
            "most": Attr("int", low=1, high=MOST),
            "most_classes": Attr("int", 1, low=1, high=MOST),
            "most_per_class": Attr("int", 100, low=1, high=MOST),
            "regular": Attr("bool", False),
            "least_score": Attr("float", 0.0),
            "most_overlap": Attr("float", 0.5, low=0.0, high=1.0),
            "scales": Attr("floats", length=4, low=1e-6),  # y, x, height, width
        },
        dtypes=KINDS,
        float_only="detectors give it real numbers or uint8, and so does every runtime that has it",
        input_dtypes={"scores": KINDS, "anchors": KINDS},
        outputs=("boxes", "classes", "scores", "count"),
        output_dtypes=("float32",),
    )
)


def suppression(inputs: Sequence[Value | None], attrs: Attrs) -> tuple[Shape, ...]:
    """Boxes [n, 4] by two corners and scores [n]."""
    boxes, scores = shape_of(inputs, 0), shape_of(inputs, 1)
    if len(boxes) != 2 or boxes[1] != 4 or None in boxes or scores != boxes[:1]:
        raise ShapeError(
            f"expected boxes [n, 4] and scores [n], received {shape_text(boxes)} and "
            f"{shape_text(scores)}"
        )
    if known_size(boxes[0]) > MOST_BOXES:
        raise ShapeError(f"{boxes[0]} boxes, the most are {MOST_BOXES}")
    return (attrs["most"],), (attrs["most"],), ()


define(
    OpSpec(
        "NonMaxSuppression",
        ("x", "scores"),
        suppression,
        {
            "most": Attr("int", low=1, high=MOST_BOXES),
            "most_overlap": Attr("float", 0.5, low=0.0, high=1.0),
            "least_score": Attr("float", -math.inf, low=-math.inf, high=math.inf),
            "sigma": Attr("float", 0.0, low=0.0),  # 0: scores stay as they are
        },
        dtypes=("float32",),
        float_only="it gives positions",
        input_dtypes={"scores": ("float32",)},
        outputs=("indices", "scores", "count"),
        output_dtypes=("int32", "float32", "int32"),
    )
)
