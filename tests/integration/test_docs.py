"""The reference documents are what the program's tables say, and the README's links lead somewhere."""

import pathlib
import re
import shutil
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


@pytest.mark.parametrize("document", ["README.md", "README.zh.md", "cloud/README.md", *sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))])
def test_links(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_manual():
    assert generated("manual") == (ROOT / "docs/man/atmodemd.conf.5").read_text(), "run `make docs`"


def usage(program):
    return subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout


def test_manual_pages_know_all_options():
    for name, section in (("atmodemd", 8), ("atmodemctl", 1)):
        page = (ROOT / f"docs/man/{name}.{section}").read_text().replace("\\", "")
        options = re.findall(r"--[a-z-]+", usage(pathlib.Path(PROGRAM).parent / name))
        assert options and all(option in page for option in options), name


def test_atmodemctl_commands_are_documented():
    names = re.findall(r"^  ([a-z]+) ", usage(pathlib.Path(PROGRAM).parent / "atmodemctl"), re.MULTILINE)
    page = (ROOT / "docs/man/atmodemctl.1").read_text()
    completion = (ROOT / "docs/man/atmodemctl.bash").read_text()
    assert "list" in names and "wifi" in names
    for name in names:
        assert re.search(rf"^\.BR? {name}\b", page, re.MULTILINE), name
        assert re.search(rf"\b{name}\b", completion), name


@pytest.mark.skipif(not shutil.which("man"), reason="no man here")
@pytest.mark.parametrize("page", ["atmodemd.8", "atmodemctl.1", "atmodemd.conf.5"])
def test_manual_pages_are_well_formed(page):
    run = subprocess.run(["man", "--warnings", "-l", ROOT / "docs/man" / page], capture_output=True, text=True,
                         check=False, env={"MANPAGER": "cat", "LC_ALL": "C.UTF-8", "MANWIDTH": "100",
                                           "PATH": "/usr/bin:/bin"})
    assert run.returncode == 0 and not run.stderr and "NAME" in run.stdout


def test_completion():
    script = f"""source {ROOT}/docs/man/atmodemctl.bash
COMP_WORDS=(atmodemctl po); COMP_CWORD=1; _atmodemctl; echo "${{COMPREPLY[@]}}"
COMP_WORDS=(atmodemctl -S /nowhere power c); COMP_CWORD=4; _atmodemctl; echo "${{COMPREPLY[@]}}" """
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["power", "cycle"]
