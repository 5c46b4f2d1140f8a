"""TFLite files to graphs, with numpy alone: this runs on the device too."""

from .model import TfliteModel as TfliteModel
from .model import load_tflite as load_tflite
from .model import open_tflite as open_tflite

__all__ = ["TfliteModel", "load_tflite", "open_tflite"]
