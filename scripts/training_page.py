"""Run the code of pages of docs/ and write what it prints below it, and the picture it draws.

    python scripts/training_page.py [page ...]

Each ```python block runs in the same process, in order; a ```text block right after it holds what
it printed. Warnings are printed as they would be on a terminal, without their places.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from edgekit.train import clear_session

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "docs" / f"{name}.md" for name in ("training", "quantization-aware-training")]
PICTURE = ROOT / "docs" / "images" / "history.svg"

# a block of code, and the block of what it printed, where there is one
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n.*?```\n)?", re.S)


def told(message: Any, category: type[Warning], *place: Any) -> None:
    print(f"{category.__name__}: {message}")


def run(page: str, folder: Path) -> str:
    """The page with the output of every block as it is now; files are written into `folder`."""
    clear_session()  # so that the first layer of each page is the first of its name
    names: dict[str, Any] = {"__name__": "training"}
    (folder / "examples").symlink_to(ROOT / "examples")

    def again(block: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = told
            exec(compile(block[1], "page", "exec"), names)
        shown = f"\n```text\n{printed.getvalue()}```\n" if printed.getvalue() else ""
        return f"```python\n{block[1]}```\n{shown}"

    with contextlib.chdir(folder):
        return BLOCK.sub(again, page)


def main() -> None:
    import matplotlib

    # the same file each time: neither today's date nor random names
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    matplotlib.rcParams["svg.hashsalt"] = "edgekit"
    matplotlib.rcParams["svg.fonttype"] = "none"
    for page in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(run(page.read_text("utf-8"), Path(folder)), "utf-8")
            if (picture := Path(folder) / "history.svg").exists():
                shutil.copyfile(picture, PICTURE)


if __name__ == "__main__":
    main()
