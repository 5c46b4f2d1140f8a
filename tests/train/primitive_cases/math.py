"""Arithmetic, reductions and choices."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

for name in ("add", "subtract", "multiply", "maximum", "minimum"):
    case(name, name, (2, 3, 4), (2, 3, 4))
    case(f"{name} broadcast", name, (2, 1, 4), (3, 1))
case("divide", "divide", (2, 3), ("positive", (2, 3)))
case("divide broadcast", "divide", (3,), ("positive", (2, 1)))
case("power", "power", ("positive", (2, 3)), (3,))
for name in ("negative", "exp", "square", "absolute"):
    case(name, name, (3, 4))
for name in ("log", "sqrt"):
    case(name, name, ("positive", (3, 4)))
case("matmul", "matmul", (3, 4), (4, 2))
case("matmul stack", "matmul", (2, 3, 4), (4, 2))
case("matmul both stacks", "matmul", (2, 1, 3, 4), (5, 4, 2))
case("matmul row", "matmul", (4,), (2, 4, 3))
case("matmul column", "matmul", (2, 3, 4), (4,))
case("matmul vectors", "matmul", (4,), (4,))
for name in ("sum", "mean", "max", "min"):
    case(f"{name} all", name, (2, 3, 4))
    case(f"{name} axis", name, (2, 3, 4), axis=1)
    case(f"{name} axes kept", name, (2, 3, 4), axis=(0, -1), keepdims=True)
case("broadcast_to", "broadcast_to", (3, 1), shape=(2, 3, 4))
case("where", "where", ("bool", (3, 4)), (3, 4), (4,))
