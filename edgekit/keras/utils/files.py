"""Files from the network, kept in a cache."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path
from typing import Any

from edgekit.errors import InputError
from edgekit.train.datasets.download import RemoteFile, cache_folder, fetch

__all__ = ["get_file"]


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file that is downloaded once; of the folder it was unpacked to with `extract`.

    With a hash (SHA-256 or MD5, told apart by their lengths) the file is checked. Archives are
    unpacked without links and without paths that leave the folder; their format is seen from their
    content. The cache is that of the data sets, or `cache_dir`.
    """
    if origin is None:
        raise InputError("get_file needs origin=, the address to download from")
    root = cache_folder() if cache_dir is None else Path(cache_dir) / cache_subdir
    path = root / str(fname or origin.rpartition("/")[2])
    digest = file_hash or md5_hash
    if force_download:
        path.unlink(missing_ok=True)
    kind = "md5" if digest is not None and len(digest) == 32 else "sha256"
    fetch(RemoteFile(path.name, origin, digest, kind), str(path))
    return str(_unpacked(path) if extract or untar else path)


def _unpacked(path: Path) -> Path:
    """The folder beside the archive, unpacked at the first call."""
    target = path.with_name(path.name + "_extracted")
    if target.is_dir():
        return target
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(target, filter="data")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            packed.extractall(target)  # zipfile drops what leads out of the folder
    else:
        raise InputError(f"{path} is not a tar or zip archive")
    return target
