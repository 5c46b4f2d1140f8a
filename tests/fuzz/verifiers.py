"""flatbuffers' C++ verifier beside `edgekit.schema.decoder`, on files put together wrongly.

Needs flatc, g++ and flatbuffers' headers; Debian: flatbuffers-compiler libflatbuffers-dev g++.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgekit.errors import ModelFormatError
from edgekit.schema.decoder import decode

from .fields import SHARED_BYTES
from .formats import FORMATS, Format
from .target import sentence

__all__ = ["Comparison", "build", "compare", "missing_program"]

SCHEMAS = {"edge": ("edgekit", "edgekit"), "tflite": ("tflite", "tflite")}
"""Format -> its schema's file and its namespace in C++."""

PROGRAM = """
#include <cstdint>
#include <cstdio>
#include <vector>
#include "{schema}_generated.h"
int main() {{  // standard input: length and bytes of each file; output: 1 or 0 for each
  uint32_t size;
  while (std::fread(&size, 4, 1, stdin) == 1) {{
    std::vector<uint8_t> data(size);
    if (size && std::fread(data.data(), 1, size, stdin) != size) return 1;
    flatbuffers::Verifier verifier(data.data(), size);
    std::putchar({namespace}::VerifyModelBuffer(verifier) ? '1' : '0');
  }}
}}
"""


def missing_program() -> str:
    """Why the verifier cannot be built here; "" if it can."""
    missing = [name for name in ("flatc", "g++") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    headers = ("/usr/include", "/usr/local/include")
    found = any(Path(folder, "flatbuffers", "flatbuffers.h").exists() for folder in headers)
    return "" if found else "flatbuffers' headers are not installed"


def build(format: str, schemas: Path, folder: Path) -> Path:
    """The program that answers for files of a format."""
    schema, namespace = SCHEMAS[format]
    subprocess.run(
        ["flatc", "--cpp", "-o", str(folder), str(schemas / f"{schema}.fbs")], check=True
    )
    source = folder / f"{schema}.cpp"
    source.write_text(PROGRAM.format(schema=schema, namespace=namespace))
    program = folder / f"verify_{schema}"
    subprocess.run(
        ["g++", "-std=c++17", "-O1", "-I", str(folder), str(source), "-o", str(program)], check=True
    )
    return program


@dataclass
class Comparison:
    """How two verifiers judge the same files.

    only_theirs: numbers of the files that C++ refuses and we accept: there must be none.
    only_ours: why we refuse what C++ accepts -> how often.
    """

    both_accept: int = 0
    both_refuse: int = 0
    only_theirs: list[int] = field(default_factory=list)
    only_ours: Counter[str] = field(default_factory=Counter)


def compare(program: Path, format: Format, seed: int, numbers: Sequence[int]) -> Comparison:
    """Judge mutants by both. Digests, versions and meaning are not asked about."""
    result = Comparison()
    mutants = [format.mutant(seed, number) for number in numbers]
    stream = b"".join(struct.pack("<I", len(data)) + data for data in mutants)
    answers = subprocess.run([program], input=stream, capture_output=True, check=True).stdout
    for number, data, answer in zip(numbers, mutants, answers.decode(), strict=True):
        reason = _refusal(data, format)
        if answer == "0":
            result.both_refuse += bool(reason)
            if not reason:
                result.only_theirs.append(number)
        elif reason:
            result.only_ours[reason] += 1
        else:
            result.both_accept += 1
    return result


def _refusal(data: bytes, format: Format) -> str:
    try:
        decode(memoryview(data), format.schema, shared_bytes=SHARED_BYTES)
    except ModelFormatError as error:
        return sentence(str(error))
    return ""


def all_formats(schemas: Path, folder: Path, seed: int, count: int) -> dict[str, Comparison]:
    return {
        name: compare(build(name, schemas, folder), format, seed, range(count))
        for name, format in FORMATS.items()
    }
