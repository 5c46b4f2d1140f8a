"""One module per family of operators, imported when a graph first has an operator of it."""

from .registry import FAMILIES as FAMILIES
from .registry import all_kernels as all_kernels
from .registry import find_kernel as find_kernel
from .registry import kernel as kernel

__all__ = ["FAMILIES", "all_kernels", "find_kernel", "kernel"]
