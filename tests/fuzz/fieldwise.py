"""Mutations of what a file says: it is decoded, some fields change, and it is encoded again.

Such a file is put together well, so that what is asked behind the decoder is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np

from edgekit.schema import SCALARS, Field, Schema
from edgekit.schema.encoder import encode

from .bytewise import TELLING
from .fields import Fields, Site, copied, sites

__all__ = ["mutate_fields"]

FLOATS = (
    0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 1e-30, 1e30, 3e38, 1e300, float("inf"), float("nan"), 127.0,
)  # fmt: skip
TEXTS = ("", "x", "x" * 1025, "y" * 70_000, "größer 犬", "a\0b", "\n'\"{}%s", "serving_default")
LONG = 300
"""Elements: as many of a long vector are looked at, and as many copies are made."""


def mutate_fields(fields: Fields, other: Fields, schema: Schema, random: Random) -> bytes:
    """One to four changes; `other` is a file to take values from. `fields` stay as they are."""
    changed = copied(fields)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        places = list(sites(changed, schema))
        site = random.choice(places)
        donors = [s.value for s in (*places, *sites(other, schema)) if _alike(s.field, site.field)]
        site.put(_changed(site, donors, schema, random))
    return encode(schema, changed)


def _alike(a: Field, b: Field) -> bool:
    return (a.name, a.kind, a.type) == (b.name, b.kind, b.type)


def _changed(site: Site, donors: list[Any], schema: Schema, random: Random) -> Any:
    if random.random() < 0.3:
        donor = random.choice(donors)
        if not isinstance(donor, np.ndarray) or len(donor) < 2**14:
            return copied(donor)
    return CHANGES[site.field.kind](site, schema, random)


def _scalar(site: Site, schema: Schema, random: Random) -> Any:
    return _number(site.field.type, site.value, random)


def _number(name: str, old: Any, random: Random) -> Any:
    """Another number that the type can hold."""
    dtype = SCALARS[name]
    if dtype.kind == "f":
        number = random.choice((*FLOATS, float(old or 0.0) * 2, -float(old or 0.0)))
        with np.errstate(over="ignore"):  # 1e300 becomes infinite, which is as telling
            return dtype.type(number).item()
    if dtype.kind == "b":
        return not old
    near = int(old or 0) + random.choice((-2, -1, 1, 2))
    number = random.choice((near, near, random.randrange(-8, 40), random.choice(TELLING)))
    low, bits = (-(256**dtype.itemsize) // 2 if dtype.kind == "i" else 0), 8 * dtype.itemsize
    return (number - low) % 2**bits + low


def _string(site: Site, schema: Schema, random: Random) -> str:
    return random.choice((*TEXTS, str(site.value) + "x", str(site.value)[1:]))


def _scalars(site: Site, schema: Schema, random: Random) -> Any:
    numbers = list(site.value[:LONG])
    change = random.randrange(6)
    if change <= 2 and numbers:
        place = random.randrange(len(numbers))
        numbers[place] = _number(site.field.type, numbers[place].item(), random)
        if len(site.value) > LONG:
            whole = site.value.copy()
            whole[place] = numbers[place]
            return whole
    elif change == 3 and numbers:
        del numbers[random.randrange(len(numbers))]
    elif change == 4:
        numbers.insert(random.randrange(len(numbers) + 1), _number(site.field.type, 0, random))
    else:
        numbers = random.choice(([], numbers * 2, numbers[::-1], numbers[:1] * LONG))
    with np.errstate(over="ignore"):
        return np.array(numbers, SCALARS[site.field.type])


def _list(site: Site, schema: Schema, random: Random) -> list[Any]:
    """A vector of tables or strings with one gone, doubled or moved, or all gone."""
    found = list(site.value)
    if not found:
        return ["x"] if site.field.kind == "strings" else [{}]
    first, second = (random.randrange(len(found)) for _ in range(2))
    change = random.randrange(6)
    if change == 0:
        del found[first]
    elif change == 1:
        found.insert(second, copied(found[first]))
    elif change == 2:
        found[first], found[second] = found[second], found[first]
    elif change == 3:
        found[first] = copied(found[second])
    elif change == 4:
        found[first] = "" if site.field.kind == "strings" else {}
    else:
        found = random.choice(([], found[::-1], found[:1] * min(LONG, 8 * len(found))))
    return [copied(item) for item in found]


def _table(site: Site, schema: Schema, random: Random) -> Any:
    return random.choice((None, {}))


def _union(site: Site, schema: Schema, random: Random) -> Any:
    """Another member, with the old one's fields where it knows them."""
    members = list(schema.unions[site.field.type].values())
    member = random.choice(members)
    old = {} if site.value is None else site.value[1]
    known = {field.name: field for field in schema.tables[member]}
    kept: Fields = {}
    if site.value is not None:
        layout = {field.name: field for field in schema.tables[site.value[0]]}
        kept = {
            key: value
            for key, value in old.items()
            if key in known and (known[key].kind, known[key].type) == _kind(layout[key])
        }
    return random.choice((None, (member, kept), (member, {})))


def _kind(field: Field) -> tuple[str, str]:
    return field.kind, field.type


CHANGES: dict[str, Callable[[Site, Schema, Random], Any]] = {
    "scalar": _scalar,
    "string": _string,
    "table": _table,
    "union": _union,
    "scalars": _scalars,
    "strings": _list,
    "tables": _list,
}
