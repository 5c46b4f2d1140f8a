"""Quantization-aware training: a model that trains as the device will compute.

from edgekit.train.quantization import Int8Accuracy, quantize_model

aware = quantize_model(model)
aware.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
aware.fit(x, y, epochs=5, callbacks=[Int8Accuracy((x_val, y_val))])
edgekit.convert(aware).save("model.edge")
"""

from edgekit.quantize.recipe import Recipe as Recipe

from .fake_quantize import fake_quantize as fake_quantize
from .fake_quantize import fake_quantize_weight as fake_quantize_weight
from .int8_accuracy import Int8Accuracy as Int8Accuracy
from .model import QuantizedModel as QuantizedModel
from .model import quantize_model as quantize_model

__all__ = [
    "Int8Accuracy",
    "QuantizedModel",
    "Recipe",
    "fake_quantize",
    "fake_quantize_weight",
    "quantize_model",
]
