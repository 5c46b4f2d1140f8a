"""From a model to a graph: run it in inference mode and write down what it did.

One function serves Sequential, functional and subclassed models, because all of them are nothing
but calls of primitives. The model runs twice, on different data in batches of different sizes;
what differs between the two recordings is the batch, and may differ in nothing else. So a batch
size that was baked into a reshape, or a number that was computed from the data outside of
primitives, is found and not exported as a constant. Python's `if` and `for` are frozen as they
ran.
"""

from .writer import trace as trace
from .writer import trace_places as trace_places

__all__ = ["trace", "trace_places"]
