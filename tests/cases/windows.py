"""Convolutions, dense layers and pooling: operators that sum or compare over windows."""

from .case import case

CONV = [
    case("Conv2D", x=(1, 8, 8, 3), weight=(4, 3, 3, 3), bias=(4,)),
    case("Conv2D", x=(1, 9, 7, 1), weight=(8, 3, 3, 1), bias=(8,), pads=(1, 1, 1, 1)),
    case("Conv2D", x=(2, 8, 8, 4), weight=(6, 1, 1, 4), bias=(6,), activation="relu"),
    case("Conv2D", x=(1, 8, 8, 16), weight=(16, 1, 1, 16)),
    case("Conv2D", x=(1, 9, 9, 3), weight=(5, 3, 3, 3), bias=(5,), strides=(2, 2)),
    case(
        "Conv2D", x=(1, 8, 8, 4), weight=(8, 3, 3, 4), bias=(8,), strides=(2, 2), pads=(0, 0, 1, 1)
    ),
    case("Conv2D", x=(1, 10, 6, 2), weight=(3, 5, 1, 2), bias=(3,), pads=(2, 0, 2, 0)),
    case("Conv2D", x=(1, 12, 12, 2), weight=(3, 3, 3, 2), bias=(3,), dilations=(2, 2)),
    case(
        "Conv2D",
        x=(1, 11, 10, 3),
        weight=(4, 3, 3, 3),
        bias=(4,),
        dilations=(2, 3),
        pads=(2, 3, 2, 3),
        activation="relu6",
    ),
    case("Conv2D", x=(1, 6, 6, 8), weight=(8, 3, 3, 2), bias=(8,), groups=4, pads=(1, 1, 1, 1)),
    case("Conv2D", x=(1, 7, 9, 40), weight=(24, 3, 3, 40), bias=(24,), pads=(1, 1, 1, 1)),
    case("Conv2D", x=(1, 5, 5, 3), weight=(4, 5, 5, 3), bias=(4,)),
    case("Conv2D", x=(1, 8, 8, 3), weight=(4, 3, 3, 3), bias=(4,), per_channel=False),
    case("Conv2D", x=(1, 9, 8, 3), weight=(4, 2, 4, 3), bias=(4,), strides=(3, 1)),
]
DEPTHWISE = [
    case("DepthwiseConv2D", x=(1, 8, 8, 4), weight=(1, 3, 3, 4), bias=(4,), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 7, 9, 8), weight=(1, 3, 3, 8), bias=(8,), activation="relu6"),
    case(
        "DepthwiseConv2D",
        x=(2, 12, 12, 16),
        weight=(1, 3, 3, 16),
        bias=(16,),
        strides=(2, 2),
        pads=(0, 0, 1, 1),
    ),
    case("DepthwiseConv2D", x=(1, 6, 6, 3), weight=(1, 3, 3, 6), bias=(6,), pads=(1, 1, 1, 1)),
    case("DepthwiseConv2D", x=(1, 10, 4, 5), weight=(1, 5, 2, 5), strides=(2, 1)),
    case(
        "DepthwiseConv2D",
        x=(1, 9, 9, 4),
        weight=(1, 3, 3, 4),
        bias=(4,),
        dilations=(2, 2),
        pads=(2, 2, 2, 2),
    ),
    case("DepthwiseConv2D", x=(1, 3, 3, 130), weight=(1, 3, 3, 130), bias=(130,)),
    case("DepthwiseConv2D", x=(1, 8, 8, 4), weight=(1, 3, 3, 4), bias=(4,), per_channel=False),
]
DENSE = [
    case("Dense", x=(1, 20), weight=(7, 20), bias=(7,)),
    case("Dense", x=(3, 16), weight=(4, 16), activation="relu"),
    case("Dense", x=(1, 5, 12), weight=(8, 12), bias=(8,), activation="relu6"),
    case("Dense", x=(2, 300), weight=(10, 300), bias=(10,), per_channel=False),
]
POOL = [
    case("MaxPool2D", x=(1, 8, 8, 3), pool=(2, 2), strides=(2, 2)),
    case("MaxPool2D", x=(1, 7, 9, 4), pool=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    case("MaxPool2D", x=(2, 6, 5, 2), pool=(3, 2)),
    case("AveragePool2D", x=(1, 8, 8, 3), pool=(2, 2), strides=(2, 2)),
    case("AveragePool2D", x=(1, 7, 7, 4), pool=(3, 3), strides=(1, 1), pads=(1, 1, 1, 1)),
    case("AveragePool2D", x=(1, 8, 8, 16), pool=(8, 8)),
    case("AveragePool2D", x=(2, 6, 4, 5), pool=(3, 4), strides=(3, 2)),
]
TRANSPOSED = [
    case(
        "TransposeConv2D",
        x=(1, 4, 5, 6),
        weight=(3, 3, 3, 6),
        bias=(3,),
        size=(8, 10),
        strides=(2, 2),
    ),
    case("TransposeConv2D", x=(1, 4, 3, 5), weight=(4, 2, 2, 5), size=(8, 6), strides=(2, 2)),
    case(
        "TransposeConv2D",
        x=(1, 5, 4, 3),
        weight=(2, 4, 5, 3),
        bias=(2,),
        size=(10, 12),
        strides=(2, 3),
        pads=(1, 1),
        activation="relu",
    ),
    case("TransposeConv2D", x=(1, 3, 3, 4), weight=(6, 3, 2, 4), bias=(6,), size=(5, 4)),
    case(
        "TransposeConv2D",
        x=(1, 6, 5, 2),
        weight=(3, 5, 5, 2),
        bias=(3,),
        size=(12, 10),
        strides=(2, 2),
        pads=(1, 2),
        per_channel=False,
    ),
]
SOLID = [
    case("Conv3D", x=(1, 4, 5, 6, 2), weight=(3, 2, 3, 3, 2), bias=(3,)),
    case(
        "Conv3D",
        x=(2, 5, 6, 4, 3),
        weight=(4, 3, 2, 1, 3),
        strides=(1, 2, 2),
        pads=(1, 0, 0, 1, 0, 1),
        activation="relu",
    ),
]
PRODUCTS = [
    case("BatchMatMul", x=(2, 3, 5), y=(2, 5, 4)),
    case("BatchMatMul", x=(2, 3, 5, 4), y=(2, 3, 6, 5), adj_x=True, adj_y=True),
    case("BatchMatMul", x=(1, 7, 40), y=(40, 9), constant=("y",)),
    case("BatchMatMul", x=(1, 4, 300), y=(1, 300, 3)),
]
CASES = CONV + DEPTHWISE + DENSE + POOL + TRANSPOSED + SOLID + PRODUCTS
