"""What layers with a vocabulary share: tokens to indices and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError, ModelFormatError, ShapeError
from edgekit.train.backend import to_numpy
from edgekit.train.layers.preprocessing.categories import (
    HostLayer,
    checked_salt,
    encoded,
    hashed,
)
from edgekit.train.layers.preprocessing.scaling import batches_to_adapt
from edgekit.train.layers.weights import LOADING
from edgekit.train.tensor import wrap

__all__ = ["IndexLookup"]

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class IndexLookup(HostLayer):
    """Tokens as indices. First comes the mask token (0, in mode "int"), then `num_oov_indices`
    places for tokens that are not in the vocabulary, then the vocabulary by falling frequency.

    output_mode: int, one_hot, multi_hot, count or tf_idf. invert: indices to tokens.
    """

    config_names: tuple[str, ...] = (
        "invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode",
        "sparse", "pad_to_max_tokens", "vocabulary_dtype", "idf_weights", "vocabulary",
        "vocabulary_size", "oov_method", "salt",
    )  # fmt: skip
    is_text = True

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
        # of a layer in a file of Keras, whose tokens stand elsewhere in the file
        self._size_to_come: int | None = options.pop("vocabulary_size", None)
        super().__init__(**options)
        self.output_mode = self._check_mode(output_mode, _MODES)
        self._check(max_tokens, num_oov_indices, pad_to_max_tokens, invert)
        self.invert, self.max_tokens, self.num_oov_indices = invert, max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.sparse = self._check_sparse(sparse)
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary_dtype, self.oov_method = vocabulary_dtype, oov_method
        self.salt = checked_salt(salt, self.name)
        self._tokens: list[Any] = []
        self._index: dict[Any, int] = {}
        self._idf: np.ndarray | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

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

    # -- the vocabulary -----------------------------------------------------------------------

    @property
    def _first_unknown(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _first_token(self) -> int:
        return self._first_unknown + self.num_oov_indices

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take the tokens, or the lines of a file of tokens; special tokens may lead the list."""
        if isinstance(vocabulary, str | Path):
            if LOADING.get() is not None:
                raise ModelFormatError(
                    f"layer {self.name!r}: the model file names another file as its vocabulary, "
                    f"which is not read: {vocabulary}"
                )
            vocabulary = Path(vocabulary).read_text(encoding="utf-8").splitlines()
        tokens = [self._key(token) for token in np.asarray(vocabulary).tolist()]
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise InputError(
                f"layer {self.name!r}: idf_weights go with output_mode='tf_idf', and only with it"
            )
        special = [self.mask_token] * self._first_unknown + [self.oov_token] * self.num_oov_indices
        leads = bool(special) and tokens[: len(special)] == special
        tokens = tokens[len(special) :] if leads else tokens
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        if twice:
            raise InputError(f"layer {self.name!r}: the vocabulary holds {twice[:5]!r} twice")
        wrong = [t for t in (self.mask_token, self.oov_token) if t is not None and t in tokens]
        if wrong:
            raise InputError(
                f"layer {self.name!r}: the vocabulary holds the special token {wrong[0]!r} among "
                "others; give it another name, or put the special tokens first"
            )
        most = self.max_tokens
        if most is not None and len(tokens) + self._first_token > most:
            raise InputError(
                f"layer {self.name!r}: {len(tokens)} tokens and {self._first_token} special ones "
                f"are more than max_tokens={most}"
            )
        self._take(tokens)
        if idf_weights is not None:
            self._take_idf(np.asarray(idf_weights, np.float32), leads)

    def _take(self, tokens: list[Any]) -> None:
        self._tokens = tokens
        self._index = {token: i + self._first_token for i, token in enumerate(tokens)}

    def _take_idf(self, weights: np.ndarray, has_special: bool) -> None:
        if not has_special:
            if len(weights) != len(self._tokens):
                raise ShapeError(
                    f"layer {self.name!r}: {len(weights)} idf_weights for {len(self._tokens)} "
                    "tokens"
                )
            front = np.full(self._first_token, weights.mean() if weights.size else 0, np.float32)
            weights = np.concatenate([front, weights])
        if self.pad_to_max_tokens and self.max_tokens is not None:
            weights = np.pad(weights, (0, self.max_tokens - len(weights)))
        self._idf = weights

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take the vocabulary of `data`, by falling frequency, ties by falling order of tokens."""
        self.learn(self._documents(batch) for batch in islice(batches_to_adapt(data), steps))

    def learn(self, batches: Iterable[list[list[Any]]]) -> None:
        """Take the vocabulary of batches of rows of tokens; a row is a document."""
        counts: Counter[Any] = Counter()
        documents: Counter[Any] = Counter()
        total = 0
        for rows in batches:
            total += len(rows)
            for row in rows:
                counts.update(row)
                documents.update(set(row))
        for token in (self.mask_token, self.oov_token):
            counts.pop(token, None)
        ordered = sorted(counts, key=lambda t: (counts[t], _sort_key(t)), reverse=True)
        if self.max_tokens is not None:
            ordered = ordered[: self.max_tokens - self._first_token]
        self._take(ordered)
        if self.output_mode == "tf_idf":
            found = np.array([documents[t] for t in ordered], np.float32)
            self._take_idf(np.log(1 + total / (1 + found)).astype(np.float32), False)

    def _documents(self, batch: Any) -> list[list[Any]]:
        """The tokens of each row of a batch."""
        rows = np.asarray(batch)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 1 else rows.reshape(-1, 1)
        return [[self._key(token) for token in row] for row in rows.tolist()]

    def _key(self, token: Any) -> Any:
        if self.is_text:
            return token.decode("utf-8") if isinstance(token, bytes) else str(token)
        return int(token)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens by their index."""
        special = [self.mask_token] * self._first_unknown + [self.oov_token] * self.num_oov_indices
        return [*(special if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self) -> int:
        """The number of indices, those of the special tokens with them."""
        if not self._tokens and self._size_to_come is not None:
            return self._size_to_come
        return len(self._tokens) + self._first_token

    # -- looking up -----------------------------------------------------------------------------

    def call(self, inputs):
        values = to_numpy(inputs)
        if self.invert:
            return wrap(self._inverted(values))
        flat = [self._key(token) for token in values.reshape(-1).tolist()]
        return wrap(self.encode(np.array(self.indices(flat), np.int64).reshape(values.shape)))

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

    def _depth(self) -> int:
        return int(self.max_tokens or 0) if self.pad_to_max_tokens else self.vocabulary_size()

    def _inverted(self, values: np.ndarray) -> np.ndarray:
        known = dict(enumerate(self.get_vocabulary()))
        found = [known.get(int(i), self.oov_token) for i in values.reshape(-1)]
        return np.array(found, None if self.is_text else np.int64).reshape(values.shape)

    def compute_output_shape(self, input_shape):
        return self._encoded_shape(input_shape, self._depth())

    def _saved_idf(self) -> list[float] | None:
        """The weights of the tokens in the vocabulary, as the constructor takes them."""
        if self._idf is None:
            return None
        return self._idf[self._first_token : self.vocabulary_size()].tolist()

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.config_names
               if name not in ("vocabulary", "idf_weights", "vocabulary_size")}  # fmt: skip
        saved = {
            "vocabulary": self.get_vocabulary(False) if self._tokens else None,
            "idf_weights": self._saved_idf(),
            "vocabulary_size": self.vocabulary_size() if self._tokens else None,
        }
        return {"name": self.name, "trainable": self._trainable, "dtype": self.dtype} | own | saved


def _sort_key(token: Any) -> Any:
    return token.encode() if isinstance(token, str) else token
