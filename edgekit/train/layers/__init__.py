"""The layers, under Keras' names."""

from edgekit.train.layers.activation import ELU as ELU
from edgekit.train.layers.activation import LeakyReLU as LeakyReLU
from edgekit.train.layers.activation import ReLU as ReLU
from edgekit.train.layers.activation import Softmax as Softmax
from edgekit.train.layers.convolution import Conv2D as Conv2D
from edgekit.train.layers.convolution import DepthwiseConv2D as DepthwiseConv2D
from edgekit.train.layers.core import Activation as Activation
from edgekit.train.layers.core import Dense as Dense
from edgekit.train.layers.core import Identity as Identity
from edgekit.train.layers.core import Input as Input
from edgekit.train.layers.core import InputLayer as InputLayer
from edgekit.train.layers.core import Lambda as Lambda
from edgekit.train.layers.input_spec import InputSpec as InputSpec
from edgekit.train.layers.layer import Layer as Layer
from edgekit.train.layers.merging import Add as Add
from edgekit.train.layers.merging import Average as Average
from edgekit.train.layers.merging import Concatenate as Concatenate
from edgekit.train.layers.merging import Maximum as Maximum
from edgekit.train.layers.merging import Minimum as Minimum
from edgekit.train.layers.merging import Multiply as Multiply
from edgekit.train.layers.merging import Subtract as Subtract
from edgekit.train.layers.normalization import BatchNormalization as BatchNormalization
from edgekit.train.layers.normalization import LayerNormalization as LayerNormalization
from edgekit.train.layers.pooling import AveragePooling2D as AveragePooling2D
from edgekit.train.layers.pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from edgekit.train.layers.pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from edgekit.train.layers.pooling import MaxPooling2D as MaxPooling2D
from edgekit.train.layers.preprocessing import Rescaling as Rescaling
from edgekit.train.layers.regularization import Dropout as Dropout
from edgekit.train.layers.reshaping import Flatten as Flatten
from edgekit.train.layers.reshaping import Permute as Permute
from edgekit.train.layers.reshaping import Reshape as Reshape
from edgekit.train.layers.reshaping import UpSampling2D as UpSampling2D
from edgekit.train.layers.reshaping import ZeroPadding2D as ZeroPadding2D
from edgekit.train.layers.separable import SeparableConv2D as SeparableConv2D

# Keras' second names
AvgPool2D = AveragePooling2D
Convolution2D = Conv2D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D
MaxPool2D = MaxPooling2D

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "Average",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Convolution2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool2D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "Permute",
    "ReLU",
    "Rescaling",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "Subtract",
    "UpSampling2D",
    "ZeroPadding2D",
]

CLASSES: dict[str, type[Layer]] = {
    cls.__name__: cls
    for cls in (
        ELU, Activation, Add, Average, AveragePooling2D, BatchNormalization, Concatenate, Conv2D,
        Dense, DepthwiseConv2D, Dropout, Flatten, GlobalAveragePooling2D, GlobalMaxPooling2D,
        Identity, InputLayer, LayerNormalization, LeakyReLU, MaxPooling2D, Maximum, Minimum,
        Multiply, Permute, ReLU, Rescaling, Reshape, SeparableConv2D, Softmax, Subtract,
        UpSampling2D, ZeroPadding2D,
    )
}  # fmt: skip
