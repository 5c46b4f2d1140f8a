"""Training on a GPU: the primitives as CUDA kernels, and a whole step as one CUDA graph.

Imported by `set_device("gpu")`; importing it enters the rules below into the primitives.
"""

from . import activations as activations
from . import batch_norm as batch_norm
from . import channels as channels
from . import depthwise as depthwise
from . import pooling as pooling
from . import state as state
from . import updates as updates

RULES = (activations, batch_norm, channels, depthwise, pooling, state, updates)
"""The modules that bring rules; each lists its kernels by `kernels()`."""
