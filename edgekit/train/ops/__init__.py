"""The primitives, one module for each family; importing this package enters them into
`PRIMITIVES`.
"""

from . import activated as activated
from . import activations as activations
from . import batch_norm_activation as batch_norm_activation
from . import comparisons as comparisons
from . import conv as conv
from . import conv3d as conv3d
from . import conv_transpose as conv_transpose
from . import ctc as ctc
from . import dense as dense
from . import depthwise as depthwise
from . import discrete as discrete
from . import elementwise as elementwise
from . import fourier as fourier
from . import gather as gather
from . import group_norm as group_norm
from . import images as images
from . import losses as losses
from . import math as math
from . import nested as nested
from . import nested_pooling as nested_pooling
from . import nested_sequences as nested_sequences
from . import normalization as normalization
from . import pooling as pooling
from . import random as random
from . import recurrent as recurrent
from . import reductions as reductions
from . import scatter as scatter
from . import shape as shape
from . import slopes as slopes
from . import special as special
from . import storage as storage

__all__ = [
    "activated",
    "activations",
    "batch_norm_activation",
    "comparisons",
    "conv",
    "conv3d",
    "conv_transpose",
    "ctc",
    "dense",
    "depthwise",
    "discrete",
    "elementwise",
    "fourier",
    "gather",
    "group_norm",
    "images",
    "losses",
    "math",
    "nested",
    "nested_pooling",
    "nested_sequences",
    "normalization",
    "pooling",
    "random",
    "recurrent",
    "reductions",
    "scatter",
    "shape",
    "slopes",
    "special",
    "storage",
]
