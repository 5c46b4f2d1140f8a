"""Operators that work element by element, with or without a lookup table."""

from .case import case

BINARY = [
    case("Add", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
    case("Add", x=(2, 5, 5, 8), y=(2, 5, 5, 8), activation="relu"),
    case("Add", x=(1, 30), y=(1, 30), activation="relu6"),
    case("Add", x=(1, 6, 6, 4), y=(4,), constant=("y",)),
    case("Sub", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
    case("Sub", x=(1, 6, 6, 4), y=(1, 1, 1, 4), constant=("y",)),
    case("Mul", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
    case("Mul", x=(2, 4, 4, 8), y=(2, 1, 1, 8)),
    case("Mul", x=(1, 6, 6, 4), y=(4,), constant=("y",)),
    case("Div", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
    case("Maximum", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
    case("Maximum", x=(1, 6, 6, 4), y=(1,), constant=("y",)),
    case("Minimum", x=(1, 6, 6, 4), y=(1, 6, 6, 4)),
]
UNARY = [
    case("Relu", x=(1, 6, 6, 4)),
    case("Relu6", x=(2, 40)),
    case("Sigmoid", x=(1, 6, 6, 4)),
    case("Tanh", x=(2, 40)),
    case("HardSwish", x=(1, 6, 6, 4)),
    case("LeakyRelu", x=(1, 6, 6, 4)),
    case("LeakyRelu", x=(1, 50), alpha=0.01),
    case("Elu", x=(1, 6, 6, 4)),
    case("Gelu", x=(1, 6, 6, 4)),
    case("Gelu", x=(1, 60), approximate=True),
    case("Softmax", x=(1, 10)),
    case("Softmax", x=(3, 100)),
    case("Softmax", x=(1, 4, 5, 7), beta=0.5),
    case("BatchNorm", x=(2, 5, 5, 6), gamma=(6,), beta=(6,), mean=(6,), variance=(6,)),
    case("BatchNorm", x=(2, 9), gamma=(9,), beta=(9,), mean=(9,), variance=(9,), epsilon=1e-5),
]
QUANTIZATION = [
    case("Quantize", x=(2, 6, 6, 4)),
    case("Dequantize", x=(2, 6, 6, 4)),
    case("Requantize", x=(2, 6, 6, 4)),
    case("Requantize", x=(2, 50), dtype="uint8"),
]
CASES = BINARY + UNARY + QUANTIZATION
