"""One module per family of operators. Importing this package fills the table of kernels."""

from . import activation as activation
from . import convolution as convolution
from . import dense as dense
from . import depthwise as depthwise
from . import elementwise as elementwise
from . import pooling as pooling
from . import quantization as quantization
from . import shape as shape
from . import softmax as softmax
from .registry import KERNELS as KERNELS
from .registry import find_kernel as find_kernel
from .registry import kernel as kernel

__all__ = ["KERNELS", "find_kernel", "kernel"]
