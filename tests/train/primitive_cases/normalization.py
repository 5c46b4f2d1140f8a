"""Normalization."""

from tests.train.primitive_cases.case import Cases

CASES = Cases()
case = CASES.add

case("batch_norm_training", "batch_norm_training", (3, 4, 2, 5), (5,), (5,), epsilon=1e-3)
case("batch_norm_training plain", "batch_norm_training", (6, 4), epsilon=1e-2)
case("batch_norm_training no scale", "batch_norm_training", (6, 4), None, (4,), epsilon=1e-3)
case("batch_norm", "batch_norm", (3, 2, 2, 4), (4,), (4,), (4,), ("positive", (4,)),
     epsilon=1e-3)  # fmt: skip
case("batch_norm no shift", "batch_norm", (5, 4), (4,), None, (4,), ("positive", (4,)),
     epsilon=1e-3)  # fmt: skip
case("batch_norm_activation", "batch_norm_activation", (3, 4, 2, 5), (5,), (5,), (3, 4, 2, 5),
     epsilon=1e-3, activation="relu")  # fmt: skip
case("batch_norm_activation 6", "batch_norm_activation", (3, 4, 2, 4), (4,), (4,),
     epsilon=1e-3, activation="relu6")  # fmt: skip
case("batch_norm_activation sum", "batch_norm_activation", (7, 8), (8,), (8,), (7, 8),
     epsilon=1e-3)  # fmt: skip
case("batch_norm_activation plain", "batch_norm_activation", (6, 4), epsilon=1e-2,
     activation="relu")  # fmt: skip
case("layer_norm", "layer_norm", (3, 2, 5), (5,), (5,), epsilon=1e-3)
case("layer_norm two axes", "layer_norm", (3, 2, 5), (2, 5), (2, 5), axis=(1, 2), epsilon=1e-5)
case("layer_norm plain", "layer_norm", (3, 5), epsilon=1e-3)

case("unit_norm", "unit_norm", (3, 5))
case("unit_norm axes", "unit_norm", (2, 3, 4), axis=(1, 2))
case("group_norm", "group_norm", (2, 3, 2, 6), (6,), (6,), groups=3, epsilon=1e-3)
case("group_norm shift", "group_norm", (2, 5, 4), None, (4,), groups=4, epsilon=1e-5)
case("group_norm plain", "group_norm", (3, 4), groups=2, epsilon=1e-2)
