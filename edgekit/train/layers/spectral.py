"""A layer whose kernel is kept at spectral norm 1."""

from __future__ import annotations

from typing import Any

from edgekit.errors import InputError
from edgekit.train import initializers
from edgekit.train.backend import array_module
from edgekit.train.layers.input_spec import InputSpec
from edgekit.train.layers.wrappers import Wrapper
from edgekit.train.products import matmul

__all__ = ["SpectralNormalization"]


class SpectralNormalization(Wrapper):
    """In training the kernel of `layer` is divided by its largest singular value before each call.

    The value is found by power iteration from the vector of the call before. Source: Miyato et al.
    2018.
    """

    config_names = ("power_iterations",)

    def __init__(self, layer: Any, power_iterations: int = 1, **options: Any) -> None:
        super().__init__(layer, **options)
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise InputError(
                f"layer {self.name!r}: power_iterations must be an integer of at least 1. "
                f"Received: power_iterations={power_iterations!r}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape=None):
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = self._found_kernel()
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
        )

    def _found_kernel(self) -> Any:
        for name in ("kernel", "embeddings"):
            if hasattr(self.layer, name):
                return getattr(self.layer, name)
        raise InputError(
            f"layer {self.name!r}: {type(self.layer).__name__} {self.layer.name!r} has no weight "
            "called 'kernel' or 'embeddings' to normalize"
        )

    def call(self, inputs, training=False):
        if training:
            self._normalize()
        return self.layer(inputs)

    def _normalize(self) -> None:
        """Divide the kernel by its norm, as far as it is known; a kernel of zeros stays."""
        kernel = self.kernel
        matrix = kernel.data.reshape(-1, kernel.shape[-1])
        module, before = array_module(matrix), self.vector_u.data
        u = before
        for _ in range(self.power_iterations):
            v = _unit(matmul(u, matrix.T))
            u = _unit(matmul(v, matrix))
        norm = matmul(matmul(v, matrix), u.T)
        # chosen by `where`: a GPU would have to be waited for
        some = matrix.any()
        norm = module.where(some, norm, norm.dtype.type(1))
        self.vector_u.assign(module.where(some, u, before))
        kernel.assign((matrix / norm).reshape(kernel.shape))

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


def _unit(vector: Any) -> Any:
    module = array_module(vector)
    squares = (vector * vector).sum()
    return vector / module.sqrt(module.maximum(squares, vector.dtype.type(1e-12)))
