"""What known hosts send."""

import time

import pytest
from bench import DEADLINE, OK, line
from dx import CONNECT, SEND_OK, Far, ctl, error, take


class Locator:
    """The ESP32 tracker: sends CR LF, splits at CR or LF, trims, drops lines above 192 bytes, copes
    with the echo. A command waits for its result; what comes meanwhile is an event."""

    def __init__(self, host):
        self.host = host
        self.events = []

    def line(self):
        while True:
            text = self.host.search(rb"([^\r\n]*)[\r\n]").group(1).strip()
            if text:
                assert len(text) <= 192
                return text.decode()

    def wait_ready(self):
        seen = set()
        while len(seen) < 3:
            text = self.line()
            seen |= {word for word in ("RDY", "SIM_SUCCESS", "NETWORK_ACTIVATE_SUCCESS") if text.endswith(word)}

    def command(self, text):
        """Its lines; False as the last of them: it has failed."""
        self.host.send(text + "\r\n")
        lines = []
        while True:
            got = self.line()
            if got == text:
                continue
            if got == "OK":
                return lines
            if got.startswith(("ERROR", "+CME ERROR", "+CMS ERROR")):
                return [*lines, got, False]
            if got.startswith("+QMTRECV:"):
                self.events.append(got)
            else:
                lines.append(got)

    def probe(self):
        assert self.command("AT") == []
        imei = self.command("AT+GSN")
        assert imei[0].isdigit()
        assert self.command("AT+GMR") == ["+VERSION=CT12_V1.0.5"]
        assert self.command("AT+CREG?")[0].split(",")[1] in ("1", "5")
        assert self.command("AT+QCCID")[0].startswith("+QCCID:8986")
        assert self.command("AT+SINGLESIM?") == ["+SINGLESIM: 0"]

    def connect(self, port):
        """Three looks back to back; then, on its slow line after 3 s, everything again."""
        end = time.monotonic() + DEADLINE
        while not self._connected(port):
            assert time.monotonic() < end, "never connected"

    def _connected(self, port):
        assert self.command('AT+QMTCFG="loc-1","user","pass"') in ([], ["MQTTCONNECT"])
        result = [text for text in self.command(f'AT+QMTCONNCFG="127.0.0.1",{port},1') if text != "MQTTCONNECT"]
        assert result == [] or "ERROR=202" in result[0]
        assert self.command("AT+QMTSTART=1,30") in ([], ["MQTTCONNECT"])
        return any("+QMTSTATU:1" in self.command("AT+QMTSTATU") for _ in range(3))

    def received(self):
        """Topic and payload of the next message, by its quotes."""
        while not self.events:
            text = self.line()
            if text.startswith("+QMTRECV:"):
                self.events.append(text)
        return self.events.pop(0).split('"')[1:4:2]


@pytest.fixture
def tracker(start_daemon):
    def start(**settings):
        return start_daemon("--dialect", "dx-ct11", settings={"modem.profile": "locator-esp", **settings})
    return start


@pytest.mark.parametrize("echo", [0, 1])
def test_locator(broker, tracker, open_host, watcher, echo):
    locator = Locator(open_host(tracker(**{"port.echo": echo})))
    locator.wait_ready()
    locator.probe()
    locator.connect(broker.port)
    assert locator.command('AT+QMTSUB="locator/1/cmd",0') == []
    payload = '{"build":"1.0","gps":"located","at":[1.5,2.5]}'
    assert locator.command(f'AT+QMTPUB="locator/1/status",0,0,"{payload}"') == []
    assert watcher.next().payload == payload.encode()
    watcher.publish("locator/1/cmd", "reboot")
    assert locator.received() == ["locator/1/cmd", "reboot"]


def test_locator_that_begins_anew(broker, tracker, open_host, watcher):
    """Its recovery repeats everything while the session is up."""
    host = open_host(tracker())
    locator = Locator(host)
    locator.wait_ready()
    for _ in range(3):
        locator.probe()
        locator.connect(broker.port)
    assert locator.command('AT+QMTPUB="t",0,0,"x"') == []
    assert watcher.next().payload == b"x"
    assert broker.log().count("New client connected") == 2  # it and the watcher


