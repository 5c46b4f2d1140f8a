"""TFLite files to graphs, with numpy alone: this runs on the device too."""

from .model import TfliteModel as TfliteModel
from .model import can_read as can_read
from .model import load_tflite as load_tflite
from .model import open_tflite as open_tflite
from .model import read_tflite as read_tflite

__all__ = ["TfliteModel", "can_read", "load_tflite", "open_tflite", "read_tflite"]
