"""The cases in which every primitive is checked: against PyTorch, along a direction, in float32.

A case is (id, primitive, inputs, attributes). An input is a shape (normal numbers), ("positive",
shape), ("probability", shape), ("class", shape, classes), or None. Nothing is computed here, so
that the script that makes the golden file can read the list without edgekit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["CASES", "Case", "make_inputs"]

Case = tuple[str, str, list[Any], dict[str, Any]]

CASES: list[Case] = []


def case(identifier: str, primitive: str, *inputs: Any, **attrs: Any) -> None:
    if any(identifier == known[0] for known in CASES):
        raise ValueError(f"case {identifier!r} is there twice")
    CASES.append((identifier, primitive, list(inputs), attrs))


def make_inputs(identifier: str, inputs: list[Any]) -> list[np.ndarray | None]:
    """Inputs of a case, the same every time; exact in float32."""
    rng = np.random.default_rng(list(identifier.encode()))
    made: list[np.ndarray | None] = []
    for given in inputs:
        if given is None:
            made.append(None)
        elif given and given[0] == "class":
            made.append(rng.integers(0, given[2], given[1]).astype(np.int32))
        elif given and given[0] == "bool":
            made.append(rng.integers(0, 2, given[1]).astype(bool))
        elif given and given[0] == "positive":
            made.append(_exact(rng.uniform(0.5, 2.0, given[1])))
        elif given and given[0] == "probability":
            x = rng.uniform(0.1, 1.0, given[1])
            made.append(_exact(x / x.sum(axis=-1, keepdims=True)))
        else:
            made.append(_exact(rng.normal(size=given)))
    return made


def _exact(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32).astype(np.float64)


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

case("dense", "dense", (3, 4), (4, 5), (5,))
case("dense no bias", "dense", (3, 4), (4, 5))
case("dense of 3 axes", "dense", (2, 3, 4), (4, 5), (5,))

case("conv2d valid", "conv2d", (2, 6, 5, 2), (3, 3, 2, 4), (4,))
case("conv2d same", "conv2d", (2, 5, 6, 4), (3, 3, 4, 2), (2,), padding="same")
case("conv2d same even kernel", "conv2d", (1, 5, 6, 2), (2, 4, 2, 3), padding="same")
case("conv2d stride 2", "conv2d", (2, 7, 6, 4), (3, 3, 4, 2), strides=(2, 2), padding="same")
case("conv2d strides 3 and 1", "conv2d", (1, 8, 5, 2), (3, 2, 2, 3), (3,), strides=(3, 1))
case("conv2d stride over kernel", "conv2d", (1, 8, 8, 3), (2, 2, 3, 2), strides=(3, 3))
case("conv2d dilated", "conv2d", (1, 8, 7, 2), (3, 2, 2, 3), dilations=(2, 3), padding="same")
case("conv2d dilated strided", "conv2d", (1, 9, 8, 2), (3, 3, 2, 2), strides=(2, 2),
     dilations=(2, 1))  # fmt: skip
case("conv2d explicit", "conv2d", (1, 5, 5, 4), (3, 3, 4, 2), padding=(0, 2, 1, 1))
case("conv2d wide padding", "conv2d", (1, 4, 4, 2), (2, 2, 2, 2), padding=(2, 3, 3, 2))
case("conv2d groups", "conv2d", (2, 5, 5, 4), (3, 3, 2, 6), (6,), groups=2, padding="same")
case("conv2d groups strided", "conv2d", (1, 6, 6, 6), (3, 3, 2, 3), groups=3, strides=(2, 2))
case("conv2d 1x1", "conv2d", (2, 4, 3, 5), (1, 1, 5, 3), (3,))
case("conv2d 1x1 stride 2", "conv2d", (2, 5, 4, 3), (1, 1, 3, 4), (4,), strides=(2, 2))
case("conv2d one channel", "conv2d", (2, 7, 6, 1), (5, 4, 1, 3), (3,), padding="same")
case("conv2d whole input", "conv2d", (2, 4, 3, 5), (4, 3, 5, 2), (2,))

case("depthwise valid", "depthwise_conv2d", (2, 6, 5, 3), (3, 3, 3, 1), (3,))
case("depthwise same", "depthwise_conv2d", (2, 5, 6, 2), (3, 3, 2, 1), padding="same")
case("depthwise multiplier", "depthwise_conv2d", (2, 5, 5, 2), (3, 2, 2, 3), (6,), padding="same")
case("depthwise stride 2", "depthwise_conv2d", (2, 7, 6, 3), (3, 3, 3, 1), strides=(2, 2),
     padding="same")  # fmt: skip
case("depthwise strides 3 and 2", "depthwise_conv2d", (1, 9, 8, 2), (2, 3, 2, 1), (2,),
     strides=(3, 2))  # fmt: skip
case("depthwise dilated", "depthwise_conv2d", (1, 8, 9, 2), (3, 3, 2, 1), dilations=(2, 3),
     padding="same")  # fmt: skip
case("depthwise dilated strided", "depthwise_conv2d", (1, 9, 9, 2), (3, 3, 2, 2), strides=(2, 2),
     dilations=(3, 2))  # fmt: skip
case("depthwise explicit", "depthwise_conv2d", (1, 5, 4, 3), (3, 3, 3, 1), padding=(2, 0, 1, 3))
case("depthwise 1x1", "depthwise_conv2d", (2, 4, 4, 3), (1, 1, 3, 2), (6,))

case("batch_norm_training", "batch_norm_training", (3, 4, 2, 5), (5,), (5,), epsilon=1e-3)
case("batch_norm_training plain", "batch_norm_training", (6, 4), epsilon=1e-2)
case("batch_norm_training no scale", "batch_norm_training", (6, 4), None, (4,), epsilon=1e-3)
case("batch_norm", "batch_norm", (3, 2, 2, 4), (4,), (4,), (4,), ("positive", (4,)),
     epsilon=1e-3)  # fmt: skip
case("batch_norm no shift", "batch_norm", (5, 4), (4,), None, (4,), ("positive", (4,)),
     epsilon=1e-3)  # fmt: skip
case("layer_norm", "layer_norm", (3, 2, 5), (5,), (5,), epsilon=1e-3)
case("layer_norm two axes", "layer_norm", (3, 2, 5), (2, 5), (2, 5), axis=(1, 2), epsilon=1e-5)
case("layer_norm plain", "layer_norm", (3, 5), epsilon=1e-3)

for name in ("max_pool2d", "average_pool2d"):
    case(name, name, (2, 6, 4, 3), pool_size=(2, 2))
    case(f"{name} odd", name, (2, 5, 7, 2), pool_size=(2, 3), padding="same")
    case(f"{name} overlapping", name, (1, 7, 6, 2), pool_size=(3, 3), strides=(2, 2))
    case(f"{name} overlapping same", name, (1, 6, 7, 2), pool_size=(3, 2), strides=(1, 2),
         padding="same")  # fmt: skip
    case(f"{name} gaps", name, (1, 7, 7, 2), pool_size=(2, 2), strides=(3, 3))
for name in ("global_average_pool2d", "global_max_pool2d"):
    case(name, name, (2, 4, 3, 5))
    case(f"{name} kept", name, (2, 4, 3, 5), keepdims=True)

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

case("softmax_cross_entropy sparse", "softmax_cross_entropy", (4, 5), ("class", (4,), 5))
case("softmax_cross_entropy sparse 3 axes", "softmax_cross_entropy", (2, 3, 5),
     ("class", (2, 3), 5))  # fmt: skip
case("softmax_cross_entropy dense", "softmax_cross_entropy", (4, 5), ("probability", (4, 5)))
case("sigmoid_cross_entropy", "sigmoid_cross_entropy", (4, 5), ("probability", (4, 5)))
