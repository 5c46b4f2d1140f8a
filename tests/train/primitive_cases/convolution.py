"""Convolutions."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

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

case("conv3d", "conv3d", (2, 4, 5, 4, 2), (2, 3, 2, 2, 3), (3,))
case("conv3d same strides", "conv3d", (1, 5, 6, 4, 2), (3, 2, 3, 2, 2), strides=(2, 1, 2),
     padding="same")  # fmt: skip
case("conv3d dilated", "conv3d", (1, 6, 5, 5, 2), (3, 2, 2, 2, 2), (2,), dilations=(2, 1, 3),
     padding="same")  # fmt: skip
case("conv3d groups", "conv3d", (1, 3, 4, 4, 4), (2, 2, 2, 2, 4), (4,), groups=2)
case("conv3d stride over kernel", "conv3d", (1, 7, 4, 4, 1), (2, 1, 1, 1, 2), strides=(3, 1, 1))
case("conv2d_transpose", "conv2d_transpose", (2, 3, 4, 3), (3, 3, 2, 3), (2,), size=(5, 6))
case("conv2d_transpose strides", "conv2d_transpose", (2, 3, 4, 2), (3, 2, 3, 2), (3,),
     size=(7, 9), strides=(2, 2))  # fmt: skip
case("conv2d_transpose same", "conv2d_transpose", (1, 3, 3, 2), (4, 3, 2, 2), size=(6, 6),
     strides=(2, 2), before=(1, 0))  # fmt: skip
case("conv2d_transpose gaps", "conv2d_transpose", (1, 3, 2, 2), (2, 1, 2, 2), size=(9, 6),
     strides=(3, 3))  # fmt: skip
case("conv2d_transpose dilated", "conv2d_transpose", (1, 4, 3, 2), (2, 3, 2, 2), size=(4, 5),
     before=(1, 1), dilations=(2, 2))  # fmt: skip
case("conv2d_transpose 1x1", "conv2d_transpose", (2, 3, 3, 4), (1, 1, 2, 4), size=(6, 6),
     strides=(2, 2))  # fmt: skip

case("activated_conv2d relu", "activated_conv2d", (2, 5, 6, 4), (3, 3, 4, 2), (2,),
     activation="relu", strides=(2, 1), padding="same")  # fmt: skip
case("activated_conv2d relu6", "activated_conv2d", (1, 5, 5, 4), (2, 3, 2, 4),
     activation="relu6", groups=2)  # fmt: skip
