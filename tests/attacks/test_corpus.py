"""For each sentence that refuses a file, the smallest file that is refused with it.

`scripts/make_corpus.py` makes the files and `sentences.json`; a sentence that changes is a change
of what users read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fuzz.target import examine, sentence

CORPUS = Path(__file__).parent / "corpus"
SENTENCES: dict[str, dict[str, str]] = json.loads(
    (CORPUS / "sentences.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", SENTENCES)
def test_each_file_is_refused_with_its_sentence(name: str) -> None:
    outcome = examine((CORPUS / name).read_bytes())
    assert not outcome.problem
    found = {"error": outcome.kind, "sentence": sentence(outcome.message)}
    assert found == SENTENCES[name], (
        "if the new sentence is right, run scripts/make_corpus.py and look at the difference"
    )


def test_the_corpus_is_whole_small_and_without_doubles() -> None:
    files = {path.name for path in CORPUS.iterdir()} - {"sentences.json"}
    assert files == set(SENTENCES)
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) < 300_000
    said = [(Path(name).suffix, *entry.values()) for name, entry in SENTENCES.items()]
    assert len(set(said)) == len(said) > 100
