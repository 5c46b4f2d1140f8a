"""TFLite files from graphs: float32 and int8, run by LiteRT and TensorFlow Lite Micro."""

from .export import tflite_bytes as tflite_bytes
from .ops import TFLITE_OPS as TFLITE_OPS

__all__ = ["TFLITE_OPS", "tflite_bytes"]
