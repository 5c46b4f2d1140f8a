"""What moves elements."""

import numpy as np

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("reshape", "reshape", (2, 3, 4), shape=(4, -1))
case("flatten", "flatten", (2, 3, 4))
case("transpose", "transpose", (2, 3, 4), axes=(1, 2, 0))
case("transpose reversed", "transpose", (2, 3, 4))
case("concat", "concat", (2, 3), (2, 1), (2, 2), axis=-1)
case("concat rows", "concat", (2, 3), (1, 3), axis=0)
case("pad", "pad", (2, 3, 2), paddings=((0, 0), (1, 2), (0, 1)), value=0.5)
case("getitem slices", "getitem", (3, 4, 5), index=(slice(None), slice(1, 4, 2), 2))
case("getitem ellipsis", "getitem", (3, 4, 5), index=(Ellipsis, None, slice(0, 2)))
case("getitem repeated", "getitem", (3, 4), index=np.array([0, 2, 2]))
case("resize_nearest", "resize_nearest", (2, 3, 2, 2), size=(2, 3))
