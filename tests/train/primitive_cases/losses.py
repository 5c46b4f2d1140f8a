"""Fused losses."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("softmax_cross_entropy sparse", "softmax_cross_entropy", (4, 5), ("class", (4,), 5))
case("softmax_cross_entropy sparse 3 axes", "softmax_cross_entropy", (2, 3, 5),
     ("class", (2, 3), 5))  # fmt: skip
case("softmax_cross_entropy dense", "softmax_cross_entropy", (4, 5), ("probability", (4, 5)))
case("sigmoid_cross_entropy", "sigmoid_cross_entropy", (4, 5), ("probability", (4, 5)))
