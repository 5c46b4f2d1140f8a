"""A model that trains as it will compute in int8."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, QuantizationError
from edgekit.frozen import fields
from edgekit.quantize.calibrate import Range
from edgekit.quantize.recipe import Recipe
from edgekit.train.backend import array_module
from edgekit.train.batches import batches_of
from edgekit.train.callbacks.callback import Callback
from edgekit.train.data import unpack
from edgekit.train.layers.core import InputLayer
from edgekit.train.layers.layer import Layer
from edgekit.train.masks import mask_of, set_mask
from edgekit.train.models.cloning import clone_model
from edgekit.train.models.model import Model
from edgekit.train.models.sequential import Sequential
from edgekit.train.structure import flatten, pack

from .int8_accuracy import Int8Accuracy
from .plan import make_plan
from .ranges import EMPTY, Ranges
from .rewriter import Rewriter
from .scales import Scales
from .steps import Plan

__all__ = ["QuantizedModel", "quantize_model"]


def quantize_model(
    model: Any,
    recipe: Recipe | None = None,
    *,
    calibration: Any = None,
    momentum: float = 0.99,
    freeze_batch_norm_after: int | None = None,
    name: str | None = None,
) -> QuantizedModel:
    """A model for quantization-aware training, with the weights of `model`; compile it anew.

    Weights and activations are rounded to int8 wherever `edgekit.convert` will round them, and
    `convert` takes the ranges that training has learned.

    model: a Sequential, functional or subclassed model whose input shape is known. The first two
        are copied; a subclassed one is trained itself, since only its own class can build it.
    recipe: the choices of the conversion; `Recipe(keep_float=[...])` names layers to leave alone.
    calibration: typical inputs from which the ranges start; else the first batch sets them.
    momentum: of the moving averages of smallest and largest number.
    freeze_batch_norm_after: the number of epochs of `fit` after which batch normalization goes by
        its moving statistics, as the device does. None: it goes by the batch's to the end.

    Raises UnsupportedOperator where the model cannot be written as a graph, and QuantizationError
    for names in `keep_float` that are no layers.
    """
    if isinstance(model, QuantizedModel):
        raise InputError(f"model {model.name!r} is for quantization-aware training already")
    copy = model if getattr(model, "_graph", None) is None else _copy(model)
    made = QuantizedModel(
        copy, recipe, momentum=momentum, freeze_batch_norm_after=freeze_batch_norm_after, name=name
    )
    if calibration is not None:
        made.observe(calibration)
    return made


def _copy(model: Any) -> Any:
    """The model once more, with the same names, weights, and layers that do not train."""
    inputs = None
    if isinstance(model, Sequential):
        source = model._input_layer
        assert source is not None
        inputs = InputLayer(
            batch_shape=source.batch_shape, dtype=source.input_dtype, name=source.name
        ).output
    copy = clone_model(model, inputs)
    copy.set_weights(model.get_weights())
    for old, new in zip(model.flat_layers(), copy.flat_layers(), strict=True):
        new._trainable = old._trainable
    for old, new in zip(model.weights, copy.weights, strict=True):
        new.trainable = old.trainable
    return copy


class QuantizedModel(Model):
    """What `quantize_model` returns: a Keras model over `float_model`, whose layers it shares.

    ranges: the learned ranges, a weight of shape (activations, 2) that no optimizer changes.
    batch_norm_frozen: whether batch normalization goes by its moving statistics in training.
    """

    keras_module = "edgekit.train.quantization"
    _not_tracked = Model._not_tracked | {"_plan", "_ranges", "_scales", "recipe"}

    def __init__(
        self,
        model: Any,
        recipe: Recipe | None = None,
        *,
        momentum: float = 0.99,
        freeze_batch_norm_after: int | None = None,
        values: list[str] | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name or f"quantized_{model.name}", **options)
        if not 0.0 <= momentum < 1.0:
            raise InputError(f"momentum lies from 0 to below 1. Received: {momentum}")
        self.float_model = model
        self.recipe = recipe or Recipe()
        self.momentum = momentum
        self.freeze_batch_norm_after = freeze_batch_norm_after
        self.batch_norm_frozen = False
        self._plan: Plan | None = None
        self._graph = model._graph
        self.input_spec = model.input_spec
        self.built = True
        self._build_shape = model._build_shape
        if values is None:
            self._plan = make_plan(model, self.recipe)
            values = list(self._plan.values)
            self._warn_of_unlearned(self._plan)
        self.values = values
        shape = (len(values), 2)
        self.ranges = self.add_weight(shape, trainable=False, initializer="zeros", name="ranges")
        self.ranges.assign(np.tile(np.array(EMPTY, np.float32), (len(values), 1)))
        self._ranges = Ranges(values, self.ranges, momentum)
        self._scales: Scales | None = None

    # -- what is inside ---------------------------------------------------------------------------

    def children(self) -> Iterator[Layer]:
        yield self.float_model

    @property
    def layers(self) -> list[Layer]:
        """The layers of the float model."""
        return self.float_model.layers

    @property
    def plan(self) -> Plan:
        """Where the model is quantized; made at first use after loading."""
        if self._plan is None:
            self._plan = make_plan(self.float_model, self.recipe)
            if list(self._plan.values) != self.values:
                raise QuantizationError(
                    f"model {self.name!r}: its learned ranges are those of other activations than "
                    "this version quantizes; call quantize_model(model.float_model) and train again"
                )
        return self._plan

    def _warn_of_unlearned(self, plan: Plan) -> None:
        if plan.unlearned:
            warnings.warn(
                "training does not round inside of these layers, each of them several operators "
                f"on the device: {', '.join(dict.fromkeys(plan.unlearned.values()))}; to convert "
                f"model {self.name!r} give calibration data for them, or keep them in float "
                "(keep_float)",
                stacklevel=4,
            )

    def learned_ranges(self) -> Mapping[str, Range]:
        """The ranges that were learned so far, by the names that activations have in the graph."""
        self._ranges.refresh()
        return self._ranges.known()

    def observe(self, x: Any, batch_size: int | None = None) -> None:
        """Widen the ranges to what activations are on these inputs; nothing is trained."""
        for data in batches_of(x, None, None, batch_size, None):
            inputs = self._as_tensors(unpack(data)[0])
            self._rewritten(inputs, training=False, learning=True, widening=True)

    # -- calling ----------------------------------------------------------------------------------

    def call(self, inputs, training=None, mask=None):
        learning = bool(training)
        return self._rewritten(inputs, learning, learning, widening=False)

    def _rewritten(self, inputs: Any, training: bool, learning: bool, widening: bool) -> Any:
        if self._ranges.refresh() or self._scales is None:
            self._scales = Scales(self.plan, self._ranges, self.recipe.input_range)
        if not learning and not self._ranges.known():
            warnings.warn(
                f"model {self.name!r} has learned no ranges yet: its activations are not rounded; "
                "train it, or show it typical inputs with observe(x)",
                stacklevel=4,
            )
        folding = not training or self.batch_norm_frozen
        run = Rewriter(self.plan, self._scales, learning, widening, folding)
        names = list(self.plan.inputs)
        leaves = flatten(inputs)
        rounded = [run.entered(n, x) for n, x in zip(names, leaves, strict=True)]
        for x, y in zip(leaves, rounded, strict=True):
            if y is not x and (kept := mask_of(x)) is not None:
                set_mask(y, kept)
        still = self._moving_statistics() if training and folding else []
        with run.running(self.float_model.name):
            outputs = self.float_model(pack(inputs, rounded), training=training)
        for variable, values in still:
            variable.data[...] = values
        if learning:
            self._ranges.store()
        return outputs

    def _moving_statistics(self) -> list[tuple[Any, Any]]:
        """The statistics that layers would move, with their values now: they are put back."""
        norms = [step.norm for step in self.plan.steps.values() if step.norm is not None]
        moving = {id(v): v for norm in norms for v in (norm.mean, norm.variance)}
        return [(v, array_module(v.data).array(v.data)) for v in moving.values()]

    # -- training ---------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        """As every model; `Int8Accuracy` among the callbacks comes before what watches it."""
        given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
        given = [one for one in given if one is not None]
        given.sort(key=lambda callback: not isinstance(callback, Int8Accuracy))
        if self.freeze_batch_norm_after is not None:
            given.insert(0, _Freezing(self.freeze_batch_norm_after))
        return super().fit(x, y, batch_size, epochs, verbose, given, *args, **options)

    # -- saving -----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config

        return {
            "name": self.name,
            "model": model_config(self.float_model),
            "recipe": {n: getattr(self.recipe, n) for n in fields(self.recipe)},
            "momentum": self.momentum,
            "freeze_batch_norm_after": self.freeze_batch_norm_after,
            "values": list(self.values),
        }

    def get_build_config(self) -> None:
        """Nothing: the float model says for which shape it was built."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        from edgekit.train.saving.reading import model_from_config

        given = {**config, "recipe": Recipe(**config["recipe"])}
        return cls(model_from_config(given.pop("model"), custom_objects), **given)


class _Freezing(Callback):
    """Freezes batch normalization from an epoch on."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_epoch_begin(self, epoch, logs=None):
        self.model.batch_norm_frozen = epoch >= self.epochs
