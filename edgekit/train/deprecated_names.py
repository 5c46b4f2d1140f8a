"""Which names below `keras` are old, and what is written today: data only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["MOVED", "NAMES", "REMOVED", "Name"]


class Name(NamedTuple):
    """An old name in a module: what to write, and "module:attribute" where it is."""

    today: str
    holds: str


def _moved(group: str, names: Mapping[str, str]) -> dict[str, Name]:
    """Old class names of one module -> today's in the same module."""
    return {
        f"{group}.{old}": Name(f"keras.{group}.{new}", f"edgekit.train.{group}:{new}")
        for old, new in names.items()
    }


# name below keras -> today's
NAMES: dict[str, Name] = {
    **_moved(
        "layers",
        {
            "AtrousConvolution2D": "Conv2D",
            "CuDNNGRU": "GRU",
            "CuDNNLSTM": "LSTM",
            "Deconvolution2D": "Conv2DTranspose",
        },
    ),
    **_moved(
        "initializers",
        {"normal": "RandomNormal", "one": "Ones", "uniform": "RandomUniform", "zero": "Zeros"},
    ),
    **{
        f"optimizers.legacy.{name}": Name(
            f"keras.optimizers.{name}", f"edgekit.train.optimizers:{name}"
        )
        for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl")
    },
    "preprocessing.image.ImageDataGenerator": Name(
        "keras.utils.image_dataset_from_directory and the layers RandomFlip, RandomRotation ...",
        "edgekit.train.preprocessing.generator:ImageDataGenerator",
    ),
    "preprocessing.text.Tokenizer": Name(
        "keras.layers.TextVectorization", "edgekit.train.preprocessing.text:Tokenizer"
    ),
    **{
        f"preprocessing.text.{name}": Name(
            "keras.layers.TextVectorization", f"edgekit.train.preprocessing.text:{name}"
        )
        for name in ("hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json")
    },
    "preprocessing.sequence.TimeseriesGenerator": Name(
        "keras.utils.timeseries_dataset_from_array",
        "edgekit.train.preprocessing.sequence:TimeseriesGenerator",
    ),
    **{
        f"preprocessing.sequence.{name}": Name(
            "a function of your own: the gensim package has one",
            f"edgekit.train.preprocessing.sequence:{name}",
        )
        for name in ("make_sampling_table", "skipgrams")
    },
    **{
        f"wrappers.scikit_learn.Keras{kind}": Name(
            f"keras.wrappers.SKLearn{kind}",
            f"edgekit.keras.wrappers.legacy:Keras{kind}",
        )
        for kind in ("Classifier", "Regressor")
    },
}

_GRADIENTS = "use `with keras.GradientTape() as tape:` and tape.gradient(loss, variables)"
_EAGER = "everything runs at once here; call the model or the function on data"

# name below keras -> what to do instead; there is nothing that could stand for it
REMOVED: dict[str, str] = {
    "backend.get_session": _EAGER,
    "backend.set_session": _EAGER,
    "backend.placeholder": "use keras.Input(shape)",
    "backend.gradients": _GRADIENTS,
    "backend.learning_phase": "pass training=True or training=False to the call",
    "backend.set_learning_phase": "pass training=True or training=False to the call",
    "backend.learning_phase_scope": "pass training=True or training=False to the call",
    "layers.Merge": "use keras.layers.Concatenate, Add, Multiply ...",
    "layers.TimeDistributedDense": "use keras.layers.TimeDistributed(keras.layers.Dense(n))",
    "layers.MaxoutDense": "write a Layer whose call takes the maximum of several Dense layers",
    "layers.Highway": "write a Layer whose call does it",
    "layers.LocallyConnected1D": "use keras.layers.Conv1D",
    "layers.LocallyConnected2D": "use keras.layers.Conv2D",
    "models.Graph": "use keras.Model(inputs, outputs)",
    "utils.multi_gpu_model": "train on one device",
}

# module below keras -> old modules in it, whose names stand in the module itself today
MOVED: dict[str, tuple[str, ...]] = {
    "layers": (
        "advanced_activations", "convolutional", "core", "embeddings", "local", "merge", "noise",
        "normalization", "pooling", "recurrent", "wrappers",
    ),
    "layers.experimental": ("preprocessing",),
    "utils": ("data_utils", "generic_utils", "layer_utils", "np_utils", "vis_utils"),
}  # fmt: skip
