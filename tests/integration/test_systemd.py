"""The unit: it is one, and what it leaves open is as little as promised (systemd.exec(5))."""

import pathlib
import shutil
import subprocess

import pytest

SYSTEMD = pathlib.Path(__file__).resolve().parents[2] / "systemd"
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.skipif(not ANALYZE, reason="no systemd-analyze here")


def analyze(*arguments, path=None):
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False,
                          env={"SYSTEMD_UNIT_PATH": f"{path}:"} if path else None)


@pytest.fixture
def units(tmp_path):
    text = (SYSTEMD / "atmodemd.service").read_text().replace("/usr/sbin/atmodemd", "/bin/true")
    (tmp_path / "atmodemd.service").write_text(text)
    return tmp_path


def test_valid(units):
    run = analyze("verify", "--man=no", units / "atmodemd.service", path=units)
    assert run.returncode == 0 and not run.stderr, run.stderr


@pytest.mark.parametrize("drop_in, limit", [(None, 18), ("pty-only.conf", 15)])
def test_exposure(units, drop_in, limit):
    if drop_in:
        folder = units / "atmodemd.service.d"
        folder.mkdir()
        shutil.copy(SYSTEMD / drop_in, folder)
    run = analyze("security", "--offline=yes", f"--threshold={limit}", units / "atmodemd.service", path=units)
    assert run.returncode == 0, run.stdout
