"""`.keras` files: a zip of config.json, metadata.json and model.weights.h5, as Keras 3 has it."""

from __future__ import annotations

import io
import json
import os
import warnings
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgekit.errors import EdgekitError, InputError, ModelFormatError
from edgekit.files import replacing
from edgekit.train.custom_objects import custom_object_scope
from edgekit.train.layers.weights import LOADING, WeightBudget
from edgekit.train.saving.functions import safe_mode_of
from edgekit.train.saving.hdf5 import is_legacy_weights, load_legacy_model, load_legacy_weights
from edgekit.train.saving.hdf5_writing import legacy_model, legacy_weights
from edgekit.train.saving.legacy import is_old, old_archive_config
from edgekit.train.saving.old_paths import (
    LEGACY,
    is_archive,
    is_hdf5,
    model_source,
    model_target,
    weights_source,
    weights_target,
)
from edgekit.train.saving.reading import compile_again, model_from_config
from edgekit.train.saving.vocabularies import (
    is_vocabulary,
    read_vocabularies,
    vocabularies_beside,
)
from edgekit.train.saving.weights import read_weights, write_weights
from edgekit.train.saving.writing import KERAS_VERSION, compile_config, model_config
from edgekit.train.serialization import plain

__all__ = ["holds_class", "load_model", "load_weights", "save_model", "save_weights"]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# a part that unpacks to more than this many times its size is refused; deflate reaches 1032
_MAX_EXPANSION = 200
_MAX_CONFIG = 1 << 28


