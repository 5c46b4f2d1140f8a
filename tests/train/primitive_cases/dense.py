"""Dense."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("dense", "dense", (3, 4), (4, 5), (5,))
case("dense no bias", "dense", (3, 4), (4, 5))
case("dense of 3 axes", "dense", (2, 3, 4), (4, 5), (5,))
case("activated_dense relu", "activated_dense", (4, 3), (3, 5), (5,), activation="relu")
case("activated_dense relu6", "activated_dense", (2, 3, 4), (4, 5), activation="relu6")
