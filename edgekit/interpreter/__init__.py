"""Run `.edge` models with numpy and flatbuffers alone."""

from .interpreter import Interpreter as Interpreter

__all__ = ["Interpreter"]
