"""One module per family of operators. Importing this package fills the table of kernels."""

from . import activation as activation
from . import binary as binary
from . import cast as cast
from . import compare as compare
from . import control as control
from . import convolution as convolution
from . import convolution3d as convolution3d
from . import dense as dense
from . import depthwise as depthwise
from . import detection as detection
from . import elementwise as elementwise
from . import gather as gather
from . import lstm as lstm
from . import lstm_integer as lstm_integer
from . import math as math
from . import matmul as matmul
from . import normalization as normalization
from . import pooling as pooling
from . import quantization as quantization
from . import reductions as reductions
from . import resize as resize
from . import search as search
from . import shape as shape
from . import sixteen_bits as sixteen_bits
from . import softmax as softmax
from . import spaces as spaces
from . import svdf as svdf
from . import transposed as transposed
from . import update as update
from .registry import KERNELS as KERNELS
from .registry import find_kernel as find_kernel
from .registry import kernel as kernel

__all__ = ["KERNELS", "find_kernel", "kernel"]
