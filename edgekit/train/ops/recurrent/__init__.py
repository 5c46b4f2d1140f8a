"""Recurrent layers over whole sequences, as primitives."""

from .gru import gru as gru
from .lstm import lstm as lstm
from .simple import simple_rnn as simple_rnn

__all__ = ["gru", "lstm", "simple_rnn"]
