"""Training on a GPU: the primitives as CUDA kernels, and a whole step as one CUDA graph.

Imported by `set_device("gpu")`; importing it enters the rules below into the primitives.
"""

from . import activations as activations
from . import batch_norm as batch_norm
from . import channels as channels
from . import conv as conv
from . import conv_products as conv_products
from . import ctc as ctc
from . import data as data
from . import dense as dense
from . import depthwise as depthwise
from . import gather as gather
from . import images as images
from . import matmul as matmul
from . import metrics as metrics
from . import pooling as pooling
from . import random as random
from . import recurrent as recurrent
from . import reductions as reductions
from . import sample_norm as sample_norm
from . import shapes as shapes
from . import softmax as softmax
from . import state as state
from . import updates as updates

RULES = (
    activations,
    batch_norm,
    channels,
    conv_products,
    ctc,
    data,
    depthwise,
    gather,
    images,
    matmul,
    metrics,
    pooling,
    random,
    recurrent,
    reductions,
    sample_norm,
    shapes,
    softmax,
    state,
    updates,
)
"""The modules that bring rules; each lists its kernels by `kernels()`."""
