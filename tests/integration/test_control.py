"""The control socket and atmodemctl: lists, status, consoles, clients that behave badly."""

import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import time

import pytest
from bench import DEADLINE, ERROR, OK, PROGRAM, line, wait_until
from conftest import at_broker

CTL = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")


def ctl(modem, *arguments, **how):
    return subprocess.run([CTL, "-S", modem.state, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE, **how)


class Client:
    """One connection that speaks the protocol."""

    def __init__(self, modem):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(modem.state / "control"))
        self.file = self.socket.makefile("rw", encoding="utf-8", newline="\n")

    def send(self, request):
        self.file.write(json.dumps(request) + "\n")
        self.file.flush()

    def read(self):
        return json.loads(self.file.readline())

    def ask(self, **request):
        """The answer; events that come before it are passed over."""
        self.send(request)
        while "event" in (answer := self.read()):
            pass
        return answer

    def output(self, wanted):
        """Reads events until this text has come."""
        text = ""
        while wanted not in text:
            event = self.read()
            text += event.get("text", "")
        return text

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def client(modem):
    client = Client(modem)
    yield client
    client.close()


def test_list_and_status(modem, client, open_host):
    answer = client.ask(do="list", id=7)
    assert answer["ok"] and answer["id"] == 7
    assert answer["modems"] == [
        {"name": "ttyAT0", "dialect": "ica", "port": str(modem.link), "on": True, "host": False,
         "connection": "offline"}
    ]
    host = open_host(modem)
    host.ask("AT", OK)
    host.ask("AT+NOPE", ERROR)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    state = client.ask(do="status", modem="ttyAT0")["modem"]
    assert state["host"] and state["connection"] == "online"
    assert state["counters"]["commands"] == 4 and state["counters"]["errors"] == 1


@pytest.mark.parametrize(
    "request_,word",
    [
        ({"do": "nope"}, "no such request"),
        ({"modem": "x"}, "do"),
        ([1, 2], "do"),
        ({"do": 5}, "do"),
        ({"do": "status", "modem": "nope"}, "no such modem"),
        ({"do": "console", "modem": "nope"}, "no such modem"),
        ({"do": "line", "line": "AT"}, "console"),
        ({"do": "line"}, "line"),
    ],
)
def test_bad_requests(client, request_, word):
    client.send(request_)
    answer = client.read()
    assert not answer["ok"] and word in answer["error"]
    assert client.ask(do="list")["ok"]


def test_garbage_and_floods_cost_the_modem_nothing(modem, open_host):
    host = open_host(modem)
    for data in (b"garbage\n", b"\0\xff\n" * 100, b"{" * 100_000, b"x" * 1_000_000):
        bad = Client(modem)
        try:
            bad.socket.sendall(data)
        except OSError:
            pass
        host.ask("AT", OK)
        bad.close()
    assert len([1 for _ in range(3) if ctl(modem, "list").returncode == 0]) == 3


def test_stalled_console_is_dropped(modem, open_host):
    stalled = Client(modem)
    stalled.ask(do="console")
    host = open_host(modem)
    for _ in range(200):
        host.send(b"AT+CGMI\r" * 100)
        host.read(100 * len(line("atmodemd") + OK))
    host.ask("AT", OK)
    stalled.close()


def test_console(modem, client, open_host, watcher):
    answer = client.ask(do="console")
    assert answer["modem"] == "ttyAT0" and "AT+IMQTTPUB" in answer["commands"]
    assert client.ask(do="line", line="AT+CGMM") == {"ok": True}
    assert client.output("OK") == "\r\nica\r\n\r\nOK\r\n"
    host = open_host(modem)
    host.ask("AT+CGMR", "0.1.0", OK)
    client.output("0.1.0\r\n\r\nOK")
    for text in ('AT+IMQTTAUTH="a","b","hidden"', "AT+IMQTTCONN", 'AT+IMQTTSUB="in",0'):
        client.send({"do": "line", "line": text})
    client.output("+IMQTTSUB:1,0")
    watcher.publish("in", b"\x01\xff")
    assert client.output("OK").endswith('+IMQTTRCVPUBIN:0,"in",2\r\n\r\nOK\r\n\\x01\\xff')
    client.send({"do": "line", "line": "AT+IMQTTAUTH?"})
    assert "+IMQTTAUTH:***" in client.output("OK")
    host.search(rb"\+IMQTTRCVPUBIN.*\x01\xff")  # the host has got it all, too
    assert not client.ask(do="line", line="A\nT")["ok"]


