"""One module per family of operators. Importing this package fills the table of kernels."""

from . import activation as activation
from . import control as control
from . import convolution as convolution
from . import convolution3d as convolution3d
from . import dense as dense
from . import depthwise as depthwise
from . import detection as detection
from . import elementwise as elementwise
from . import gather as gather
from . import matmul as matmul
from . import pooling as pooling
from . import quantization as quantization
from . import resize as resize
from . import shape as shape
from . import softmax as softmax
from . import spaces as spaces
from . import transposed as transposed
from .registry import KERNELS as KERNELS
from .registry import find_kernel as find_kernel
from .registry import kernel as kernel

__all__ = ["KERNELS", "find_kernel", "kernel"]
