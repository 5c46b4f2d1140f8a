"""Make tests/golden/keras/tf_keras.zip and tf_keras_texts.zip: model files of tf.keras, with what
it does with them.

    python tests/golden/make_tf_keras_goldens.py

Needs tf_keras and TensorFlow. tests/oracles/test_tf_keras.py asks about many more cases.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.oracles.tf_keras_peer import WRITERS
from tests.train.tf_keras_cases import LAYERS, TEXTS

TARGET = Path(__file__).resolve().parent / "keras"
CHOSEN = {"layers": LAYERS, "texts": TEXTS}
"""Of kinds with many cases, those that are kept."""
# What is kept besides the .h5 files: small files, and enough of each kind.
KEPT = {
    "optimizers": (".keras", ("adam", "adam_average", "nadam", "rmsprop_centered", "sgd")),
    "texts": (".keras", TEXTS),
    "models": (".weights.h5", ("attending",)),
}


def is_kept(path: Path) -> bool:
    """Whether a file goes into the archive."""
    ending, names = KEPT.get(path.parent.name, (".keras", ()))
    return not path.name.endswith(ending) or path.name.partition(".")[0] in names


def write(folder: Path, archive: Path, kinds: Iterable[str]) -> None:
    """Run the writers of some kinds, and keep their files."""
    for kind in kinds:
        writer, names = WRITERS[kind]
        (folder / kind).mkdir()
        for name in CHOSEN.get(kind, names):
            writer(folder / kind / name, name)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            if is_kept(path):
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                target.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


def main() -> None:
    texts = {"texts"}
    for name, kinds in (("tf_keras", WRITERS.keys() - texts), ("tf_keras_texts", texts)):
        with tempfile.TemporaryDirectory() as made:
            write(Path(made), TARGET / f"{name}.zip", sorted(kinds))


if __name__ == "__main__":
    main()
