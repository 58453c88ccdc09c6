"""Simple mode 1 with a transparent link: for hosts that never send a command."""

import time

import pytest
from bench import OK
from dx import BOOT, CONNECT, DISCONNECT, SILENCE, Far, error, escape, take


@pytest.fixture
def direct(simple, far):
    """The link that data mode belongs to."""
    simple.ask(f"AT+SIMPLECLIENT={far.target(1)}", OK, CONNECT)
    return far.accept()


def test_data_mode(simple, direct):
    simple.send(bytes(range(256)))
    assert take(direct, 256) == bytes(range(256))
    direct.sendall(bytes(range(256)))
    simple.expect(bytes(range(256)))
    escape(simple)
    simple.ask("AT+GSN", "860720087453595", OK)
    simple.send("ATO")
    time.sleep(SILENCE)
    simple.send("on")
    assert take(direct, 2) == b"on"


def test_data_mode_for_a_host_that_never_sends_a_command(modem, simple, direct, far, open_booted):
    """After each start; and a host that opens the port again finds it so."""
    simple.close()
    modem.restart()
    link = far.accept()
    host = open_booted(modem, BOOT + CONNECT)
    host.send("data")
    assert take(link, 4) == b"data"
    host.close()
    modem.wait_log("(?s)opened the port.*host has gone.*opened the port.*host has gone")
    link.sendall(b"w" * 50000)  # waits
    host = open_booted(modem, b"w" * 50000)
    host.send("AT\r")
    assert take(link, 3) == b"AT\r"


def test_late_host_finds_data_mode(modem, simple, direct, far, open_booted):
    simple.close()
    modem.restart()
    link = far.accept()
    link.sendall(b"early")
    modem.wait_log("(?s)linked.*linked")
    open_booted(modem, BOOT + CONNECT + b"early")


def test_loss_in_data_mode(simple, direct, far):
    direct.sendall(b"bye")
    direct.close()
    simple.expect(b"bye", DISCONNECT)
    simple.ask("AT", OK)  # command mode meanwhile
    simple.expect(CONNECT)
    simple.send("data")
    assert take(far.accept(), 4) == b"data"


def test_closed_from_data_mode(simple, direct):
    escape(simple)
    simple.ask("AT+QICLOSE=3", OK, DISCONNECT)
    simple.search_nothing(5.5)
    simple.ask("ATO", error(102))


def test_restart_from_data_mode(simple, direct, far):
    escape(simple)
    simple.ask("AT+RST", OK, BOOT, CONNECT)
    assert direct.recv(1) == b""
    simple.send("data")
    assert take(far.accept(), 4) == b"data"


def test_udp_in_data_mode(simple):
    far = Far("UDP")
    simple.ask(f"AT+SIMPLECLIENT={far.target(1)}", OK, CONNECT)
    simple.send("burst")
    assert far.datagram() == b"burst"
    far.answer(b"back")
    simple.expect(b"back")
    far.close()


def test_nothing_stands_between_the_command_and_its_link(simple, far):
    simple.send(f"AT+SIMPLECLIENT={far.target(1)}\r\n")
    simple.expect(OK, CONNECT)
    simple.send(b"\n")
    assert take(far.accept(), 1) == b"\n"
    escape(simple)
    simple.ask("AT+SIMPLECLIENT?", f"+SIMPLECLIENT:TCP,127.0.0.1,{far.port},0,1", OK)
