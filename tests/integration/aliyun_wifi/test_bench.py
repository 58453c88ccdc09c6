"""What a bench does to a Wi-Fi modem over the control socket: the phone's part of provisioning, a link that goes
and comes."""

import json
import os
import pty
import select
import socket
import subprocess
import time

import pytest
from bench import DEADLINE, OK, PROGRAM, line, wait_until

CTL = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")
MAC = "B8:4D:43:35:A6:06"
JOINED = f"+INETSTAT:4,192.168.3.10,{MAC}"
LOST = f"+INETSTAT:5,0.0.0.0,{MAC}"
SECRET = "correct horse of this test"


def ctl(modem, *arguments, **how):
    return subprocess.run([CTL, "-S", modem.state, *arguments], capture_output=True, text=True, timeout=DEADLINE,
                          **how)


def shows(modem, *arguments, **how):
    result = ctl(modem, *arguments, **how)
    assert result.returncode == 0, result.stderr
    return result.stdout


def wifi_of(modem):
    return json.loads(shows(modem, "status", "-j"))["modem"]["wifi"]


@pytest.fixture
def modem(start_modem, tmp_path):
    points = tmp_path / "points.ini"
    points.write_text(f"[kitchen]\nssid = Kitchen\npsk = {SECRET}\n[open]\nssid = Open\n")
    return start_modem(identity__mac=MAC, network__ip="192.168.3.10", network__access_points=points)


@pytest.mark.parametrize("command,kind", [("IBLECONFIGSTART", "ble"), ("IAPCONFIGSTART=1", "ap")])
def test_provision(modem, host, open_host, command, kind):
    refusal = ctl(modem, "provision", "--ssid", "Kitchen", "--password", SECRET)
    assert refusal.returncode == 1
    assert refusal.stderr == ("atmodemctl: ttyAT0 is not waiting for provisioning: AT+IBLECONFIGSTART=1 or "
                              "AT+IAPCONFIGSTART=1 is needed first\n")
    host.ask(f"AT+{command}", OK)
    assert wifi_of(modem)["provisioning"] == kind
    assert shows(modem, "provision", "ttyAT0", "--ssid", "Kitchen", "--password", SECRET) == "ok\n"
    host.expect(line(JOINED))
    assert wifi_of(modem) == {"state": "joined", "ssid": "Kitchen", "ip": "192.168.3.10", "mac": MAC,
                              "provisioning": "none"}
    assert ctl(modem, "provision", "--ssid", "Kitchen").returncode == 1  # once
    host.quiet()
    host.close()
    modem.restart()
    open_host(modem).expect(line(JOINED))  # stored
    assert SECRET not in modem.log()


@pytest.mark.parametrize("ssid,password,input", [("Open", [], None), ("Kitchen", ["-"], f"{SECRET}\nmore\n"),
                                                 ("Kitchen", ["-"], SECRET)])
def test_no_password_and_one_from_stdin(modem, host, ssid, password, input):
    host.ask("AT+IBLECONFIGSTART=1", OK)
    options = ["--password", *password] if password else []
    assert json.loads(shows(modem, "provision", "--ssid", ssid, *options, "--json", input=input)) == {"ok": True}
    host.expect(line(JOINED))


def test_a_password_that_is_asked_for_is_not_shown(modem, host):
    host.ask("AT+IBLECONFIGSTART=1", OK)
    process, fd = pty.fork()
    if process == 0:
        os.execv(CTL, [CTL, "-S", str(modem.state), "provision", "--ssid", "Kitchen", "--password", "-"])
    seen = b""
    end = time.monotonic() + DEADLINE
    while not seen.endswith(b"ok\r\n"):
        assert time.monotonic() < end, seen
        if select.select([fd], [], [], 0.2)[0]:
            before, seen = seen, seen + os.read(fd, 4096)
            if b"Password: " in seen and b"Password: " not in before:
                os.write(fd, SECRET.encode() + b"\n")
    assert SECRET.encode() not in seen
    host.expect(line(JOINED))
    os.close(fd)
    wait_until(lambda: os.waitpid(process, os.WNOHANG)[0] == process, "its end")


