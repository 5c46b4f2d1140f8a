"""Model: a layer that trains, evaluates, predicts, prints and saves itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.train.backend import asarray, is_floating, to_numpy
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.layer import Layer, NotCalled
from edgekit.train.masks import set_masks
from edgekit.train.models.graph import LayerGraph
from edgekit.train.models.shapes import map_shapes_like, zeros_of
from edgekit.train.models.summary import print_summary
from edgekit.train.models.trainer import Trainer
from edgekit.train.ops.math import cast
from edgekit.train.structure import flatten, is_nested, map_structure, unique
from edgekit.train.symbolic import SymbolicTensor
from edgekit.train.tensor import Tensor, wrap

__all__ = ["Model"]


class Model(Trainer, Layer):
    """A model from `Model(inputs, outputs)` (functional), or a subclass with its own `call`.

    inputs, outputs: symbolic tensors, in a list or dict where there are several.
    """

    keras_module = "keras"
    _not_tracked = Layer._not_tracked | Trainer._not_tracked | {"_graph"}

    def __init__(self, inputs: Any = None, outputs: Any = None, **options: Any) -> None:
        graph = None
        if outputs is not None or inputs is not None:
            if inputs is None or outputs is None:
                raise InputError("Model(inputs, outputs) needs both.")
            graph = LayerGraph(inputs, outputs)
            if type(self) is Model and not options.get("name"):
                options["name"] = _functional_name()
        Layer.__init__(self, **options)
        Trainer.__init__(self)
        self._graph: LayerGraph | None = None
        if graph is not None:
            self._take_graph(graph)

    def _take_graph(self, graph: LayerGraph) -> None:
        self._graph = graph
        self.built = True
        specs = [InputSpec(shape=(None, *x.shape[1:])) for x in graph.flat_inputs]
        self.input_spec = specs if is_nested(graph.inputs) else specs[0]
        self._checked_shape = None
        if not self._trainable:
            self.trainable = False

    # -- calling ----------------------------------------------------------------------------------

    def call(self, inputs, training=None, mask=None):
        if self._graph is None:
            raise NotImplementedError(
                f"model {self.name!r}: {type(self).__name__} needs a call(inputs), or use "
                "Model(inputs, outputs)"
            )
        if mask is not None:
            set_masks(inputs, mask)
        return self._graph.run(inputs)

    def _hand_masks_on(self, inputs: Any, outputs: Any, masks: Any) -> None:
        """The outputs carry what the layers inside handed on."""

    def _as_tensors(self, inputs: Any) -> Any:
        """The inputs of a functional model in the dtypes of its Inputs."""
        graph = self._graph
        if graph is None:
            return super()._as_tensors(inputs)
        if not isinstance(inputs, list):
            return self._as_input(inputs, graph.flat_inputs[0].dtype)
        return [
            self._as_input(x, source.dtype)
            for x, source in zip(inputs, graph.flat_inputs, strict=True)
        ]

    def _as_input(self, x: Any, dtype: str) -> Any:
        if dtype == "string":  # for layers on the host, such as TextVectorization
            return wrap(np.asarray(to_numpy(x)))
        if isinstance(x, Tensor):
            to_float = x.dtype.kind in "iub" and is_floating(np.dtype(dtype))
            return cast(x, dtype=dtype) if to_float else self._cast(x)
        if is_floating(np.dtype(dtype)):
            return super()._as_tensors(x)
        return wrap(asarray(asarray(x), dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        graph = getattr(self, "_graph", None)
        if graph is not None and args:
            inputs = self._arranged(graph, args[0]) if is_nested(args[0]) else args[0]
            args = (graph.in_rank(inputs), *args[1:])
        return super().__call__(*args, **kwargs)

    def _arranged(self, graph: LayerGraph, inputs: Any) -> Any:
        """Several inputs as a list, whatever structure they were given in."""
        if len(graph.flat_inputs) == 1 and isinstance(inputs, list | tuple):
            return inputs if not any(hasattr(x, "shape") for x in inputs) else inputs[0]
        return graph.arrange(inputs)

    def compute_output_shape(self, input_shape):
        if self._graph is None:
            return super().compute_output_shape(input_shape)
        leaves = [input_shape] if len(self._graph.flat_inputs) == 1 else list(input_shape)
        if len(leaves) == 1 and leaves[0] and isinstance(leaves[0][0], tuple | list):
            leaves = list(leaves[0])
        return self._graph.output_shapes(leaves)

    def output_spec(self, inputs: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self._graph is None:
            return super().output_spec(inputs, args, kwargs)
        shapes = self._graph.output_shapes([tuple(x.shape) for x in flatten(inputs)])
        leaves = iter(self._graph.flat_outputs)
        return map_shapes_like(
            self._graph.outputs, shapes, lambda s: SymbolicTensor(s, next(leaves).dtype)
        )

    # -- what is inside ---------------------------------------------------------------------------

    def children(self) -> Iterator[Layer]:
        if self._graph is not None:
            yield from self._graph.layers
        yield from super().children()

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, each once."""
        return unique(self.children())

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by index; an unknown name gives the nearest known one."""
        if (name is None) == (index is None):
            raise InputError("get_layer takes either a name or an index.")
        if name is not None:
            return lookup({layer.name: layer for layer in self.layers}, name, "layer", InputError)
        at = int(index or 0)
        if not -len(self.layers) <= at < len(self.layers):
            raise InputError(f"layer index {at} is out of range: there are {len(self.layers)}.")
        return self.layers[at]

    @property
    def inputs(self) -> list[SymbolicTensor]:
        return self._symbolic().flat_inputs

    @property
    def outputs(self) -> list[SymbolicTensor]:
        return self._symbolic().flat_outputs

    @property
    def input(self) -> Any:
        return self._symbolic().inputs

    @property
    def output(self) -> Any:
        return self._symbolic().outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the input (a structure of shapes for several)."""
        return map_structure(lambda x: x.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shape of the output (a structure of shapes for several)."""
        return map_structure(lambda x: x.shape, self.output)

    def _symbolic(self) -> LayerGraph:
        if self._graph is None:
            raise NotCalled(
                f"model {self.name!r} has no defined inputs yet: build it, call it on data, or "
                "make it with Model(inputs, outputs)"
            )
        return self._graph

    @property
    def input_names(self) -> list[str]:
        return [] if self._graph is None else self._graph.input_names

    @property
    def output_names(self) -> list[str]:
        return [] if self._graph is None else self._graph.output_names

    def build(self, input_shape: Any = None) -> None:
        """Make the weights of a subclassed model by calling it on zeros of this shape."""
        if self._graph is None and type(self).call is not Model.call:
            self.call(zeros_of(input_shape))

    def build_for(self, input_shape: Any) -> None:
        """A subclassed model is built by being called: its layers build themselves."""
        self.built, self._build_shape = True, input_shape

    # -- printing and saving ----------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and their numbers of weights.

        layer_range: two names (or regular expressions), of the first and the last layer to show.
        """
        print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range)

    def save(
        self,
        filepath: Any,
        overwrite: bool = True,
        zipped: bool | None = None,
        include_optimizer: bool = True,
    ) -> None:
        """Write a `.keras` file that Keras 3 can read too; the file is replaced as a whole.

        zipped: Keras' argument; a folder, which False would make, cannot be written.
        """
        from edgekit.train.saving import save_model

        save_model(self, filepath, overwrite, zipped, include_optimizer=include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights alone to a `.weights.h5` file."""
        from edgekit.train.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
    ) -> None:
        """Take the weights of a `.weights.h5`, `.keras` or `.h5` file of the same architecture.

        skip_mismatch: warn of what does not fit. by_name: only for `.h5` files of Keras 2.
        """
        from edgekit.train.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, by_name=by_name)

    def quantize(self, mode: Any = None, config: Any = None, **options: Any) -> None:
        """Not here: raises UnsupportedOperator, which says how int8 is made."""
        raise UnsupportedOperator(
            f"model {self.name!r}: quantize({mode!r}) changes layers for one runtime of Keras. "
            "edgekit.convert(model, calibration=x) makes an int8 model for devices, "
            "edgekit.train.quantization.quantize_model(model) trains one"
        )

    def export(
        self, filepath: Any, format: Any = None, verbose: Any = None, input_signature: Any = None
    ) -> None:
        """Write a float32 `.edge`, `.onnx` or `.tflite` file; `edgekit.convert` writes int8 ones.

        format: edge, onnx, tflite or (Keras' name of the same) litert; by default what the name
        ends in. verbose: say what was written.
        """
        from edgekit.train.models.exporting import export_model

        if input_signature is not None:
            raise InputError("input_signature is not supported; the model's own inputs are used")
        export_model(self, filepath, format, verbose)

    def to_json(self, **options: Any) -> str:
        """The architecture as JSON (options are those of `json.dumps`); see `model_from_json`."""
        import json

        from edgekit.train.saving.writing import model_config
        from edgekit.train.serialization import plain

        return json.dumps(plain(model_config(self)), **options)

    def get_config(self) -> dict[str, Any]:
        if self._graph is None:
            return super().get_config()
        from edgekit.train.saving.writing import graph_config

        return graph_config(self, self._graph)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Any:
        """A model of the same architecture, with new weights."""
        if "input_layers" not in config:
            return super().from_config(config)
        from edgekit.train.saving.reading import model_from_graph_config

        return model_from_graph_config(cls, config, custom_objects)


def _functional_name() -> str:
    from edgekit.train.names import unique_name

    return unique_name("functional")
