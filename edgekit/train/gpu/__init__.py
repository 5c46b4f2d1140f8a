"""Training on a GPU: the primitives as CUDA kernels, and a whole step as one CUDA graph.

Imported by `set_device("gpu")`; importing it enters the rules below into the primitives.
"""

from . import activations as activations

RULES = (activations,)
"""The modules that bring rules; each lists its kernels by `kernels()`."""