def test_a_password_does_not_stay_on_the_command_line(modem, host):
    modem.process.send_signal(19)  # SIGSTOP: the answer does not come yet
    waiting = subprocess.Popen([CTL, "-S", modem.state, "provision", "--ssid", "Kitchen", "--password", SECRET],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    path = f"/proc/{waiting.pid}/cmdline"
    try:
        wait_until(lambda: SECRET not in open(path).read() and "Kitchen" in open(path).read(), "a clean command line")
    finally:
        modem.process.send_signal(18)
    assert b"not waiting" in waiting.communicate(timeout=DEADLINE)[1]


def test_a_wrong_password(modem, host):
    host.ask("AT+IBLECONFIGSTART=1", OK)
    shows(modem, "provision", "--ssid", "Kitchen", "--password", "wrong")
    modem.wait_log("wrong pass phrase")
    host.send("AT+INETSTAT\r")
    host.search(r"^(\r\n\+INETSTAT:[15],0.0.0.0,[0-9A-F:]{17}\r\n)+\r\nOK\r\n")


def test_link_down_and_up(modem, host):
    host.ask(f"AT+CWJAP=Kitchen,{SECRET}", OK, JOINED)
    assert shows(modem, "wifi", "down") == ("wifi          lost\nnetwork       -\naddress       0.0.0.0\n"
                                            "provisioning  none\n")
    host.expect(line(LOST))
    host.ask("AT+CWLAP", OK)  # nothing is in the air
    assert json.loads(shows(modem, "wifi", "ttyAT0", "up", "-j"))["ok"]
    host.expect(line(JOINED))
    assert "network       Kitchen\naddress       192.168.3.10\n" in shows(modem, "status")
    host.quiet()


@pytest.mark.parametrize("words,status,why", [
    (["provision"], 2, "--ssid"), (["provision", "--password", "x"], 2, "--ssid"),
    (["provision", "a", "b", "--ssid", "x"], 2, "MODEM"), (["list", "--ssid", "x"], 2, "--ssid"),
    (["provision", "nope", "--ssid", "x"], 1, "no such modem"), (["provision", "--ssid", ""], 1, "1 to 32"),
    (["provision", "--ssid", "x" * 33], 1, "1 to 32"),
    (["provision", "--ssid", "x", "--password", "x" * 65], 1, "64 bytes"),
    (["provision", "--ssid", "x", "--password", "-"], 1, "stdin"),
    (["wifi"], 2, "up|down"), (["wifi", "sideways"], 1, "up or down"), (["wifi", "nope", "up"], 1, "no such modem")])
def test_mistakes(modem, words, status, why):
    result = ctl(modem, *words, stdin=subprocess.DEVNULL)
    assert result.returncode == status and why in result.stderr and "x" * 33 not in modem.log()


@pytest.mark.parametrize("request_,why", [
    ({"do": "provision"}, "`ssid`"), ({"do": "provision", "ssid": 5}, "`ssid`"),
    ({"do": "provision", "ssid": "x", "psk": 5}, "`psk`"), ({"do": "provision", "ssid": "x", "psk": None}, "`psk`"),
    ({"do": "provision", "ssid": "x", "psk": ""}, "not waiting"), ({"do": "wifi"}, "`state`"),
    ({"do": "wifi", "state": True}, "`state`")])
def test_bad_requests(modem, request_, why):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(str(modem.state / "control"))
        client.sendall(json.dumps({"id": 1, **request_}).encode() + b"\n")
        answer = json.loads(client.makefile().readline())
    assert answer["id"] == 1 and not answer["ok"] and why in answer["error"]


def test_wifi_of_the_host(start_modem):
    result = ctl(start_modem(network__provider="host", network__interface="lo"), "wifi", "down")
    assert result.returncode == 1 and "network.provider" in result.stderr


def test_no_wifi_modem(start_daemon):
    modem = start_daemon("--dialect", "ica")
    for words in (["wifi", "up"], ["provision", "--ssid", "x"]):
        result = ctl(modem, *words)
        assert result.returncode == 1 and "no Wi-Fi one" in result.stderr
    assert "wifi" not in json.loads(shows(modem, "status", "-j"))["modem"]
