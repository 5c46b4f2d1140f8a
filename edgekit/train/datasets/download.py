"""Files from the network, checked by their digest, kept in a cache.

The cache is the folder `datasets` below EDGEKIT_HOME (`~/.edgekit` by default).
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from edgekit.errors import InputError
from edgekit.files import replacing

__all__ = ["KERAS_FILES", "Pair", "RemoteFile", "cache_folder", "fetch", "read_npz"]

# where Keras publishes its data sets
KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
Pair = tuple[np.ndarray, np.ndarray]  # what a data set has for training, or for testing: x, y


class RemoteFile(NamedTuple):
    """A file on the network: its name in the cache, its address and its digest.

    kind: "sha256", or "md5" where its makers publish no other. Without a digest the file is taken
    as it comes.
    """

    name: str
    url: str
    digest: str | None
    kind: str = "sha256"


def cache_folder() -> Path:
    """Where downloaded data sets are kept."""
    home = os.environ.get("EDGEKIT_HOME")
    return (Path(home) if home else Path.home() / ".edgekit") / "datasets"


def fetch(file: RemoteFile, path: str | None = None) -> Path:
    """The file in the cache (as `path` if that is given), downloaded if it is not there.

    Raises InputError, saying where to put the file by hand, where it cannot be downloaded or is not
    the expected one.
    """
    target = cache_folder() / (path or file.name)
    if target.is_file():
        found = _digest_of(target, file.kind) if file.digest else None
        if found == file.digest:
            return target
        raise InputError(
            f"{target} is not the expected file: its {_label(file)} is {found}, expected "
            f"{file.digest}. Delete it to download it again"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as out:
        found = _download(file, out, target)
        if file.digest and found != file.digest:
            raise InputError(
                f"{file.url} gave a file whose {_label(file)} is {found}, expected {file.digest}; "
                "it was not kept"
            )
    return target


def _download(file: RemoteFile, out: Any, target: Path) -> str:
    """Write the file's bytes to `out`; returns their digest."""
    digest = hashlib.new(file.kind, usedforsecurity=False)
    try:
        with urllib.request.urlopen(file.url, timeout=60) as response:
            while block := response.read(1 << 20):
                digest.update(block)
                out.write(block)
    except OSError as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        check = f"; its {_label(file)} must be {file.digest}" if file.digest else ""
        raise InputError(
            f"cannot download {file.url} ({error}). Without a network, get the file elsewhere and "
            f"put it at {target}{check}"
        ) from error
    return digest.hexdigest()


def _digest_of(path: Path, kind: str) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _label(file: RemoteFile) -> str:
    return {"sha256": "SHA-256", "md5": "MD5"}[file.kind]


def read_npz(path: Path, names: tuple[str, ...]) -> list[np.ndarray]:
    """Arrays of a .npz file by name; objects are refused."""
    with np.load(path, allow_pickle=False) as archive:
        return [archive[name] for name in names]
