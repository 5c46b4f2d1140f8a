"""The layers, under Keras' names."""

from edgekit.train.layers.activation import ELU as ELU
from edgekit.train.layers.activation import LeakyReLU as LeakyReLU
from edgekit.train.layers.activation import PReLU as PReLU
from edgekit.train.layers.activation import ReLU as ReLU
from edgekit.train.layers.activation import Softmax as Softmax
from edgekit.train.layers.activation import ThresholdedReLU as ThresholdedReLU
from edgekit.train.layers.adaptive_pooling import (
    AdaptiveAveragePooling1D as AdaptiveAveragePooling1D,
)
from edgekit.train.layers.adaptive_pooling import (
    AdaptiveAveragePooling2D as AdaptiveAveragePooling2D,
)
from edgekit.train.layers.adaptive_pooling import (
    AdaptiveAveragePooling3D as AdaptiveAveragePooling3D,
)
from edgekit.train.layers.adaptive_pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from edgekit.train.layers.adaptive_pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from edgekit.train.layers.adaptive_pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from edgekit.train.layers.attention.groups import GroupQueryAttention as GroupQueryAttention
from edgekit.train.layers.attention.heads import MultiHeadAttention as MultiHeadAttention
from edgekit.train.layers.attention.single import AdditiveAttention as AdditiveAttention
from edgekit.train.layers.attention.single import Attention as Attention
from edgekit.train.layers.borders import Cropping1D as Cropping1D
from edgekit.train.layers.borders import Cropping2D as Cropping2D
from edgekit.train.layers.borders import Cropping3D as Cropping3D
from edgekit.train.layers.borders import ZeroPadding1D as ZeroPadding1D
from edgekit.train.layers.borders import ZeroPadding2D as ZeroPadding2D
from edgekit.train.layers.borders import ZeroPadding3D as ZeroPadding3D
from edgekit.train.layers.convolution import Conv1D as Conv1D
from edgekit.train.layers.convolution import Conv2D as Conv2D
from edgekit.train.layers.convolution import Conv3D as Conv3D
from edgekit.train.layers.core import Activation as Activation
from edgekit.train.layers.core import Dense as Dense
from edgekit.train.layers.core import Identity as Identity
from edgekit.train.layers.core import Input as Input
from edgekit.train.layers.core import InputLayer as InputLayer
from edgekit.train.layers.core import Lambda as Lambda
from edgekit.train.layers.depthwise import DepthwiseConv1D as DepthwiseConv1D
from edgekit.train.layers.depthwise import DepthwiseConv2D as DepthwiseConv2D
from edgekit.train.layers.dot import Dot as Dot
from edgekit.train.layers.dot import dot as dot
from edgekit.train.layers.einsum_dense import EinsumDense as EinsumDense
from edgekit.train.layers.embedding import Embedding as Embedding
from edgekit.train.layers.embedding import ReversibleEmbedding as ReversibleEmbedding
from edgekit.train.layers.foreign import FlaxLayer as FlaxLayer
from edgekit.train.layers.foreign import JaxLayer as JaxLayer
from edgekit.train.layers.foreign import TFSMLayer as TFSMLayer
from edgekit.train.layers.foreign import TorchModuleWrapper as TorchModuleWrapper
from edgekit.train.layers.global_pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from edgekit.train.layers.global_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from edgekit.train.layers.global_pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from edgekit.train.layers.global_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from edgekit.train.layers.global_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from edgekit.train.layers.global_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from edgekit.train.layers.input_spec import InputSpec as InputSpec
from edgekit.train.layers.layer import Layer as Layer
from edgekit.train.layers.masking import Masking as Masking
from edgekit.train.layers.merging import Add as Add
from edgekit.train.layers.merging import Average as Average
from edgekit.train.layers.merging import Concatenate as Concatenate
from edgekit.train.layers.merging import Maximum as Maximum
from edgekit.train.layers.merging import Minimum as Minimum
from edgekit.train.layers.merging import Multiply as Multiply
from edgekit.train.layers.merging import Subtract as Subtract
from edgekit.train.layers.merging import add as add
from edgekit.train.layers.merging import average as average
from edgekit.train.layers.merging import concatenate as concatenate
from edgekit.train.layers.merging import maximum as maximum
from edgekit.train.layers.merging import minimum as minimum
from edgekit.train.layers.merging import multiply as multiply
from edgekit.train.layers.merging import subtract as subtract
from edgekit.train.layers.normalization import BatchNormalization as BatchNormalization
from edgekit.train.layers.old_calls import Convolution2D as Convolution2D
from edgekit.train.layers.pipeline import Pipeline as Pipeline
from edgekit.train.layers.pooling import AveragePooling1D as AveragePooling1D
from edgekit.train.layers.pooling import AveragePooling2D as AveragePooling2D
from edgekit.train.layers.pooling import AveragePooling3D as AveragePooling3D
from edgekit.train.layers.pooling import MaxPooling1D as MaxPooling1D
from edgekit.train.layers.pooling import MaxPooling2D as MaxPooling2D
from edgekit.train.layers.pooling import MaxPooling3D as MaxPooling3D
from edgekit.train.layers.preprocessing.augmentation import RandomBrightness as RandomBrightness
from edgekit.train.layers.preprocessing.augmentation import RandomContrast as RandomContrast
from edgekit.train.layers.preprocessing.augmentation import RandomCrop as RandomCrop
from edgekit.train.layers.preprocessing.augmentation import RandomFlip as RandomFlip
from edgekit.train.layers.preprocessing.boxes import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from edgekit.train.layers.preprocessing.categories import CategoryEncoding as CategoryEncoding
from edgekit.train.layers.preprocessing.categories import Discretization as Discretization
from edgekit.train.layers.preprocessing.categories import Hashing as Hashing
from edgekit.train.layers.preprocessing.colors import (
    RandomColorDegeneration as RandomColorDegeneration,
)
from edgekit.train.layers.preprocessing.colors import RandomColorJitter as RandomColorJitter
from edgekit.train.layers.preprocessing.colors import RandomGrayscale as RandomGrayscale
from edgekit.train.layers.preprocessing.colors import RandomHue as RandomHue
from edgekit.train.layers.preprocessing.colors import RandomSaturation as RandomSaturation
from edgekit.train.layers.preprocessing.crossing import HashedCrossing as HashedCrossing
from edgekit.train.layers.preprocessing.distortions import (
    RandomElasticTransform as RandomElasticTransform,
)
from edgekit.train.layers.preprocessing.distortions import RandomPerspective as RandomPerspective
from edgekit.train.layers.preprocessing.distortions import RandomShear as RandomShear
from edgekit.train.layers.preprocessing.filters import RandomErasing as RandomErasing
from edgekit.train.layers.preprocessing.filters import RandomGaussianBlur as RandomGaussianBlur
from edgekit.train.layers.preprocessing.filters import RandomSharpness as RandomSharpness
from edgekit.train.layers.preprocessing.geometry import RandomHeight as RandomHeight
from edgekit.train.layers.preprocessing.geometry import RandomRotation as RandomRotation
from edgekit.train.layers.preprocessing.geometry import RandomTranslation as RandomTranslation
from edgekit.train.layers.preprocessing.geometry import RandomWidth as RandomWidth
from edgekit.train.layers.preprocessing.geometry import RandomZoom as RandomZoom
from edgekit.train.layers.preprocessing.images import CenterCrop as CenterCrop
from edgekit.train.layers.preprocessing.images import Resizing as Resizing
from edgekit.train.layers.preprocessing.mel import MelSpectrogram as MelSpectrogram
from edgekit.train.layers.preprocessing.mixing import CutMix as CutMix
from edgekit.train.layers.preprocessing.mixing import MixUp as MixUp
from edgekit.train.layers.preprocessing.policies import AugMix as AugMix
from edgekit.train.layers.preprocessing.policies import RandAugment as RandAugment
from edgekit.train.layers.preprocessing.scaling import Normalization as Normalization
from edgekit.train.layers.preprocessing.scaling import Rescaling as Rescaling
from edgekit.train.layers.preprocessing.spectrograms import STFTSpectrogram as STFTSpectrogram
from edgekit.train.layers.preprocessing.text import TextVectorization as TextVectorization
from edgekit.train.layers.preprocessing.tones import AutoContrast as AutoContrast
from edgekit.train.layers.preprocessing.tones import (
    ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
)
from edgekit.train.layers.preprocessing.tones import Equalization as Equalization
from edgekit.train.layers.preprocessing.tones import RandomInvert as RandomInvert
from edgekit.train.layers.preprocessing.tones import RandomPosterization as RandomPosterization
from edgekit.train.layers.preprocessing.tones import Solarization as Solarization
from edgekit.train.layers.preprocessing.vocabularies import IntegerLookup as IntegerLookup
from edgekit.train.layers.preprocessing.vocabularies import StringLookup as StringLookup
from edgekit.train.layers.recurrent.cells import GRUCell as GRUCell
from edgekit.train.layers.recurrent.cells import LSTMCell as LSTMCell
from edgekit.train.layers.recurrent.cells import SimpleRNNCell as SimpleRNNCell
from edgekit.train.layers.recurrent.convolutional import ConvLSTM1D as ConvLSTM1D
from edgekit.train.layers.recurrent.convolutional import ConvLSTM2D as ConvLSTM2D
from edgekit.train.layers.recurrent.convolutional import ConvLSTM3D as ConvLSTM3D
from edgekit.train.layers.recurrent.layers import GRU as GRU
from edgekit.train.layers.recurrent.layers import LSTM as LSTM
from edgekit.train.layers.recurrent.layers import SimpleRNN as SimpleRNN
from edgekit.train.layers.recurrent.rnn import RNN as RNN
from edgekit.train.layers.recurrent.stack import StackedRNNCells as StackedRNNCells
from edgekit.train.layers.regularization import ActivityRegularization as ActivityRegularization
from edgekit.train.layers.regularization import AlphaDropout as AlphaDropout
from edgekit.train.layers.regularization import Dropout as Dropout
from edgekit.train.layers.regularization import GaussianDropout as GaussianDropout
from edgekit.train.layers.regularization import GaussianNoise as GaussianNoise
from edgekit.train.layers.regularization import SpatialDropout1D as SpatialDropout1D
from edgekit.train.layers.regularization import SpatialDropout2D as SpatialDropout2D
from edgekit.train.layers.regularization import SpatialDropout3D as SpatialDropout3D
from edgekit.train.layers.reshaping import Flatten as Flatten
from edgekit.train.layers.reshaping import Permute as Permute
from edgekit.train.layers.reshaping import RepeatVector as RepeatVector
from edgekit.train.layers.reshaping import Reshape as Reshape
from edgekit.train.layers.sample_normalization import GroupNormalization as GroupNormalization
from edgekit.train.layers.sample_normalization import LayerNormalization as LayerNormalization
from edgekit.train.layers.sample_normalization import RMSNormalization as RMSNormalization
from edgekit.train.layers.sample_normalization import UnitNormalization as UnitNormalization
from edgekit.train.layers.separable import SeparableConv1D as SeparableConv1D
from edgekit.train.layers.separable import SeparableConv2D as SeparableConv2D
from edgekit.train.layers.spectral import SpectralNormalization as SpectralNormalization
from edgekit.train.layers.transposed import Conv1DTranspose as Conv1DTranspose
from edgekit.train.layers.transposed import Conv2DTranspose as Conv2DTranspose
from edgekit.train.layers.transposed import Conv3DTranspose as Conv3DTranspose
from edgekit.train.layers.upsampling import UpSampling1D as UpSampling1D
from edgekit.train.layers.upsampling import UpSampling2D as UpSampling2D
from edgekit.train.layers.upsampling import UpSampling3D as UpSampling3D
from edgekit.train.layers.wrappers import Bidirectional as Bidirectional
from edgekit.train.layers.wrappers import TimeDistributed as TimeDistributed
from edgekit.train.layers.wrappers import Wrapper as Wrapper

