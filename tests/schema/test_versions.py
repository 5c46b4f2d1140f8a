"""The numbers that files carry against what `schemas/README.md` promises about them."""

from __future__ import annotations

import re
from pathlib import Path

from edgekit.ir.graph import ARITHMETICS
from edgekit.schema.edge import (
    ARITHMETIC_VERSIONS,
    FORMAT_VERSION,
    MINIMAL_READER_VERSION,
    READER_VERSION,
)

ROOT = Path(__file__).resolve().parents[2]


def promised() -> list[tuple[str, int, str]]:
    """The rows of the table: arithmetic, version, release."""
    page = (ROOT / "schemas/README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ([^|]+) \|", page, re.M)
    return [(name, int(version), release.strip()) for name, version, release in rows]


def test_each_version_of_an_arithmetic_has_its_row() -> None:
    for name in ARITHMETICS:
        versions = [version for row, version, _ in promised() if row == name]
        assert versions == [*range(1, ARITHMETIC_VERSIONS[name] + 1)]
    assert set(ARITHMETIC_VERSIONS) == set(ARITHMETICS) == {row for row, _, _ in promised()}


def test_later_versions_name_a_release_of_the_changelog() -> None:
    """Before the first release there is no second version."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d[^]]*)\]", changelog, re.M)
    for name, version, release in promised():
        assert version == 1 or release in released, f"{name} {version} since {release}"


def test_a_reader_reads_what_its_writer_writes() -> None:
    assert 1 <= MINIMAL_READER_VERSION <= FORMAT_VERSION <= READER_VERSION
