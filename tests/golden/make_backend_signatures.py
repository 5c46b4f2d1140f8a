"""Make tests/golden/keras/backend_signatures.json: Keras 2's `keras.backend`, by tf_keras.

python tests/golden/make_backend_signatures.py
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

from tf_keras import backend


def main() -> None:
    found = {}
    for name in sorted(n for n in dir(backend) if not n.startswith("_")):
        function = inspect.unwrap(getattr(backend, name))
        if callable(function) and not isinstance(function, type):
            parameters = inspect.signature(function).parameters.values()
            found[name] = [
                [p.name, None if p.default is p.empty else p.default, p.default is p.empty]
                for p in parameters
                if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            ]
    target = Path(__file__).with_name("keras") / "backend_signatures.json"
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found.items())
    target.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
