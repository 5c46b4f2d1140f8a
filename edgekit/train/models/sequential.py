"""Sequential: one layer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgekit.errors import InputError
from edgekit.train.backend import current_device
from edgekit.train.layers.core import InputLayer
from edgekit.train.layers.layer import Layer
from edgekit.train.layers.weights import own_scope
from edgekit.train.masks import set_masks
from edgekit.train.models.graph import LayerGraph
from edgekit.train.models.model import Model
from edgekit.train.models.regions import joined_stack
from edgekit.train.names import unique_name
from edgekit.train.symbolic import SymbolicTensor

__all__ = ["Sequential"]


class Sequential(Model):
    """A stack of layers. Without an Input it is built when it first sees data, or by `build`."""

    _not_tracked = Model._not_tracked | {"_input_layer", "_joined"}

    def __init__(
        self, layers: Any = None, trainable: bool = True, name: str | None = None, **options: Any
    ) -> None:
        super().__init__(name=name, trainable=trainable, **options)
        self._stack: list[Layer] = []
        # the stack when it was last called, and the same with layers joined that train as one
        self._joined: tuple[list[Layer], list[Any]] = ([], [])
        self._input_layer: InputLayer | None = None
        for layer in layers or []:
            self._append(layer)
        self._build_if_possible()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top. rebuild: Keras' argument; what is here is never built anew."""
        before = len(self._stack)
        self._append(layer)
        if self._graph is not None and len(self._stack) > before:
            self._extend_graph(self._graph.outputs, self._stack[before:])
        else:
            self._build_if_possible()
        self._compiled_again()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer away and return it."""
        if not self._stack:
            raise InputError(f"model {self.name!r} has no layer to pop.")
        layer = self._stack.pop()
        graph, self._graph, self.built = self._graph, None, False
        if graph is not None and rebuild and self._stack and self._input_layer is not None:
            call = graph.calls[-1]
            layer.calls = [other for other in layer.calls if other is not call]
            self._take_graph(LayerGraph(self._input_layer.output, call.args[0]))
        self._compiled_again()
        return layer

    def _compiled_again(self) -> None:
        """Outputs changed: what depends on their shapes is chosen anew at the next batch."""
        if self._compiled is not None:
            self._compiled.built = False

    def _append(self, layer: Any) -> None:
        if isinstance(layer, SymbolicTensor):
            layer = getattr(layer.call, "layer", None)
        if isinstance(layer, InputLayer):
            if self._stack or self._input_layer is not None:
                raise InputError(
                    f"model {self.name!r}: an Input can only come first, and once. "
                    f"Received: {layer.name!r} after {len(self._stack)} layers"
                )
            self._input_layer = layer
            return
        if not isinstance(layer, Layer):
            raise InputError(
                f"model {self.name!r}: Sequential takes layers. Received: {layer!r} "
                f"(of type {type(layer).__name__})"
            )
        if any(known.name == layer.name for known in self._stack):
            raise InputError(
                f"model {self.name!r}: all layers should have unique names. {layer.name!r} is "
                "there already; pass name=... to one of them"
            )
        self._stack.append(layer)
        if len(self._stack) == 1 and self._input_layer is None and layer.declared_input_shape:
            self._input_layer = InputLayer(batch_shape=layer.declared_input_shape)

    def _build_if_possible(self) -> None:
        if not self._stack:
            return
        first = self._stack[0]
        if self._input_layer is None and isinstance(first, Model) and first._graph is not None:
            self._input_layer = InputLayer(batch_shape=first.inputs[0].shape)
        if self._input_layer is not None:
            self._build_graph(self._input_layer)

    def _build_graph(self, source: InputLayer) -> None:
        self._extend_graph(source.output, self._stack)
        self._build_shape = source.batch_shape

    def _extend_graph(self, x: Any, layers: list[Layer]) -> None:
        with own_scope(self.name):
            for layer in layers:
                x = layer(x)
        assert self._input_layer is not None
        self._take_graph(LayerGraph(self._input_layer.output, x))

    def _take_graph(self, graph: LayerGraph) -> None:
        unique_name("functional")  # Keras makes a functional model inside, which takes a name
        super()._take_graph(graph)

    def build(self, input_shape: Any = None) -> None:
        if self._graph is not None:
            return
        if input_shape is None:
            raise InputError(f"model {self.name!r}: build needs the shape of the input.")
        if not self._stack:
            raise InputError(
                f"model {self.name!r} is empty: add layers with model.add() before building it"
            )
        self._input_layer = InputLayer(batch_shape=(None, *tuple(input_shape)[1:]))
        self._build_graph(self._input_layer)

    def build_for(self, input_shape: Any) -> None:
        self.build(input_shape)

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            set_masks(inputs, mask)
        if self._joined[0] != self._stack:
            self._joined = list(self._stack), joined_stack(self._stack)
        layers = self._joined[1]
        if current_device() != "cpu":
            from edgekit.train.gpu.peephole import joined_layers

            layers = joined_layers(self, self._stack)
        for layer in layers:
            inputs = layer(inputs)
        return inputs

    @property
    def casts_inputs(self) -> bool:  # type: ignore[override]
        """Whether integers become numbers with a fraction: as the first layer has it."""
        return self._stack[0].casts_inputs if self._stack else True

    def children(self) -> Iterator[Layer]:
        yield from self._stack

    def get_config(self) -> dict[str, Any]:
        from edgekit.train.saving.writing import model_config
        from edgekit.train.serialization import serialize

        stack = [model_config(layer) for layer in self._stack]
        if self._input_layer is not None:
            stack.insert(0, serialize(self._input_layer))
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype,
            "layers": stack,
        }
        if self._input_layer is not None:
            config["build_input_shape"] = self._input_layer.batch_shape
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """A model of the same architecture, with new weights."""
        from edgekit.train.saving.reading import sequential_from_config

        return sequential_from_config(cls, config, custom_objects)
