"""A signature of a model as tflite_runtime has it: a function of named arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .inputs import check_names

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .compat import TfliteMethods
    from .tensor_table import Details

__all__ = ["SignatureRunner"]

Array = np.ndarray[Any, np.dtype[Any]]


class SignatureRunner:
    """`runner(x=array)` gives a dict of outputs, both by the names of the signature."""

    def __init__(self, model: TfliteMethods, key: str) -> None:
        self._model = model
        self._inputs, self._outputs = model._tensors.signatures[key]

    def __call__(self, **inputs: ArrayLike) -> dict[str, Array]:
        model, arrays = self._model, {}
        check_names(self._inputs, inputs)
        for name, given in inputs.items():
            index = self._inputs[name]
            arrays[model._name(index)] = array = np.asarray(given)
            if model._can_reshape and array.shape != model._shape(model._name(index)):
                model.resize_tensor_input(index, array.shape)
        model.allocate_tensors()
        results = model.run(arrays)
        return {name: results[model._name(index)] for name, index in self._outputs.items()}

    def get_input_details(self) -> dict[str, Details]:
        return {name: self._model._details(index) for name, index in self._inputs.items()}

    def get_output_details(self) -> dict[str, Details]:
        return {name: self._model._details(index) for name, index in self._outputs.items()}
