"""The reference documents are what the program's tables say, and the README's links lead somewhere."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def generated(*arguments):
    return subprocess.run([ROOT / "build" / "generate", *arguments], capture_output=True, text=True,
                          check=True).stdout


def test_settings():
    assert generated("settings") == (ROOT / "docs/settings.md").read_text(), "run `make docs`"


def test_commands():
    documents = sorted((ROOT / "docs").glob("commands-*.md"))
    assert documents
    for document in documents:
        dialect = document.stem.removeprefix("commands-")
        assert generated("commands", dialect) == document.read_text(), "run `make docs`"


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "docs/cloud.md",
                                      "cloud/README.md"])
def test_links(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
