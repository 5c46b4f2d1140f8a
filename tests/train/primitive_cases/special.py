"""Functions beyond the elementary ones, scattering, Fourier's transform."""

import numpy as np

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("cbrt", "cbrt", ("positive", (3, 4)))
for name in ("exp2", "erf", "erfc"):
    case(name, name, (3, 4))
case("erfinv", "erfinv", ("probability", (3, 4)))
case("bessel_i", "bessel_i", (3, 4))
case("bessel_i order 1", "bessel_i", (3, 4), order=1)
for name in ("arctan2", "hypot"):
    case(name, name, (3, 4), (3, 4))
    case(f"{name} broadcast", name, (2, 3, 4), (3, 1))
for name in ("fmod", "floor_mod"):
    case(name, name, (3, 4), ("positive", (3, 4)))
    case(f"{name} broadcast", name, (2, 3, 4), ("positive", (3, 1)))
_TWICE = np.array([[0, 2], [2, 1]])
case("scatter", "scatter", (2, 2, 3), index=(_TWICE,), shape=(4, 3))
case("scatter last", "scatter", (3, 2, 2), index=(Ellipsis, _TWICE), shape=(3, 5))
case("fourier", "fourier", (2, 5, 2), axes=(-1,))
case("fourier back", "fourier", (2, 3, 4, 2), axes=(-2, -1), sign=1)
