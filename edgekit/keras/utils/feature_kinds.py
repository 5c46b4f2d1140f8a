"""The kinds of columns that a FeatureSpace knows, and what it crosses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from edgekit.errors import InputError, lookup
from edgekit.keras.utils.objects import deserialize_layer, serialize_keras_object
from edgekit.train import layers
from edgekit.train.names import unique_name

__all__ = ["KINDS", "Cross", "Feature", "FeatureMakers", "made_feature"]


class Cross:
    """Categories of several features that occur together, hashed to `crossing_dim` numbers."""

    def __init__(
        self, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> None:
        lookup(dict.fromkeys(("int", "one_hot")), output_mode, "output_mode", InputError)
        self.feature_names = tuple(feature_names)
        self.crossing_dim, self.output_mode = crossing_dim, output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        return {
            "feature_names": list(self.feature_names),
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }


class Feature:
    """A column: the dtype of its values, the layer that prepares it, and what is made of that:
    "float", "int" or "one_hot".
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        lookup(dict.fromkeys(("int", "one_hot", "float")), output_mode, "output_mode", InputError)
        self.dtype, self.output_mode = dtype, output_mode
        is_config = isinstance(preprocessor, Mapping)
        self.preprocessor = deserialize_layer(preprocessor) if is_config else preprocessor

    def get_config(self) -> dict[str, Any]:
        preprocessor = serialize_keras_object(self.preprocessor)
        return {
            "dtype": self.dtype,
            "preprocessor": preprocessor,
            "output_mode": self.output_mode,
        }

    @property
    def cardinality(self) -> int:
        """How many numbers the layer can give."""
        layer = self.preprocessor
        if isinstance(layer, layers.IntegerLookup | layers.StringLookup):
            return layer.vocabulary_size()
        if isinstance(layer, layers.CategoryEncoding):
            return layer.num_tokens
        if isinstance(layer, layers.Discretization):
            return layer.num_bins or len(layer.bin_boundaries or ()) + 1
        if isinstance(layer, layers.Hashing):
            return layer.num_bins
        raise InputError(
            f"layer {layer.name!r}: how many categories it gives is not known, so they cannot be "
            "written as one_hot; use output_mode='int'"
        )


# the kinds that a feature can be named by -> (dtype of its values, layer, output mode)
KINDS: dict[str, tuple[str, str, str]] = {
    "float": ("float32", "Identity", "float"),
    "float_rescaled": ("float32", "Rescaling", "float"),
    "float_normalized": ("float32", "Normalization", "float"),
    "float_discretized": ("float32", "Discretization", "one_hot"),
    "integer_categorical": ("int32", "IntegerLookup", "one_hot"),
    "string_categorical": ("string", "StringLookup", "one_hot"),
    "integer_hashed": ("int32", "Hashing", "one_hot"),
    "string_hashed": ("string", "Hashing", "one_hot"),
}


def made_feature(
    kind: str, name: str | None, output_mode: str | None = None, **arguments: Any
) -> Feature:
    dtype, cls, mode = KINDS[kind]
    named = f"{name or unique_name(kind)}_preprocessor"
    layer = getattr(layers, cls)(**arguments, name=named)
    return Feature(dtype, layer, output_mode or mode)


class FeatureMakers:
    """Functions that make features with arguments of one's own, by the names of their kinds."""

    @classmethod
    def cross(
        cls, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot"
    ) -> Cross:
        """An entry for `crosses` with a size of its own."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A feature that a layer of one's own prepares."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return made_feature("float", name)

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """Numbers times `scale` plus `offset`."""
        return made_feature("float_rescaled", name, scale=scale, offset=offset)

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers less their mean, over their deviation."""
        return made_feature("float_normalized", name)

    @classmethod
    def float_discretized(
        cls,
        num_bins: int,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Numbers as the bins they fall into."""
        bins = {"bin_boundaries": bin_boundaries} if bin_boundaries else {"num_bins": num_bins}
        return made_feature("float_discretized", name, output_mode, **bins)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers by their place in the vocabulary."""
        tokens = {"max_tokens": max_tokens, "num_oov_indices": num_oov_indices}
        return made_feature("integer_categorical", name, output_mode, **tokens)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Strings by their place in the vocabulary."""
        tokens = {"max_tokens": max_tokens, "num_oov_indices": num_oov_indices}
        return made_feature("string_categorical", name, output_mode, **tokens)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Strings by a hash."""
        return made_feature("string_hashed", name, output_mode, num_bins=num_bins)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Integers by a hash."""
        return made_feature("integer_hashed", name, output_mode, num_bins=num_bins)
