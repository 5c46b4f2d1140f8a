"""What each operator *is*: inputs, attributes, shape rule, and what quantization must respect.

No computation here. Kernels, derivatives and file formats keep tables of their own under the same
names. To add an operator, add one `define(...)` to a family, its name to `FAMILIES`, and one entry
per concern; the completeness test names each place that is missing.
"""

from __future__ import annotations

from .spec import FAMILIES as FAMILIES
from .spec import LARGEST as LARGEST
from .spec import OPS as OPS
from .spec import Attr as Attr
from .spec import OpSpec as OpSpec
from .spec import attributes as attributes
from .spec import define as define
from .spec import infer_shapes as infer_shapes
from .spec import spec as spec

__all__ = [
    "FAMILIES",
    "LARGEST",
    "OPS",
    "Attr",
    "OpSpec",
    "attributes",
    "define",
    "infer_shapes",
    "spec",
]
