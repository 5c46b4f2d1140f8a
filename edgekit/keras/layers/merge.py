"""An old import path: today `keras.layers`."""

import sys
from types import ModuleType

from edgekit.keras.layout import moved_module
from edgekit.train.layers.old_calls import merge

__getattr__, __dir__ = moved_module("keras.layers.merge", "keras.layers")


class _Module(ModuleType):
    """`keras.layers.merge` was a function in Keras 1 and a module in Keras 2."""

    __call__ = staticmethod(merge)


sys.modules[__name__].__class__ = _Module
