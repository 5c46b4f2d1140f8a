"""Activation functions."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

for name in (
    "relu", "relu6", "sigmoid", "tanh", "softplus", "silu", "hard_sigmoid", "hard_silu",
):  # fmt: skip
    case(name, name, (4, 5))
case("leaky_relu", "leaky_relu", (4, 5), negative_slope=0.2)
case("elu", "elu", (4, 5), alpha=1.5)
case("gelu", "gelu", (4, 5), approximate=False)
case("gelu tanh", "gelu", (4, 5), approximate=True)
for name in ("softmax", "log_softmax"):
    case(name, name, (3, 5), axis=-1)
    case(f"{name} axis 1", name, (2, 3, 4), axis=1)

case("prelu", "prelu", (2, 3, 4), (3, 4))
case("prelu shared", "prelu", (2, 3, 4, 2), (1, 1, 2))
case("sparsemax", "sparsemax", (4, 5), axis=-1)
case("sparsemax axis 1", "sparsemax", (2, 4, 3), axis=1)
