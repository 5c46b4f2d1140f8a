"""Networks of the literature: `MobileNet(...)`, `MobileNetV2(...)`, as in Keras.

No weights are downloaded: `weights` is None or the path of a file that you have.
"""

from edgekit.train.applications import mobilenet as mobilenet
from edgekit.train.applications import mobilenet_v2 as mobilenet_v2
from edgekit.train.applications.mobilenet import MobileNet as MobileNet
from edgekit.train.applications.mobilenet_v2 import MobileNetV2 as MobileNetV2

__all__ = ["MobileNet", "MobileNetV2", "mobilenet", "mobilenet_v2"]
