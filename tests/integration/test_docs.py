"""The reference documents are what the program's tables say, and the README's links lead somewhere."""

import pathlib
import re
import subprocess

import pytest
from bench import PROGRAM

ROOT = pathlib.Path(__file__).resolve().parents[2]


def generated(*arguments):
    return subprocess.run([ROOT / "build" / "generate", *arguments], capture_output=True, text=True,
                          check=True).stdout


def test_settings():
    assert generated("settings") == (ROOT / "docs/settings.md").read_text(), "run `make docs`"


def test_commands():
    listed = subprocess.run([PROGRAM, "--list-dialects"], capture_output=True, text=True, check=True).stdout
    dialects = {line.split("\t")[0] for line in listed.splitlines()}
    documents = {path.stem.removeprefix("commands-"): path for path in (ROOT / "docs").glob("commands-*.md")}
    assert dialects == set(documents), "run `make docs`"
    for dialect, document in documents.items():
        assert generated("commands", dialect) == document.read_text(), "run `make docs`"


@pytest.mark.parametrize("document", ["README.md", "cloud/README.md", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))])
def test_links(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
