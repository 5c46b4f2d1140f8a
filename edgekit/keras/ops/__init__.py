"""Functions of arrays and tensors under Keras 3's names: `keras.ops`.

They work on tensors, on arrays and on the symbolic tensors of the functional API, and a tape
follows them wherever there is a derivative.
"""

from edgekit.keras.layout import forward
from edgekit.keras.ops.names import PARTS, SUBMODULES

__all__, __getattr__, __dir__ = forward("ops", None, {**PARTS, **SUBMODULES})