def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """Write a `.keras` file: the same bytes for the same model, and whole or not at all.

    A name that ends in `.h5` or `.hdf5` gets the HDF5 layout of Keras 2.
    """
    import zipfile

    if zipped is False:  # a folder
        raise InputError("zipped=False is not supported: a .keras file is one zip file")
    path = _target(model_target(filepath), "", overwrite)
    if not model.built:
        raise InputError(
            f"model {model.name!r} has no weights yet: build it or call it on data before saving"
        )
    if path.suffix in LEGACY:
        _replace(path, legacy_model(model, include_optimizer))
        return
    with vocabularies_beside(model) as vocabularies:
        config = model_config(model)
    compiled = compile_config(model)
    if compiled is not None:
        config["compile_config"] = compiled
    parts = {
        METADATA: json.dumps({"keras_version": KERAS_VERSION, "writer": "edgekit"}).encode(),
        CONFIG: json.dumps(plain(config)).encode(),
        WEIGHTS: write_weights(model, include_optimizer),
        **vocabularies,
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    _replace(path, target.getvalue())


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights alone: a `.weights.h5` file, or an `.h5` file as Keras 2 has it."""
    path = _target(weights_target(filepath), "", overwrite)
    if not model.built:
        raise InputError(f"model {model.name!r} has no weights yet: build it before saving")
    legacy = path.suffix in LEGACY and not path.name.endswith(".weights.h5")
    _replace(path, legacy_weights(model) if legacy else write_weights(model, True))


def _replace(path: Path, data: bytes) -> None:
    with replacing(path) as file:
        file.write(data)


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a `.keras` file, of Keras 3 or of edgekit, or in an `.h5` file of Keras 2.

    custom_objects: name -> class or function of one's own, as `register_keras_serializable` makes
    known too. Nothing in the file is executed, but for the code of Lambda layers where `safe_mode`
    is False: only for files from a source that you trust. Raises UnsupportedOperator listing every
    layer that is not known, and ModelFormatError for a damaged file.
    """
    with custom_object_scope(custom_objects), safe_mode_of(safe_mode):
        filepath = model_source(filepath)
        if is_archive(filepath):
            return _load_archive(Path(filepath), compile)
        if is_hdf5(filepath):
            return load_legacy_model(Path(filepath), compile)
        if str(filepath).endswith(LEGACY):
            return load_legacy_model(_source(filepath, LEGACY), compile)
        return _load_archive(_source(filepath, (".keras",)), compile)


def holds_class(filepath: Any, name: str) -> bool:
    """Whether a file is a `.keras` file whose model is of the class of that name."""
    import zipfile

    path = Path(os.fspath(filepath))
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    try:
        config = json.loads(_read_archive(path)[CONFIG])
    except (EdgekitError, ValueError, RecursionError):
        return False  # whoever loads it says what is wrong
    return isinstance(config, dict) and config.get("class_name") == name


def _load_archive(path: Path, compile: bool) -> Any:
    parts = _read_archive(path)
    try:
        config = json.loads(parts[CONFIG])
        if is_old(json.loads(parts.get(METADATA, b"{}")).get("keras_version")):
            config = old_archive_config(config)
        token = LOADING.set(WeightBudget(len(parts[WEIGHTS])))
        try:
            model = model_from_config(config)
        finally:
            LOADING.reset(token)
    except EdgekitError as error:
        error.add_note(f"in {path}")
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError,
            MemoryError, UnicodeDecodeError) as error:  # fmt: skip
        raise ModelFormatError(
            f"{path}: config.json or metadata.json is damaged: {error!r}"
        ) from error
    if compile and isinstance(config.get("compile_config"), Mapping):
        compile_again(model, config["compile_config"], path)
    if not model.built:
        warnings.warn(
            f"{path} does not say for which input shape the model was built, so its weights were "
            "not loaded: build it, then call load_weights with the same file",
            stacklevel=2,
        )
        return model
    try:
        read_weights(model, parts[WEIGHTS])
        read_vocabularies(model, parts)
    except EdgekitError as error:
        error.add_note(f"in {path}")
        raise
    return model


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Fill a built model from a `.weights.h5`, `.keras` or `.h5` file.

    skip_mismatch: warn of weights that do not fit instead of refusing the file. by_name: for `.h5`
    files of Keras 2, fill the layers whose names are in the file and leave the others.
    """
    if not model.built:
        raise InputError(
            f"model {model.name!r} has no weights to fill yet: build it or call it on data first"
        )
    if str(filepath).endswith(".keras"):
        data = _read_archive(_source(filepath, (".keras",)))[WEIGHTS]
    else:
        endings = weights_source(filepath, LEGACY)
        data = _source(filepath, endings).read_bytes()
        if is_legacy_weights(data):
            load_legacy_weights(model, data, by_name, skip_mismatch)
            return
    if by_name:
        raise InputError("by_name is for .h5 files of Keras 2; this one goes by its structure")
    read_weights(model, data, skip_mismatch)


def _target(filepath: Any, ending: str, overwrite: bool) -> Path:
    path = Path(os.fspath(filepath))
    if not path.name.endswith(ending):
        raise InputError(f"the file name must end in {ending}. Received: {path}")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; pass overwrite=True to replace it")
    if not path.parent.is_dir():
        raise InputError(f"the folder {path.parent} does not exist")
    return path


def _source(filepath: Any, endings: tuple[str, ...]) -> Path:
    path = Path(os.fspath(filepath))
    if not path.name.endswith(endings):
        raise InputError(f"expected a {' or '.join(endings)} file. Received: {path}")
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    return path


def _read_archive(path: Path) -> dict[str, bytes]:
    """The parts of the zip, with limits on what they may unpack to."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            known = set(archive.namelist())
            missing = [name for name in (CONFIG, WEIGHTS) if name not in known]
            if missing:
                raise ModelFormatError(f"{path} holds no {' and no '.join(missing)}")
            parts = {}
            further = (name for name in known if name == METADATA or is_vocabulary(name))
            for name in (CONFIG, WEIGHTS, *further):
                info = archive.getinfo(name)
                if info.file_size > _MAX_EXPANSION * max(info.compress_size, 1) or (
                    name != WEIGHTS and info.file_size > _MAX_CONFIG
                ):
                    raise ModelFormatError(
                        f"{path}: {name} would unpack to {info.file_size} bytes from "
                        f"{info.compress_size}; refused"
                    )
                parts[name] = archive.read(name)
            return parts
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            UnicodeDecodeError, ValueError, OSError) as error:  # fmt: skip
        if isinstance(error, EdgekitError):
            raise
        raise ModelFormatError(
            f"{path} is not a .keras file (a zip), or is damaged: {error}"
        ) from (error)