def test_console_over_a_reload(modem, client):
    client.ask(do="console")
    modem.process.send_signal(signal.SIGHUP)
    modem.wait_log("reloaded")
    client.send({"do": "line", "line": "AT+CGMM"})
    client.output("ica")


def test_only_the_owner_may_connect(modem):
    mode = (modem.state / "control").stat().st_mode
    assert stat.S_ISSOCK(mode) and mode & 0o777 == 0o600
    modem.stop()
    assert not (modem.state / "control").exists()


def test_path_too_long(tmp_path):
    result = subprocess.run([PROGRAM, "-d", "ica", "-S", tmp_path / ("x" * 100)], capture_output=True,
                            text=True, timeout=DEADLINE)
    assert result.returncode == 1 and "107 bytes" in result.stderr


# ---- atmodemctl ----


def test_ctl_list_and_status(modem):
    assert ctl(modem, "list").stdout == f"ttyAT0\tica\tno host\toffline\t{modem.link}\n"
    assert json.loads(ctl(modem, "list", "--json").stdout)["modems"][0]["name"] == "ttyAT0"
    assert re.search(r"^connection +offline$", ctl(modem, "status").stdout, re.M)
    assert json.loads(ctl(modem, "-j", "status", "ttyAT0").stdout)["modem"]["dialect"] == "ica"


def test_ctl_errors(modem, tmp_path):
    for arguments, status, word in (
        (["status", "nope"], 1, "list"),
        (["nope"], 2, "--help"),
        ([], 2, "--help"),
        (["list", "x"], 2, "--help"),
        (["--nope"], 2, "nope"),
    ):
        result = ctl(modem, *arguments)
        assert result.returncode == status and word in result.stderr, result.stderr
    result = subprocess.run([CTL, "-S", tmp_path / "nowhere", "list"], capture_output=True, text=True)
    assert result.returncode == 1 and "does atmodemd run?" in result.stderr
    assert "console" in ctl(modem, "--help").stdout


def test_ctl_console_from_a_pipe(modem):
    result = ctl(modem, "console", input="AT+CGMM\nAT+NOPE\n")
    assert result.stdout == "ica\nOK\nERROR\n"


def test_ctl_console_on_a_terminal(broker, start_daemon, watcher):
    """Completion, and a report that comes while a line is being typed does not tear it."""
    modem = start_daemon(settings=at_broker(broker))
    process, fd = pty.fork()
    if process == 0:
        os.environ["TERM"] = "xterm"
        os.execv(CTL, [CTL, "-S", str(modem.state), "console"])
    seen = b""

    def read_until(pattern):
        nonlocal seen
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, seen, re.S):
            assert time.monotonic() < end, seen
            if select.select([fd], [], [], 0.2)[0]:
                seen += os.read(fd, 65536)

    read_until(rb"ttyAT0> ")
    os.write(fd, b'AT+IMQTTAUTH="a","b","c"\r')
    read_until(rb"\+IMQTTAUTH:OK")
    os.write(fd, b"AT+IMQTTCON\t\r")
    read_until(rb"AT\+IMQTTCON.*N\r*\n.*OK")
    os.write(fd, b'AT+IMQTTSUB="in",0\r')
    read_until(rb"\+IMQTTSUB:1,0")
    os.write(fd, b"AT+CG")
    read_until(rb"AT\+CG")
    seen = b""
    watcher.publish("in", "hello")
    read_until(rb'\+IMQTTRCVPUB:0,"in",5,"hello"\r*\nOK\r*\n.*ttyAT0> AT\+CG')
    os.write(fd, b"MM\r")
    read_until(rb"ica\r*\n.*OK")
    os.write(fd, b"\x04")
    wait_until(lambda: os.waitpid(process, os.WNOHANG)[0] == process, "the console's end")
    os.close(fd)


# ---- the simulated network ----


