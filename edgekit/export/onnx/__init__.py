"""ONNX files from graphs: float32, and int8 as QuantizeLinear/DequantizeLinear pairs."""

from .export import onnx_bytes as onnx_bytes
from .ops import ONNX_OPS as ONNX_OPS

__all__ = ["ONNX_OPS", "onnx_bytes"]
