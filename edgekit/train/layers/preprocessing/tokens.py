"""What a layer knows of tokens: told, learned from data, kept in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError, ModelFormatError, ShapeError
from edgekit.train.layers.preprocessing.categories import HostLayer
from edgekit.train.layers.preprocessing.scaling import batches_to_adapt
from edgekit.train.layers.weights import LOADING

__all__ = ["BESIDE", "TokenLayer"]

# ids of the layers whose vocabularies the file that is being written holds beside their configs
BESIDE: ContextVar[frozenset[int]] = ContextVar("beside", default=frozenset())


class TokenLayer(HostLayer):
    """A layer with a vocabulary: special tokens first, then the others in their order."""

    is_text = True
    max_tokens: int | None
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    pad_to_max_tokens: bool
    _tokens: list[Any]
    _index: dict[Any, int]
    _idf: np.ndarray | None
    # as in Keras: a list that was given to the constructor stays in the config
    _in_config: bool
    # of a layer in a file, whose tokens stand elsewhere in the file
    _size_to_come: int | None

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
        self._tokens, self._in_config = tokens, False
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
        tokens = map(str, self._tokens) if self.is_text else self._tokens  # numpy's are longer
        return [*(special if include_special_tokens else []), *tokens]

    def vocabulary_size(self) -> int:
        """The number of indices, those of the special tokens with them."""
        if not self._tokens and self._size_to_come is not None:
            return self._size_to_come
        return len(self._tokens) + self._first_token

    def _depth(self) -> int:
        return int(self.max_tokens or 0) if self.pad_to_max_tokens else self.vocabulary_size()

    # -- in files -------------------------------------------------------------------------------

    def lines(self) -> str | None:
        """The vocabulary as it stands beside the config, a token on each line.

        None where the config holds it: it was given to the constructor, or lines cannot hold it.
        """
        tokens = list(map(str, self.get_vocabulary()))
        text = "\n".join(tokens)
        is_held = text.splitlines() == tokens and tokens[-1:] != [""]
        return text if is_held and not self._in_config else None

    def take_lines(self, text: str) -> None:
        """Take what `lines` wrote, after `load_own_variables`. Raises ValueError."""
        lines = text.splitlines()
        while lines and not lines[-1]:
            lines.pop()
        tokens = lines if self.is_text else [int(line) for line in lines]
        expected = self.vocabulary_size()
        self.set_vocabulary(tokens, None if self._idf is None else self._idf[: len(tokens)])
        if self.vocabulary_size() != expected:
            raise ValueError(f"{self.vocabulary_size()} tokens, the config says {expected}")

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        if self._idf is not None:
            store["idf_weights"] = self._idf

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        if self.output_mode != "tf_idf" or "idf_weights" not in store:
            return  # older files hold them in the config alone
        found, expected = tuple(store["idf_weights"].shape), (self._depth(),)
        if found != expected:
            raise ShapeError(f"idf_weights: expected shape {expected}, the file has {found}")
        self._idf = np.asarray(store["idf_weights"], np.float32)

    def _saved_idf(self) -> list[float] | None:
        """The weights of the tokens in the vocabulary, as the constructor takes them."""
        if self._idf is None:
            return None
        return self._idf[self._first_token : self.vocabulary_size()].tolist()


def _sort_key(token: Any) -> Any:
    return token.encode() if isinstance(token, str) else token
