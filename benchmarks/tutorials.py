"""The scripts of examples/tutorials here and under Keras 3: what each reaches, over some seeds.

    python benchmarks/tutorials.py [01_tabular_dropout ...] [--seeds 0 1 2]
        [--keras-python /path/to/python] [--write]

Under Keras (TensorFlow's backend, for its gradient tape) the import is replaced and what stands
below the mark of the device is left away; a script that Keras refuses is listed with its error.
--write puts the means into the table of examples/tutorials/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples" / "tutorials"
FIGURE = re.compile(r"^(test [\w -]+|int8 [\w -]+): (-?[\d.]+(?:e-?\d+)?)$", re.MULTILINE)
DEVICE = "# -- on the device --\n"
_STRATEGIES = "\nfrom tensorflow import distribute\n"


def for_keras(source: str) -> str:
    """The script as Keras 3 takes it."""
    source = source.partition(DEVICE)[0]
    source = re.sub(r"^import edgekit\n", "\n", source, flags=re.MULTILINE)
    source = re.sub(r"^from edgekit import keras$", "import keras", source, flags=re.MULTILINE)
    source = source.replace("\nfrom edgekit.train import distribute\n", _STRATEGIES)
    return re.sub(r"^from edgekit\.keras", "from keras", source, flags=re.MULTILINE)


def run_script(script: Path, seed: int, keras: Any) -> dict[str, Any]:
    """Its figures, or the last line of its error; under Keras where `keras` is given."""
    os.environ["SEED"] = str(seed)
    source = script.read_text(encoding="utf-8")
    if keras is not None:
        source = for_keras(source)
    own = keras or importlib.import_module("edgekit.keras")
    own.utils.clear_session()  # layers are named as in a process of their own
    printed = io.StringIO()
    row: dict[str, Any] = {"script": script.stem, "seed": seed}
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(printed):
                names = {"__name__": "__main__", "__file__": str(script)}
                exec(compile(source, str(script), "exec"), names)
        except Exception as error:
            row["error"] = traceback.format_exception_only(error)[-1].strip()
        finally:
            os.chdir(here)
    row["seconds"] = time.process_time() - start
    row["figures"] = {name: float(value) for name, value in FIGURE.findall(printed.getvalue())}
    gc.collect()
    return row


def run_all(runner: str, names: list[str], seeds: list[int]) -> None:
    """In a process of its own: one line of JSON for each script and seed."""
    warnings.simplefilter("ignore")
    keras = None
    if runner == "keras":
        import keras
        import tensorflow

        keras.GradientTape = tensorflow.GradientTape
    for name in names:
        for seed in seeds:
            row = run_script(FOLDER / f"{name}.py", seed, keras)
            print(json.dumps({"runner": runner, **row}), flush=True)
            if "error" in row:
                break


def rows_of(python: str, runner: str, names: list[str], seeds: list[int]) -> list[dict[str, Any]]:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT) if runner == "edgekit" else os.environ.get("PYTHONPATH", ""),
    }
    command = [python, __file__, "--run", runner, "--seeds", *map(str, seeds), "--", *names]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def shown(rows: list[dict[str, Any]], figure: str) -> str:
    """Mean and half the spread over the seeds, or the error."""
    errors = [row["error"] for row in rows if "error" in row]
    if errors:
        return f"refused: {errors[0]}"
    values = [row["figures"][figure] for row in rows if figure in row["figures"]]
    if not values:
        return "-"
    return f"{statistics.mean(values):.4g} ± {(max(values) - min(values)) / 2:.2g}"


def table(results: dict[str, list[dict[str, Any]]], names: list[str]) -> list[tuple[str, ...]]:
    """(script, figure, one cell for each runner, seconds here)."""
    lines = []
    for name in names:
        found = {
            runner: [row for row in rows if row["script"] == name]
            for runner, rows in results.items()
        }
        figures = {figure: None for rows in found.values() for r in rows for figure in r["figures"]}
        for figure in figures or {"-": None}:
            seconds = statistics.mean(row["seconds"] for row in found["edgekit"])
            cells = [shown(rows, figure) for rows in found.values()]
            lines.append((name, figure, *cells, f"{seconds:.1f}"))
    return lines


def write_readme(lines: list[tuple[str, ...]]) -> None:
    """The first figure of each script into the last two columns of its row."""
    page = FOLDER / "README.md"
    text = page.read_text(encoding="utf-8")
    for name in dict.fromkeys(line[0] for line in lines):
        _, figure, here, there, _ = next(line for line in lines if line[0] == name)
        noun = "" if figure == "test accuracy" else figure.removeprefix("test ") + " "
        there = "refused" if there.startswith("refused") else there
        pattern = re.compile(rf"^(\| \[{name}\].*?\|.*?\|)[^|]*\|[^|]*\|$", re.MULTILINE)
        text = pattern.sub(lambda m, h=here, t=there, n=noun: f"{m[1]} {n}{h} | {t} |", text)
    page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scripts", nargs="*", help="all where none is named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--keras-python", help="a Python that has keras and tensorflow")
    parser.add_argument("--write", action="store_true", help="update the README")
    parser.add_argument("--run", choices=("edgekit", "keras"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    known = sorted(script.stem for script in FOLDER.glob("*.py"))
    names = options.scripts or known
    if unknown := set(names) - set(known):
        parser.error(f"no such script: {', '.join(sorted(unknown))}")
    if options.run:
        run_all(options.run, names, options.seeds)
        return
    results = {"edgekit": rows_of(sys.executable, "edgekit", names, options.seeds)}
    if options.keras_python:
        results["keras"] = rows_of(options.keras_python, "keras", names, options.seeds)
    lines = table(results, names)
    for line in [("script", "figure", *results, "CPU seconds"), *lines]:
        print(" | ".join(line))
    if options.write and options.keras_python:
        write_readme(lines)


if __name__ == "__main__":
    main()
