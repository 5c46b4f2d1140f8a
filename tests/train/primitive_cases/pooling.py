"""Pooling."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

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
