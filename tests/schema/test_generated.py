"""The generated layouts are those of the schemas beside them."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from tests.material import ROOT

NAMES = sorted(path.stem for path in (ROOT / "schemas").glob("*.fbs"))


def test_generated_code_is_fresh() -> None:
    command = [sys.executable, "scripts/generate_schema.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "fresh\n"), done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_table_and_field_of_the_schema_has_its_place(name: str) -> None:
    """Read from the text of the schema, not from what flatc made of it."""
    text = re.sub(r"//.*", "", (ROOT / "schemas" / f"{name}.fbs").read_text(encoding="utf-8"))
    schema = importlib.import_module(f"edgekit.schema.{name}_layout").SCHEMA
    tables = dict(re.findall(r"\btable\s+(\w+)\s*\{([^}]*)\}", text))
    unions = dict(re.findall(r"\bunion\s+(\w+)\s*\{([^}]*)\}", text))
    assert set(schema.tables) == set(tables)
    assert set(schema.unions) == set(unions)
    for table, body in tables.items():
        names = []
        for field, kind, notes in re.findall(r"(\w+)\s*:\s*([\[\]\w]+)([^;]*);", body):
            names += [f"{field}_type"] if kind in unions else []
            names += [field]
            if "deprecated" not in notes and f"{field}" in {f.name for f in schema.tables[table]}:
                found = next(f for f in schema.tables[table] if f.name == field)
                if "id:" not in body:
                    assert found.slot == names.index(field), f"{table}.{field}"
                assert found.required == ("required" in notes)
                forced = re.search(r"force_align:\s*(\d+)", notes)
                assert found.align == (int(forced[1]) if forced else 1)
        layout = {field.name for field in schema.tables[table]}
        assert layout <= set(names)
        deprecated = set(re.findall(r"(\w+)\s*:[^;]*deprecated", body))
        assert set(names) - layout == deprecated
    assert f'file_identifier "{schema.identifier.decode()}"' in text
    assert re.search(rf"root_type\s+{schema.root};", text)
