"""Make tests/golden/keras/tf_keras.zip: model files of tf.keras, with what it does with them.

    python tests/golden/make_tf_keras_goldens.py

Needs tf_keras and TensorFlow. tests/oracles/test_tf_keras.py asks about many more cases.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.oracles.tf_keras_peer import WRITERS
from tests.train.tf_keras_cases import LAYERS

TARGET = Path(__file__).resolve().parent / "keras" / "tf_keras.zip"
# What is kept besides the .h5 files: small files, and enough of each kind.
KEPT = {
    "optimizers": (".keras", ("adam", "adam_average", "nadam", "rmsprop_centered", "sgd")),
    "models": (".weights.h5", ("attending",)),
}


def is_kept(path: Path) -> bool:
    """Whether a file goes into the archive."""
    ending, names = KEPT.get(path.parent.name, (".keras", ()))
    return not path.name.endswith(ending) or path.name.partition(".")[0] in names


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind, (write, names) in WRITERS.items():
            (folder / kind).mkdir()
            for name in LAYERS if kind == "layers" else names:
                write(folder / kind / name, name)
        with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                if is_kept(path):
                    info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                    archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
