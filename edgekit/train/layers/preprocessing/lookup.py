"""What layers with a vocabulary share: tokens to indices and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.backend import asarray, to_numpy
from edgekit.train.layers.preprocessing.categories import (
    checked_salt,
    encoded,
    hashed,
)
from edgekit.train.layers.preprocessing.tokens import BESIDE, TokenLayer
from edgekit.train.tensor import wrap

__all__ = ["IndexLookup"]

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(TokenLayer):
    """Tokens as indices. First comes the mask token (0, in mode "int"), then `num_oov_indices`
    places for tokens that are not in the vocabulary, then the vocabulary by falling frequency.

    output_mode: int, one_hot, multi_hot, count or tf_idf. invert: indices to tokens.
    """

    config_names: tuple[str, ...] = (
        "invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode",
        "sparse", "pad_to_max_tokens", "vocabulary_dtype", "idf_weights", "vocabulary",
        "vocabulary_size", "oov_method", "salt",
    )  # fmt: skip

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = None,
        vocabulary: Any = None,
        vocabulary_dtype: str = "string",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        **options: Any,
    ) -> None:
        options.pop("has_input_vocabulary", None)
        self._size_to_come = options.pop("vocabulary_size", None)
        super().__init__(**options)
        self.output_mode = self._check_mode(output_mode, _MODES)
        self._check(max_tokens, num_oov_indices, pad_to_max_tokens, invert)
        self.invert, self.max_tokens, self.num_oov_indices = invert, max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.sparse = self._check_sparse(sparse)
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary_dtype, self.oov_method = vocabulary_dtype, oov_method
        self.salt = checked_salt(salt, self.name)
        self._tokens = []
        self._index = {}
        self._idf = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        self._in_config = vocabulary is not None and not isinstance(vocabulary, str | Path)

    def _check(self, max_tokens: Any, oov: int, pad: bool, invert: bool) -> None:
        where = f"layer {self.name!r}:"
        if max_tokens is not None and max_tokens <= 1:
            raise InputError(f"{where} max_tokens must be above 1. Received: {max_tokens}")
        if oov < 0:
            raise InputError(f"{where} num_oov_indices must be at least 0. Received: {oov}")
        if pad and max_tokens is None:
            raise InputError(f"{where} pad_to_max_tokens needs max_tokens")
        if invert and self.output_mode != "int":
            raise InputError(f"{where} invert needs output_mode='int', not {self.output_mode!r}")

    def call(self, inputs):
        values = to_numpy(inputs)
        if self.invert:
            return wrap(self._inverted(values))
        flat = [self._key(token) for token in values.reshape(-1).tolist()]
        numbers = np.array(self.indices(flat), np.int64).reshape(values.shape)
        return wrap(asarray(self.encode(numbers)))

    def indices(self, tokens: list[Any]) -> list[int]:
        """The index of each token; -1 for the mask token where it is to be left out."""
        if not self._tokens:
            raise InputError(
                f"layer {self.name!r} has no vocabulary yet: call adapt(data) or "
                "set_vocabulary(tokens)"
            )
        masked = 0 if self.output_mode == "int" else -1
        found = [
            masked if t == self.mask_token and t is not None else self._index.get(t, -2)
            for t in tokens
        ]
        unknown = [i for i, index in enumerate(found) if index == -2]
        if unknown and self.num_oov_indices == 0:
            listed = sorted({str(tokens[i]) for i in unknown})[:5]
            raise InputError(
                f"layer {self.name!r}: not in the vocabulary: {', '.join(listed)}; with "
                "num_oov_indices=1 they share an index"
            )
        for i, place in zip(unknown, self._places([tokens[i] for i in unknown]), strict=True):
            found[i] = self._first_unknown + place
        return found

    def _places(self, unknown: list[Any]) -> list[int]:
        """Which of the places for unknown tokens each takes."""
        count = self.num_oov_indices
        if count <= 1:
            return [0] * len(unknown)
        if not self.is_text and self.oov_method != "farmhash":
            return [int(token) % count for token in unknown]
        return hashed(np.array(unknown, object), count, self.salt).tolist()

    def encode(self, indices: np.ndarray) -> np.ndarray:
        """Indices in the output mode."""
        if self.output_mode == "int":
            return indices
        depth = self._depth()
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        found = encoded(indices, mode, depth)
        if self.output_mode != "tf_idf":
            return found
        if self._idf is None:
            raise InputError(f"layer {self.name!r} has no idf weights yet: call adapt(data)")
        return found * self._idf

    def _inverted(self, values: np.ndarray) -> np.ndarray:
        known = dict(enumerate(self.get_vocabulary()))
        found = [known.get(int(i), self.oov_token) for i in values.reshape(-1)]
        return np.array(found, None if self.is_text else np.int64).reshape(values.shape)

    def compute_output_shape(self, input_shape):
        return self._encoded_shape(input_shape, self._depth())

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.config_names
               if name not in ("vocabulary", "idf_weights", "vocabulary_size")}  # fmt: skip
        is_here = id(self) not in BESIDE.get()
        saved = {
            "vocabulary": self.get_vocabulary(False) if self._tokens and is_here else None,
            "idf_weights": self._saved_idf() if is_here else None,
            "vocabulary_size": self.vocabulary_size() if self._tokens else None,
        }
        return {"name": self.name, "trainable": self._trainable, "dtype": self.dtype} | own | saved
