"""Dense."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("dense", "dense", (3, 4), (4, 5), (5,))
case("dense no bias", "dense", (3, 4), (4, 5))
case("dense of 3 axes", "dense", (2, 3, 4), (4, 5), (5,))
