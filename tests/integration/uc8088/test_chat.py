"""pppd's own dialler really dials, as /etc/chatscripts have it, up to CONNECT; and a wrong number ends as it expects."""

import os
import shlex
import shutil
import subprocess

import pytest
from bench import DEADLINE

CHAT = shutil.which("chat", path=os.environ["PATH"] + ":/usr/sbin")

pytestmark = pytest.mark.skipif(not CHAT, reason="no chat here (Debian: ppp)")

# Debian's provider script, with the number that GPRS modules take.
SCRIPT = """ABORT BUSY ABORT 'NO CARRIER' ABORT VOICE ABORT 'NO DIALTONE' ABORT 'NO DIAL TONE' ABORT 'NO ANSWER' ABORT ERROR
'' ATZ OK-AT-OK 'ATQ0 V1 E1 S0=0' OK 'AT+CGDCONT=1,"IP","cmnet"' OK {number} CONNECT ''
"""


def dial(host, number, timeout=5):
    """chat on the line that the host has open; its exit status, and what it has seen."""
    run = subprocess.run([CHAT, "-v", "-s", "-S", "-t", str(timeout), *shlex.split(SCRIPT.format(number=number))],
                         stdin=host.fd, stdout=host.fd, stderr=subprocess.PIPE, text=True, timeout=DEADLINE,
                         check=False)
    return run.returncode, run.stderr


@pytest.fixture
def line_of(start_modem, open_host):
    def open_(**settings):
        host = open_host(start_modem(**settings))
        host.ask("AT+CFUN=1", "OK")
        os.set_blocking(host.fd, True)
        return host

    return open_


@pytest.mark.parametrize("number", ["ATDT*99#", "ATD*99***1#", "ATD*99**PPP*2#"])
def test_up_to_connect(line_of, number):
    host = line_of()
    status, seen = dial(host, number)
    assert status == 0, seen + host.daemon.log()
    os.set_blocking(host.fd, False)
    assert host.read(1) in (b"\n", b"~", b"\r", b"\xff")  # what follows is the peer's


@pytest.mark.parametrize("number, settings", [("ATD123", {}), ("ATD*99#", {"network__registration": "denied"})])
def test_a_call_that_fails(line_of, number, settings):
    host = line_of(**settings)
    status, seen = dial(host, number)
    assert status >= 4, seen  # the first ABORT string that was seen is 4