# Keras' second names
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "ELU", "GRU", "LSTM", "RNN", "Activation", "ActivityRegularization",
    "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "Add",
    "AdditiveAttention", "AlphaDropout", "Attention", "AugMix", "AutoContrast", "Average",
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D",
    "AvgPool3D", "BatchNormalization", "Bidirectional", "CategoryEncoding", "CenterCrop",
    "Concatenate", "ContrastLimitedAdaptiveHistogramEqualization", "Conv1D", "Conv1DTranspose",
    "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D",
    "ConvLSTM3D", "Convolution1D", "Convolution1DTranspose", "Convolution2D",
    "Convolution2DTranspose", "Convolution3D", "Convolution3DTranspose", "Cropping1D",
    "Cropping2D", "Cropping3D", "CutMix", "Dense", "DepthwiseConv1D", "DepthwiseConv2D",
    "Discretization", "Dot", "Dropout", "EinsumDense", "Embedding", "Equalization", "Flatten",
    "FlaxLayer", "GRUCell", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D", "GlobalAvgPool2D",
    "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "GroupQueryAttention", "HashedCrossing", "Hashing", "Identity", "Input", "InputLayer",
    "InputSpec", "IntegerLookup", "JaxLayer", "LSTMCell", "Lambda", "Layer",
    "LayerNormalization", "LeakyReLU", "Masking", "MaxNumBoundingBoxes", "MaxPool1D",
    "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum",
    "MelSpectrogram", "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "Normalization",
    "PReLU", "Permute", "Pipeline", "RMSNormalization", "RandAugment", "RandomBrightness",
    "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomCrop",
    "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
    "RandomGrayscale", "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
    "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom", "ReLU", "RepeatVector",
    "Rescaling", "Reshape", "Resizing", "ReversibleEmbedding", "STFTSpectrogram",
    "SeparableConv1D", "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D",
    "SimpleRNN", "SimpleRNNCell", "Softmax", "Solarization", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "SpectralNormalization", "StackedRNNCells",
    "StringLookup", "Subtract", "TFSMLayer", "TextVectorization", "ThresholdedReLU",
    "TimeDistributed", "TorchModuleWrapper", "UnitNormalization", "UpSampling1D",
    "UpSampling2D", "UpSampling3D", "Wrapper", "ZeroPadding1D", "ZeroPadding2D",
    "ZeroPadding3D", "add", "average", "concatenate", "dot", "maximum", "minimum", "multiply",
    "subtract",
]  # fmt: skip

# class name -> class, for reading configs
CLASSES: dict[str, type[Layer]] = {
    name: found
    for name, found in list(globals().items())
    if isinstance(found, type) and issubclass(found, Layer) and name == found.__name__
}