def test_locator_whose_broker_goes(broker, tracker, open_host, start_watcher):
    """The module connects again by itself; no line looks like the result of a command."""
    modem = tracker()
    locator = Locator(open_host(modem))
    locator.wait_ready()
    locator.connect(broker.port)
    assert locator.command('AT+QMTSUB="locator/1/cmd",0') == []
    broker.stop()
    assert locator.line() == "MQTTDISCONNECT"
    assert locator.command("AT+QMTSTATU") == ["+QMTSTATU:2"]
    assert locator.command('AT+QMTPUB="t",0,0,"x"') == ["ERROR=102", False]
    result = locator.command('AT+QMTCONNCFG="127.0.0.1",1,1')
    assert result == ["ERROR=202", False]
    broker.start()
    assert locator.line() == "MQTTCONNECT"
    broker.wait_log("loc-1 0 locator/1/cmd", 2)
    start_watcher().publish("locator/1/cmd", "on")
    assert locator.received() == ["locator/1/cmd", "on"]


def test_locator_sends_over_a_link(tracker, open_host):
    """It waits for the byte `>` and sends at once."""
    host = open_host(tracker())
    locator = Locator(host)
    locator.wait_ready()
    far = Far()
    host.send(f"AT+QIOPEN={far.target()}\r\n")
    host.search(rb"CONNECT,ID:3\r\n$")
    host.send("AT+QISEND=3,5\r\n")
    host.search(rb"OK\r\n\r\n>$")
    host.send("12345")
    assert locator.line() == "SEND OK"
    assert take(far.accept(), 5) == b"12345"
    far.close()


# ---- hosts that behave badly ----


def test_a_flood_of_garbage(host):
    host.send(bytes(range(256)) * 400 + b"\r")
    host.search(rb"ERROR=10[14]\r\n")
    host.send(b"\r\nAT+GSN\r\n")
    host.search(rb"860720087453595\r\n\r\nOK\r\n$")


def test_commands_ahead(host):
    count = 500
    host.send("AT+CSQ\r\n" * count)
    host.expect((line("+CSQ: 21,99") + OK) * count)


def test_bytes_one_at_a_time(host, far):
    for byte in f"AT+QIOPEN={far.target()}\r\n":
        host.send(byte)
    host.expect(CONNECT)
    for byte in "AT+QISEND=3,3\r\nabc":
        host.send(byte)
    host.search(">" + SEND_OK.decode())
    assert take(far.accept(), 3) == b"abc"


def test_host_that_leaves_amid_a_connection(modem, host, open_host, far):
    """The link that it wanted is there for nobody: the next host sees it in QISTATE."""
    host.send(f"AT+QIOPEN={far.target()}\r")
    host.close()
    modem.wait_log("the host has gone")
    far.accept()
    modem.wait_log("linked to")
    host = open_host(modem)
    host.send("AT+QISTATE\r")
    assert host.search(rb"^(.*?)\r\nOK\r\n").group(1).count(b"+QISTATE") == 1


def test_host_that_leaves_amid_a_transparent_connection(modem, host, open_host, far):
    host.send(f"AT+QIOPEN={far.target(1)}\r")
    host.close()
    modem.wait_log("the host has gone")
    modem.wait_log("linked to")
    host = open_host(modem)
    host.ask("AT", OK)
    host.send("AT+QISTATE\r")
    host.search(rb"OK\r\n$")


def test_reports_while_nobody_is_there(modem, host, open_host, far, start_modem, open_booted):
    """Dropped, or with port.backlog kept."""
    for backlog, kept in ((0, False), (4096, True)):
        module = start_modem(port__backlog=backlog)
        one = open_booted(module)
        one.ask(f"AT+QIOPEN={far.target()}", CONNECT)
        one.ask("AT+CREG=1", OK)
        one.close()
        module.wait_log("the host has gone")
        ctl(module, "registration", "roaming")
        one = open_host(module)
        if kept:
            one.expect(line("+CREG:5"))
        one.quiet()


def test_status_of_the_control_socket(broker, modem, host):
    assert "offline" in ctl(modem, "status")
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, "MQTTCONNECT")
    assert "online" in ctl(modem, "status")
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTDISC", error(102))
