"""Depthwise convolutions."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

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
