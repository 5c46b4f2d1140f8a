"""TFLite files to graphs, with numpy alone: this runs on the device too."""

from .model import load_tflite as load_tflite

__all__ = ["load_tflite"]
