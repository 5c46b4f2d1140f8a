"""FeatureSpace: columns of a table, each prepared in its own way, as one vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError, UnsupportedOperator, lookup
from edgekit.keras.utils.feature_kinds import (
    KINDS,
    Cross,
    Feature,
    FeatureMakers,
    made_feature,
)
from edgekit.train import layers
from edgekit.train.names import unique_name
from edgekit.train.tensor import Tensor

__all__ = ["FeatureSpace"]


class FeatureSpace(FeatureMakers):
    """Columns of a table by name, each prepared in its own way, joined to one vector.

    features: name -> a kind ("float", "float_normalized", "string_categorical" ...) or what the
    functions of these names give, for arguments of one's own. crosses: tuples of names.
    output_mode: "concat", sorted by name, crosses last, or "dict". `adapt` learns vocabularies and
    means; `get_inputs` and `get_encoded_features` are the ends of a model. A file holds such a
    model, not the FeatureSpace.
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Sequence[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        if not features:
            raise InputError("FeatureSpace needs features")
        lookup(dict.fromkeys(("concat", "dict")), output_mode, "output_mode", InputError)
        self.name = name or unique_name("feature_space")
        self.output_mode, self.crossing_dim = output_mode, crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._crossed(cross) for cross in crosses or ()]
        self.preprocessors = {key: f.preprocessor for key, f in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.inputs = {
            key: layers.Input((1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self._is_adapted = False
        self._encoders: dict[str, Any] | None = None
        self._encoded: Any = None

    def _feature(self, name: str, value: Any) -> Feature:
        if isinstance(value, Feature):
            return value
        if isinstance(value, Mapping):
            return Feature(**value)
        lookup(KINDS, value, f"feature {name!r}: kind", InputError)
        defaults: dict[str, dict[str, Any]] = {
            "float_discretized": {"num_bins": self.num_discretization_bins},
            "integer_hashed": {"num_bins": self.hashing_dim},
            "string_hashed": {"num_bins": self.hashing_dim},
        }
        return made_feature(value, name, **defaults.get(value, {}))

    def _crossed(self, cross: Any) -> Cross:
        if isinstance(cross, Mapping):
            cross = Cross(**cross)
        if not isinstance(cross, Cross):
            cross = Cross(cross, self.crossing_dim)
        unknown = [name for name in cross.feature_names if name not in self.features]
        if unknown:
            raise InputError(f"crosses name features that are not there: {', '.join(unknown)}")
        return cross

    # -- what is learned --------------------------------------------------------------------------

    def _to_adapt(self) -> list[str]:
        return [
            name
            for name, layer in self.preprocessors.items()
            if hasattr(layer, "adapt") and getattr(layer, "input_mean", None) is None
        ]

    def adapt(self, dataset: Any) -> None:
        """Learn from a dict of columns, or from a data set whose items are such dicts."""
        items = [dataset] if isinstance(dataset, Mapping) else list(dataset)
        if not items or not all(isinstance(item, Mapping) for item in items):
            raise InputError(
                "FeatureSpace.adapt takes a dict of columns, or a data set of such dicts: drop the "
                "labels with dataset.map(lambda x, y: x)"
            )
        for name in self._to_adapt():
            columns = [_column(item[name]) for item in items]
            self.preprocessors[name].adapt(np.concatenate(columns))
        self._is_adapted = True
        self.get_encoded_features()

    def get_inputs(self) -> dict[str, Any]:
        """The inputs of a model on raw columns, by name."""
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """What becomes of these inputs: one symbolic tensor, or a dict of them."""
        if self._encoded is None:
            if not self._is_adapted and self._to_adapt():
                raise InputError("call adapt(data) on the FeatureSpace before it is used")
            self._encoded = self._merged(self.inputs)
        return self._encoded

    # -- what is made of columns ------------------------------------------------------------------

    def __call__(self, data: Any) -> Any:
        """The vector, or the dict, of a dict of columns; of single values without the batch."""
        if not isinstance(data, Mapping):
            raise InputError(f"a FeatureSpace takes a dict of columns. Received: {type(data)}")
        self.get_encoded_features()
        single = all(np.ndim(np.asarray(data[name])) == 0 for name in self.features)
        columns = {
            name: _as_dtype(_column(data[name]), feature.dtype)
            for name, feature in self.features.items()
        }
        made = self._merged(columns)
        if not single:
            return made
        return made[0] if self.output_mode == "concat" else {k: v[0] for k, v in made.items()}

    def _merged(self, columns: Mapping[str, Any]) -> Any:
        prepared = {name: layer(columns[name]) for name, layer in self.preprocessors.items()}
        crossed = {
            cross.name: self.crossers[cross.name]([prepared[n] for n in cross.feature_names])
            for cross in self.crosses
        }
        encoders = self._one_hot_encoders()
        made = {
            name: encoders[name](value) if name in encoders else value
            for part in (prepared, crossed)
            for name, value in sorted(part.items())
        }
        return layers.concatenate(list(made.values())) if self.output_mode == "concat" else made

    def _one_hot_encoders(self) -> dict[str, Any]:
        """name -> the layer that writes its numbers as ones, made at the first use."""
        if self._encoders is None:
            sizes = {
                **{
                    n: f.cardinality for n, f in self.features.items() if f.output_mode == "one_hot"
                },
                **{c.name: c.crossing_dim for c in self.crosses if c.output_mode == "one_hot"},
            }
            plain = [
                *(n for n, f in self.features.items() if f.output_mode == "int"),
                *(c.name for c in self.crosses if c.output_mode == "int"),
            ]
            if plain and self.output_mode == "concat":
                raise InputError(
                    f"features with output_mode='int' cannot be joined with others: "
                    f"{', '.join(plain)}; use FeatureSpace(output_mode='dict')"
                )
            self._encoders = {
                name: layers.CategoryEncoding(size, output_mode="multi_hot")
                for name, size in sizes.items()
            }
        return self._encoders

    # -- configs ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain values."""
        return {
            "features": {name: f.get_config() for name, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [cross.get_config() for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> FeatureSpace:
        """A FeatureSpace made from the result of `get_config`; it knows its vocabularies."""
        return cls(**config)

    def save(self, filepath: Any) -> None:
        """Refused: a file holds a model."""
        raise UnsupportedOperator(
            "a FeatureSpace has no file of its own: save Model(space.get_inputs(), "
            "space.get_encoded_features())"
        )


def _column(values: Any) -> Any:
    """Values as (n, 1), or with the axes they have."""
    array = values.numpy() if isinstance(values, Tensor) else np.asarray(values)
    return array.reshape(-1, 1) if array.ndim < 2 else array


def _as_dtype(values: Any, dtype: str) -> Any:
    """Numbers as the layer takes them; strings stay."""
    if dtype == "string" or values.dtype.kind not in "biuf":
        return values
    return values.astype(dtype if dtype.startswith("float") else "int64")
