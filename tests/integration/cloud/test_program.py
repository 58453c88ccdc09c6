"""The stand-in as a program: its beginning, its end, what it refuses."""

import os
import signal
import socket
import subprocess
import time
import urllib.error

import pytest
from bench import DEADLINE, free_port
from conftest import Watcher
from standin import DEVICES, PLUGIN, ROOT, Standin


def run(tmp_path, devices, *options):
    """Status and stderr of one that should not run."""
    (tmp_path / "devices.ini").write_text(devices)
    ended = subprocess.run(
        [ROOT / "cloud/standin", "--devices", tmp_path / "devices.ini", "--until-eof", *options],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
    return ended.returncode, ended.stdout, ended.stderr


def test_ports(standin):
    assert set(standin.ports) == {"control", "http", "coap", "coap_dtls"}
    assert all(0 < port < 65536 for port in standin.ports.values())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(standin, how):
    standin.process.send_signal(how)
    assert standin.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("devices", [
    "[devise one]\n", "[device]\n", "[device one]\nproduct_key = pk\n", "no section\n",
    "[device one]\nproduct_key=pk\ndevice_name=dn\ndevice_secret=s\nname=x\n",
    "[device one]\nproduct_key=pk\ndevice_name=dn\ndevice_secret=\n",
    "[device one]\nproduct_key=pk\ndevice_name=dn\ndevice_secret=a;b\n",
    "[device one]\nproduct_key=pk\ndevice_name=a/b\ndevice_secret=s\n",
    "[device one]\nproduct_key=pk\ndevice_name=dn\ndevice_secret=s\ntsl=none\n",
    "[product a]\n", "[product a]\nproduct_key=pk\ndynamic_registration=x\n",
    "[product a]\nproduct_key=pk\n[product A]\nproduct_key=qk\n",
])
def test_bad_devices(tmp_path, devices):
    status, out, error = run(tmp_path, devices)
    assert (status, out) == (2, "") and error.startswith("standin: ") and "Traceback" not in error


def test_bad_options(tmp_path):
    for options in (("--broker", "nonsense"), ("--certificate", "/nonexistent"),
                    ("--http-port", "x")):
        status, out, error = run(tmp_path, DEVICES, *options)
        assert (status, out) == (2, "") and "Traceback" not in error


def test_no_broker(tmp_path):
    status, out, error = run(tmp_path, DEVICES, "--broker", f"127.0.0.1:{free_port()}")
    assert (status, out) == (1, "") and "Traceback" not in error


def test_ends_without_its_broker(start_standin, broker):
    standin = start_standin("--broker", f"127.0.0.1:{broker.port}")
    broker.stop()
    began = time.monotonic()
    assert standin.stop() == 0
    assert time.monotonic() - began < 0.9  # it does not wait for the next try


def test_hears_again_when_its_broker_is_back(start_standin, broker):
    standin = start_standin("--broker", f"127.0.0.1:{broker.port}")
    broker.stop()
    broker.start()
    broker.wait_log(r"standin-\w+ 1 #", 2)
    watcher = Watcher(broker)
    watcher.publish("/a1TestProdKey/dev001/user/update", b"again")
    assert standin.records(1, kind="message")[0]["payload"] == b"again"
    watcher.close()


def test_ends_with_a_broker_of_its_own(tmp_path):
    cloud = Standin(tmp_path / "standin", "--with-broker")
    thread = f"/proc/{cloud.process.pid}/task/{cloud.process.pid}"
    with open(f"{thread}/children", encoding="ascii") as children:
        os.kill(int(children.read()), signal.SIGKILL)
    assert cloud.process.wait(DEADLINE) == 1
    cloud.stop()


def test_a_broker_that_does_not_start(tmp_path):
    port = str(free_port())
    with socket.create_server(("127.0.0.1", int(port))):
        for options in (("--mqtt-port", port, "--plugin", PLUGIN),
                        ("--plugin", tmp_path / "none"), ("--plugin", "/bin/sh")):
            status, out, error = run(tmp_path, DEVICES, "--with-broker", *options)
            assert (status, out) == (1, "") and error.startswith("standin: ")
            assert "Traceback" not in error


def test_bad_commands(standin):
    for command, members in (("/none", {}), ("/fault", {"place": "x", "fault": {}}),
                             ("/announce", {"device": "one"}), ("/firmware", {"version": "1"}),
                             ("/firmware", {"version": "1", "content": "no base64"}),
                             ("/firmware", {"version": "", "content": "AA=="}),
                             ("/session", {"seq": 1})):
        with pytest.raises(urllib.error.HTTPError):
            standin.control(command, **members)
