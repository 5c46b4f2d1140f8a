"""flatbuffers' compiler as an oracle: its C++ verifier and its JSON. Skipped where it is absent.

Debian: apt install flatbuffers-compiler libflatbuffers-dev g++
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.export.edge import edge_bytes
from edgekit.ir import Graph
from tests.cases import CASES, INT8_CASES, float_graph, int8_graph
from tests.edge_files import Fields, unpacked
from tests.edge_graphs import GRAPHS
from tests.material import ROOT

FBS = ROOT / "schemas" / "edgekit.fbs"
PROGRAM = """
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>
#include "edgekit_generated.h"
int main(int count, char **names) {
  for (int i = 1; i < count; i++) {
    std::ifstream file(names[i], std::ios::binary);
    std::vector<unsigned char> data((std::istreambuf_iterator<char>(file)), {});
    flatbuffers::Verifier verifier(data.data(), data.size());
    std::puts(edgekit::VerifyModelBuffer(verifier) ? "sound" : "broken");
  }
}
"""


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def graphs() -> Iterator[Graph]:
    """One of each kind, and one of each operator in float32 and int8."""
    yield from (make() for make in GRAPHS.values())
    yield from map(float_graph, CASES)
    yield from map(int8_graph, INT8_CASES)


def written(folder: Path, most: int | None = None) -> list[Path]:
    """A file of each of the first graphs."""
    paths = []
    for i, graph in enumerate(itertools.islice(graphs(), most)):
        paths.append(folder / f"{i}.edge")
        paths[-1].write_bytes(edge_bytes(graph))
    return paths


def test_the_verifier_of_flatbuffers_accepts_every_file(tmp_path: Path) -> None:
    flatc, compiler = needed("flatc"), needed("g++")
    subprocess.run([flatc, "--cpp", "-o", str(tmp_path), str(FBS)], check=True)
    (tmp_path / "verify.cpp").write_text(PROGRAM)
    build = [compiler, "-std=c++17", "-I.", "verify.cpp", "-o", "verify"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)
    if "flatbuffers/flatbuffers.h" in done.stderr:
        pytest.skip("the headers of flatbuffers are not installed")
    assert done.returncode == 0, done.stderr
    paths = written(tmp_path)
    broken = tmp_path / "broken.edge"
    broken.write_bytes(paths[0].read_bytes()[:-80])
    command = ["./verify", *map(str, [*paths, broken])]
    answers = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answers.stdout.split() == ["sound"] * len(paths) + ["broken"]


def test_flatc_reads_the_same_fields(tmp_path: Path) -> None:
    flatc = needed("flatc")
    paths = written(tmp_path, most=24)
    options = ["--json", "--strict-json", "--defaults-json", "--raw-binary", "-o", str(tmp_path)]
    subprocess.run([flatc, *options, str(FBS), "--", *map(str, paths)], check=True)
    for path in paths:
        seen = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert plain(unpacked(path.read_bytes())) == rounded(seen)


def plain(value: Any) -> Any:
    """Our fields as flatc's JSON gives them: absent ones left out, unions as two fields."""
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return rounded(value)
    found: Fields = {}
    for key, inner in value.items():
        if isinstance(inner, tuple):
            found[f"{key}_type"], inner = inner
        if inner is not None:
            found[key] = plain(inner)
    empty = {key for key, inner in found.items() if isinstance(inner, list) and not inner}
    return {key: inner for key, inner in found.items() if key not in empty}


def rounded(value: Any) -> Any:
    """flatc prints six decimals of a float and twelve of a double."""
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        kept = {key: rounded(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ([], None)}
    return value