def test_network_of_a_cellular_modem(broker, modem, client, open_host):
    """Coverage, signal and registration: state, status, and a connection that obeys."""
    host = open_host(modem)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    state = client.ask(do="status")["modem"]
    assert (state["registration"], state["signal"]) == ("home", -71)
    answer = client.ask(do="network", state="down", id=3)
    assert answer == {"id": 3, "ok": True, "registration": "searching", "signal": 0}
    wait_until(lambda: client.ask(do="status")["modem"]["connection"] == "reconnecting", "the loss")
    host.ask("AT+IMQTTDISCONN", OK)
    host.ask("AT+IMQTTCONN", line("+CME ERROR:30"))
    modem.wait_log("the module has no network")
    answer = client.ask(do="network", modem="ttyAT0", state="up")
    assert answer == {"ok": True, "registration": "home", "signal": -71}
    host.ask("AT+IMQTTCONN", OK)
    for word in ("denied", "none", "searching"):
        assert client.ask(do="registration", registration=word)["registration"] == word
        wait_until(lambda: client.ask(do="status")["modem"]["connection"] == "reconnecting", word)
        assert client.ask(do="registration", registration="roaming")["registration"] == "roaming"
        wait_until(lambda: client.ask(do="status")["modem"]["connection"] == "online", "its return")
    assert client.ask(do="signal", dbm=-140)["signal"] == -140
    assert client.ask(do="signal", dbm=0) == {"ok": True, "registration": "searching", "signal": 0}


@pytest.mark.parametrize("request_,word", [
    ({"do": "network"}, "up or down"), ({"do": "network", "state": "sideways"}, "up or down"),
    ({"do": "network", "state": "up", "modem": "x"}, "no such modem"),
    ({"do": "signal"}, "-140 to -1"), ({"do": "signal", "dbm": -141}, "-140 to -1"),
    ({"do": "signal", "dbm": 1}, "-140 to -1"), ({"do": "signal", "dbm": -1.5}, "-140 to -1"),
    ({"do": "signal", "dbm": "-70"}, "-140 to -1"), ({"do": "signal", "dbm": 1e99}, "-140 to -1"),
    ({"do": "registration"}, "home, roaming"), ({"do": "registration", "registration": "x"}, "home"),
])
def test_network_wants_good_values(client, request_, word):
    answer = client.ask(**request_)
    assert not answer["ok"] and word in answer["error"]
    state = client.ask(do="status")["modem"]
    assert (state["registration"], state["signal"]) == ("home", -71)


def test_network_of_no_cellular_modem(start_daemon):
    client = Client(start_daemon("--dialect", "aliyun-wifi"))
    assert "signal" not in client.ask(do="status")["modem"]
    for request in ({"do": "network", "state": "up"}, {"do": "signal", "dbm": -70},
                    {"do": "registration", "registration": "home"}):
        assert "no cellular" in client.ask(**request)["error"]
    client.close()


def test_network_by_atmodemctl(modem):
    def shows(*arguments):
        run = ctl(modem, *arguments)
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert shows("signal", "-90") == "registration  home\nsignal        -90 dBm\n"
    assert shows("signal", "ttyAT0", "0") == "registration  searching\nsignal        none\n"
    assert json.loads(shows("-j", "signal", "ttyAT0", "-100"))["signal"] == -100
    assert shows("registration", "ttyAT0", "roaming") == "registration  roaming\nsignal        -100 dBm\n"
    assert shows("network", "down") == "registration  searching\nsignal        none\n"
    assert "registration  searching\nsignal        none\n" in shows("status")
    assert json.loads(shows("network", "ttyAT0", "up", "--json"))["registration"] == "roaming"
    for arguments, status, word in ((("signal", "loud"), 1, "-140"), (("signal", "-141"), 1, "-140"),
                                    (("network", "left"), 1, "up or down"), (("network",), 2, "up|down"),
                                    (("registration", "nope", "home"), 1, "no such modem"),
                                    (("signal", "a", "b", "c"), 2, "DBM"),
                                    (("gpio", "0", "1"), 1, "no GPIO"), (("gpio", "0"), 2, "LINE")):
        run = ctl(modem, *arguments)
        assert run.returncode == status and word in run.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_turned_away(modem):
    """Also where somebody has opened the file to everybody."""
    for path in (modem.folder, modem.state, modem.state / "control"):
        path.chmod(0o777)
    script = """import os, socket, sys
os.setgid(65534)
os.setuid(65534)
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
try:
    client.sendall(b'{"do":"list"}\\n')
    print(client.recv(1))
except OSError:
    print(b"")
"""
    short = f"/tmp/atmodemd-{os.getpid()}"  # of folders that nobody can enter, none is on the way
    os.link(modem.state / "control", short)
    try:
        run = subprocess.run(["python3", "-c", script, short], check=True, timeout=DEADLINE, capture_output=True)
        assert run.stdout == b"b''\n"
    finally:
        os.unlink(short)
    assert ctl(modem, "list").returncode == 0
