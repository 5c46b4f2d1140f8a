"""Shape rules, against shapes worked out by hand or by numpy, and their refusals."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.errors import ShapeError
from edgekit.ir import GraphBuilder


def output_shape(op: str, *shapes, **attrs):
    """The shape that the builder gives; the first input is an activation, the others constants."""
    g = GraphBuilder()
    names = [g.input("x", shapes[0])]
    names += [g.constant(np.ones(shape, np.float32), "c") for shape in shapes[1:]]
    return g.values[g.add(op, *names, name="layer", **attrs)].shape


@pytest.mark.parametrize(
    ("op", "shapes", "attrs", "expected"),
    [
        ("Dense", [(None, 5), (3, 5)], {}, (None, 3)),
        ("Dense", [(2, 7, 5), (3, 5), (3,)], {}, (2, 7, 3)),
        ("Conv2D", [(None, 28, 28, 1), (8, 3, 3, 1)], {}, (None, 26, 26, 8)),
        ("Conv2D", [(1, 5, 5, 2), (8, 3, 3, 2)], {"pads": (1, 0, 1, 0)}, (1, 5, 3, 8)),
        ("Conv2D", [(1, 224, 224, 3), (8, 3, 3, 3)], {"strides": (2, 2)}, (1, 111, 111, 8)),
        ("Conv2D", [(1, 9, 9, 2), (8, 3, 3, 2)], {"dilations": (2, 4)}, (1, 5, 1, 8)),
        ("Conv2D", [(1, 4, 4, 6), (8, 1, 1, 3)], {"groups": 2}, (1, 4, 4, 8)),
        ("DepthwiseConv2D", [(None, 6, 6, 4), (1, 3, 3, 8)], {}, (None, 4, 4, 8)),
        ("Add", [(None, 4, 1), (3,)], {}, (None, 4, 3)),
        ("Mul", [(None, 3), (1, 3)], {}, (None, 3)),
        ("MaxPool2D", [(1, 7, 7, 2)], {"pool": (3, 3), "strides": (2, 2)}, (1, 3, 3, 2)),
        ("Mean", [(None, 7, 7, 2)], {}, (None, 2)),
        ("Mean", [(None, 7, 7, 2)], {"axes": (-1,), "keepdims": True}, (None, 7, 7, 1)),
        ("Concat", [(None, 3), (1, 3)], {"axis": 0}, None),
        ("Concat", [(1, 2, 3), (1, 5, 3)], {"axis": 1}, (1, 7, 3)),
        ("Reshape", [(None, 2, 3)], {"shape": (-1, 6)}, (None, 6)),
        ("Reshape", [(4, 2, 3)], {"shape": (2, -1)}, (2, 12)),
        ("Transpose", [(None, 2, 3)], {"perm": (0, 2, 1)}, (None, 3, 2)),
        ("Pad", [(None, 2)], {"pads": (0, 0, 1, 3)}, (None, 6)),
        ("Slice", [(None, 9)], {"starts": (0, 2), "sizes": (-1, 5)}, (None, 5)),
        ("Slice", [(4, 9)], {"starts": (1, 2), "sizes": (2, -1)}, (2, 7)),
        ("ResizeNearest", [(None, 2, 3, 5)], {"size": (4, 9)}, (None, 4, 9, 5)),
    ],
)
def test_shapes(op, shapes, attrs, expected) -> None:
    if expected is None:
        with pytest.raises(ShapeError):
            output_shape(op, *shapes, **attrs)
    else:
        assert output_shape(op, *shapes, **attrs) == expected


@pytest.mark.parametrize(
    ("op", "shapes", "attrs", "sentence"),
    [
        ("Dense", [(None, 5), (3, 4)], {}, "needs 4 features"),
        ("Dense", [(None, 4), (3, 4), (4,)], {}, r"bias must have shape \[3\]"),
        ("Conv2D", [(None, 8, 8, 3), (4, 3, 3, 2)], {}, "needs 2 channels"),
        ("Conv2D", [(None, 2, 2, 3), (4, 3, 3, 3)], {}, "a window of 3 does not fit into 2"),
        ("Conv2D", [(None, 8, 3), (4, 3, 3, 3)], {}, r"expected \[batch, height, width, channels"),
        ("DepthwiseConv2D", [(None, 8, 8, 3), (1, 3, 3, 4)], {}, "a depthwise weight is"),
        ("Add", [(None, 3), (4,)], {}, "cannot be broadcast"),
        ("AveragePool2D", [(1, 4, 4, 1)], {"pool": (2, 2), "pads": (2, 0, 0, 0)}, "valid cell"),
        ("Mean", [(None, 3)], {"axes": (2,)}, "axis 2 does not exist in 2 dimensions"),
        ("Reshape", [(None, 4)], {"shape": (-1, 5)}, "keeps its batch"),
        ("Reshape", [(None, 4)], {"shape": (4, -1)}, "keeps its batch"),
        ("Reshape", [(2, 4)], {"shape": (3, -1)}, "cannot take the shape"),
        ("Reshape", [(2, 4)], {"shape": (-1, -1)}, "one -1 at most"),
        ("Transpose", [(None, 4)], {"perm": (1, 0)}, "the batch must stay first"),
        ("Transpose", [(2, 4)], {"perm": (0, 0)}, "each of 0..1 once"),
        ("Pad", [(None, 4)], {"pads": (1, 0, 0, 0)}, "an unknown batch cannot be padded"),
        ("Pad", [(2, 4)], {"pads": (1, 0)}, "a before and an after"),
        ("Slice", [(2, 4)], {"starts": (0, 2), "sizes": (2, 3)}, "leaves"),
        ("BatchNorm", [(None, 4), (4,), (4,), (3,), (4,)], {}, r"mean must have shape \[4\]"),
    ],
)
def test_refusals_say_what_was_expected(op, shapes, attrs, sentence) -> None:
    with pytest.raises(ShapeError, match=sentence) as error:
        output_shape(op, *shapes, **attrs)
    assert f"{op} 'layer'" in str(error.value)
