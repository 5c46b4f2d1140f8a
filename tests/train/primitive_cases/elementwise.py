"""Functions of one number, and sums along the way."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

for name in ("sin", "cos", "tan", "arctan", "sinh", "cosh", "arcsinh", "expm1"):
    case(name, name, (3, 4))
for name in ("arcsin", "arccos", "arctanh"):
    case(name, name, ("probability", (3, 4)))
case("log1p", "log1p", ("positive", (3, 4)))
case("cumsum", "cumsum", (2, 5, 3), axis=1)
case("cumsum last", "cumsum", (2, 5), axis=-1)
