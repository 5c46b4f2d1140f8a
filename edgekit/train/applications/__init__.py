"""Networks of the literature: `MobileNetV3Small(...)`, `ResNet50(...)` ..., as in Keras.

No weights are downloaded: `weights` is None or the path of a file that you have.
"""

from edgekit.train.applications import densenet as densenet
from edgekit.train.applications import efficientnet as efficientnet
from edgekit.train.applications import efficientnet_v2 as efficientnet_v2
from edgekit.train.applications import inception_v3 as inception_v3
from edgekit.train.applications import mobilenet as mobilenet
from edgekit.train.applications import mobilenet_v2 as mobilenet_v2
from edgekit.train.applications import mobilenet_v3 as mobilenet_v3
from edgekit.train.applications import resnet as resnet
from edgekit.train.applications import vgg as vgg
from edgekit.train.applications import xception as xception
from edgekit.train.applications.densenet import DenseNet121 as DenseNet121
from edgekit.train.applications.densenet import DenseNet169 as DenseNet169
from edgekit.train.applications.densenet import DenseNet201 as DenseNet201
from edgekit.train.applications.efficientnet import EfficientNetB0 as EfficientNetB0
from edgekit.train.applications.efficientnet import EfficientNetB1 as EfficientNetB1
from edgekit.train.applications.efficientnet import EfficientNetB2 as EfficientNetB2
from edgekit.train.applications.efficientnet import EfficientNetB3 as EfficientNetB3
from edgekit.train.applications.efficientnet import EfficientNetB4 as EfficientNetB4
from edgekit.train.applications.efficientnet import EfficientNetB5 as EfficientNetB5
from edgekit.train.applications.efficientnet import EfficientNetB6 as EfficientNetB6
from edgekit.train.applications.efficientnet import EfficientNetB7 as EfficientNetB7
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2B0 as EfficientNetV2B0
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2B1 as EfficientNetV2B1
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2B2 as EfficientNetV2B2
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2B3 as EfficientNetV2B3
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2L as EfficientNetV2L
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2M as EfficientNetV2M
from edgekit.train.applications.efficientnet_v2 import EfficientNetV2S as EfficientNetV2S
from edgekit.train.applications.inception_v3 import InceptionV3 as InceptionV3
from edgekit.train.applications.mobilenet import MobileNet as MobileNet
from edgekit.train.applications.mobilenet_v2 import MobileNetV2 as MobileNetV2
from edgekit.train.applications.mobilenet_v3 import MobileNetV3Large as MobileNetV3Large
from edgekit.train.applications.mobilenet_v3 import MobileNetV3Small as MobileNetV3Small
from edgekit.train.applications.resnet import ResNet50 as ResNet50
from edgekit.train.applications.resnet import ResNet50V2 as ResNet50V2
from edgekit.train.applications.resnet import ResNet101 as ResNet101
from edgekit.train.applications.resnet import ResNet101V2 as ResNet101V2
from edgekit.train.applications.resnet import ResNet152 as ResNet152
from edgekit.train.applications.resnet import ResNet152V2 as ResNet152V2
from edgekit.train.applications.vgg import VGG16 as VGG16
from edgekit.train.applications.vgg import VGG19 as VGG19
from edgekit.train.applications.xception import Xception as Xception

__all__ = [
    "VGG16",
    "VGG19",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "ResNet50",
    "ResNet50V2",
    "ResNet101",
    "ResNet101V2",
    "ResNet152",
    "ResNet152V2",
    "Xception",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "resnet",
    "vgg",
    "xception",
]
