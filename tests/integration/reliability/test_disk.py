"""A disk that is full, read-only, or limited; a daemon that is killed while it writes."""

import errno
import os
import random
import signal
import subprocess
import time

import pytest
from bench import OK, cme
from confined import Confined, needs_namespaces

NVRAM = "ttyAT0.ica.ini"


@pytest.fixture
def confined(tmp_path):
    daemons = []

    def start(set_up, **how):
        daemons.append(Confined(tmp_path / f"confined{len(daemons)}", set_up, **how))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.stop_quietly()


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC


@needs_namespaces
def test_disk_full(confined, open_host):
    daemon = confined('mount -t tmpfs -o size=64k none "$STATE"')
    host = open_host(daemon)
    host.ask("AT+IMQTTMODE=1", OK)
    before = (daemon.inside() / NVRAM).read_bytes()
    fill(daemon.inside() / "filler")
    host.ask("AT+IMQTTMODE=0", cme(20))
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)  # nothing changed
    daemon.wait_log("No space left on device")
    assert (daemon.inside() / NVRAM).read_bytes() == before
    assert [name for name in os.listdir(daemon.inside()) if "tmp" in name] == []
    os.unlink(daemon.inside() / "filler")
    host.ask("AT+IMQTTMODE=0", OK)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)
    host.quiet()


@needs_namespaces
def test_read_only_state_folder(confined):
    daemon = confined('mount -t tmpfs -o ro none "$STATE"', ready=False)
    assert daemon.ended() == 1
    assert "Read-only file system" in daemon.log()


def test_limit_of_file_size(modem, open_host):
    """What a service manager sets as LimitFSIZE is no reason to die (SIGXFSZ)."""
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    pid = str(modem.process.pid)
    subprocess.run(["prlimit", "--pid", pid, "--fsize=0:"], check=True)
    host.ask("AT+IMQTTMODE=0", cme(20))
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)
    subprocess.run(["prlimit", "--pid", pid, "--fsize=unlimited:"], check=True)
    host.ask("AT+IMQTTMODE=0", OK)


def test_killed_while_it_writes(modem, open_host):
    """Whatever the moment: what had its OK is there, and the file is whole."""
    rng = random.Random(1)
    for _ in range(12):
        host = open_host(modem)
        kept = int(host_value(host))
        moment = time.monotonic() + rng.uniform(0, 0.05)
        sent = kept
        while time.monotonic() < moment:
            sent = 1 - kept
            host.send(f"AT+IMQTTMODE={sent}\r")
            if rng.random() < 0.3:
                break  # killed before its answer is read
            host.expect(OK)
            kept = sent
        modem.stop(signal.SIGKILL)
        host.close()
        modem.start()
        host = open_host(modem)
        assert int(host_value(host)) in (kept, sent)
        host.close()
        assert "damaged" not in modem.log()
        assert [name for name in os.listdir(modem.state) if "tmp" in name] == []


def host_value(host):
    host.send("AT+IMQTTMODE?\r")
    return host.search(r"\+IMQTTMODE:(\d)\r\n\r\nOK\r\n").group(1)
