"""Simple mode 1: the link that opens by itself."""

import re
import signal
import socket
import time

from bench import OK, free_port
from dx import (BOOT, CHEVRON, CONNECT, DISCONNECT, SEND_OK, Far, ctl, error, local_port, received, restart, take)


def test_told_every_three_seconds(modem, simple, far):
    start = time.monotonic()
    simple.expect(error(104))
    assert 2.7 < time.monotonic() - start < 5
    simple.expect(error(104))
    assert 5.5 < time.monotonic() - start < 9
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    simple.search_nothing(3.5)


def test_only_there(host, far):
    host.ask(f"AT+SIMPLECLIENT={far.target()}", error(102))
    host.ask("AT+SIMPLECLIENT?", "+SIMPLECLIENT:NOT SET", OK)
    restart(host, "AT+SIMPLEMODE=2,1")
    host.ask(f"AT+SIMPLECLIENT={far.target()}", error(102))


def test_its_link_is_the_only_one(simple, far):
    simple.ask(f"AT+QIOPEN={far.target()}", error(102))
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    simple.ask(f"AT+QIOPEN={far.target()}", error(102))


def test_length_of_its_data(simple):
    name = "a" * (60 - len("TCP,,65535,65535,1"))
    simple.ask(f'AT+SIMPLECLIENT="TCP","{name}x",65535,65535,1', error(101))
    simple.ask(f'AT+SIMPLECLIENT="TCP","{name}",65535,65535,1', OK)
    simple.send("AT+SIMPLECLIENT?\r")
    simple.search(re.escape(f"\r\n+SIMPLECLIENT:TCP,{name},65535,65535,1\r\n\r\nOK\r\n"))  # 201 may come before


def test_kept_by_its_ok(modem, simple, far, open_booted):
    simple.send(f"AT+SIMPLECLIENT={far.target()}\r")
    simple.expect(OK)
    modem.stop(signal.SIGKILL)
    simple.close()
    modem.settings["port.backlog"] = 4096  # the host may come later than the connection
    modem.start()
    host = open_booted(modem, BOOT + CONNECT)
    link = far.accept(local_port(host))  # the killed one may have connected as well
    host.ask("AT+SIMPLEMODE?", "+SIMPLEMODE:1,0", OK)
    host.ask("AT+SIMPLECLIENT?", f"+SIMPLECLIENT:TCP,127.0.0.1,{far.port},0,0", OK)
    host.ask("AT+QISEND=3,2", OK, CHEVRON)
    host.send("hi")
    host.expect(SEND_OK)
    assert take(link, 2) == b"hi"
    link.sendall(b"ho")
    host.expect(received(3, "ho"))


def test_again_after_a_loss(simple, far):
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    far.accept().close()
    simple.expect(DISCONNECT)
    start = time.monotonic()
    simple.expect(CONNECT)
    assert 4.7 < time.monotonic() - start < 6.5
    simple.ask("AT+QISEND=3,2", OK, CHEVRON)
    simple.send("hi")
    simple.expect(SEND_OK)
    assert take(far.accept(), 2) == b"hi"


def test_attempts_that_fail(simple):
    port = free_port()
    start = time.monotonic()
    simple.ask(f'AT+SIMPLECLIENT="TCP","127.0.0.1",{port},0,0', OK, error(201), error(201))
    assert 4.7 < time.monotonic() - start < 6.5
    with socket.create_server(("127.0.0.1", port)) as server:
        simple.expect(CONNECT)
        server.accept()[0].close()


def test_not_after_a_close(simple, far):
    """Until the next start."""
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    simple.ask("AT+QICLOSE=3", OK, DISCONNECT)
    simple.search_nothing(5.5)
    simple.ask("AT+QICLOSE=3", error(102))
    simple.ask("AT+RST", OK, BOOT, CONNECT)
    simple.quiet()


def test_another_in_its_place(simple, far):
    other = Far("UDP")
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    link = far.accept()
    simple.ask(f"AT+SIMPLECLIENT={other.target()}", OK, DISCONNECT, CONNECT)
    assert link.recv(1) == b""
    simple.ask("AT+QISEND=3", OK, CHEVRON)
    simple.send("hi\x1a")
    simple.expect(SEND_OK)
    assert other.datagram() == b"hi"
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, "UDP_CLOSE", CONNECT)
    simple.search_nothing(5.5)  # the old one's next attempt was not left over
    other.close()


def test_out_of_the_mode_while_it_is_open(simple, far):
    simple.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    restart(simple, "AT+SIMPLEMODE=0,0")
    assert far.accept().recv(1) == b""
    simple.ask("AT+QISTATE", OK)
    simple.ask("AT+SIMPLECLIENT?", f"+SIMPLECLIENT:TCP,127.0.0.1,{far.port},0,0", OK)
    simple.ask("AT+SIMPLEMODE=1,0", OK, BOOT, CONNECT)  # still in the store
    simple.ask("AT+RESTORE", OK, BOOT)
    simple.ask("AT+SIMPLECLIENT?", "+SIMPLECLIENT:NOT SET", OK)


def test_network_that_comes_later(start_modem, open_booted, far):
    modem = start_modem()
    host = open_booted(modem)
    host.ask("AT+SIMPLEMODE=1,0", OK, BOOT, error(104))
    host.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    ctl(modem, "network", "down")
    host.expect(DISCONNECT, error(201))
    ctl(modem, "network", "up")
    host.expect(CONNECT)
