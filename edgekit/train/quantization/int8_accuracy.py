"""Loss and metrics of the int8 model itself, measured after every epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.interpreter import Interpreter
from edgekit.interpreter.arithmetic import dequantize
from edgekit.ir import Graph
from edgekit.quantize.pipeline import quantize
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.samples import Samples, gather
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.callbacks.callback import Callback
from edgekit.train.data import unpack
from edgekit.train.models.compiled import add_batch
from edgekit.train.models.logged import numbers_of
from edgekit.train.structure import map_structure, pack
from edgekit.train.tensor import wrap
from edgekit.train.trace import trace

__all__ = ["Int8Accuracy"]


class Int8Accuracy(Callback):
    """Converts the model after each epoch, runs the interpreter, and logs what it scores.

        aware.fit(x, y, callbacks=[
            Int8Accuracy((x_val, y_val)),
            ModelCheckpoint("best.keras", monitor="val_int8_accuracy", save_best_only=True),
        ])

    Every metric the model was compiled with appears as `val_int8_<name>`, the loss too: those of
    the very arithmetic that the device computes. `QuantizedModel.fit` runs it before the other
    callbacks; with any other model put it first in the list, and give it calibration data.

    validation_data: (x, y) or (x, y, sample_weight), arrays. calibration: inputs from which the
    ranges come; needed unless the model has learned them. every: in how many epochs once.
    """

    def __init__(
        self,
        validation_data: Any,
        calibration: Any = None,
        recipe: Recipe | None = None,
        every: int = 1,
    ) -> None:
        self.x, self.y, self.sample_weight = unpack(validation_data)
        if self.y is None:
            raise InputError("Int8Accuracy needs (inputs, targets)")
        self.calibration = calibration
        self.recipe = recipe
        self.every = every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every or logs is None:
            return
        measured = self.measure()
        logs.update({f"val_int8_{name}": value for name, value in measured.items()})

    def measure(self) -> dict[str, float]:
        """Loss and metrics of the model as it is now, in int8."""
        model = self.model
        learned = getattr(model, "learned_ranges", None)
        recipe = self.recipe or getattr(model, "recipe", None)
        graph = trace(model)
        ranges = None if learned is None else learned()
        int8 = quantize(graph, self.calibration, recipe, learned=ranges, compare=False).graph
        floats = all(graph.value(name).dtype == "float32" for name in graph.inputs)
        x = map_structure(_as_floats if floats else to_numpy, self.x)
        samples = gather(graph, x if isinstance(x, dict) else _one_or_all(x), "validation")
        outputs = [wrap(asarray(array)) for array in _outputs(int8, samples)]
        first = map_structure(lambda array: array[:1], self.x)
        predicted = pack(model(first, training=False), outputs)
        compiled = model._compiled_for(self.y, predicted)
        compiled.reset()
        loss = compiled.loss(self.y, predicted, self.sample_weight)
        if loss is not None:
            add_batch(compiled.loss_metric, loss, samples.count)
        compiled.update_metrics(self.y, predicted, self.sample_weight)
        return numbers_of(compiled.results())


def _as_floats(x: Any) -> np.ndarray:
    array = to_numpy(x)
    return array if array.dtype.kind == "f" else array.astype(np.float32)


def _one_or_all(x: Any) -> Any:
    return x[0] if isinstance(x, list | tuple) and len(x) == 1 else x


def _outputs(graph: Graph, samples: Samples) -> list[np.ndarray]:
    """All outputs of the int8 graph as real numbers, in its order."""
    interpreter = Interpreter(graph)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in graph.outputs}
    for _, real, batch in samples.batches(graph):
        found = interpreter.run(batch)
        for name, rows in parts.items():
            quant = graph.value(name).quant
            array = found[name] if quant is None else dequantize(found[name], quant)
            rows.append(array[:real])
    return [np.concatenate(rows) for rows in parts.values()]
