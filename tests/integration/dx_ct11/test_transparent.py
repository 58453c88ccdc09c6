"""Mode 1: the line is the link's, until `+++`."""

import hashlib
import os
import select
import time

import pytest
from bench import DEADLINE, OK, line
from dx import (CONNECT, DISCONNECT, SILENCE, Far, Pump, ctl, error, escape, reset, restart, take)

EVERY_BYTE = bytes(range(256))
MIB = 1 << 20


def random_bytes(count):
    """No LF at first, which would belong to the CR of the command, and nothing that looks like `+++`."""
    return b"x" + os.urandom(count - 1).replace(b"+", b"-")


@pytest.fixture
def link(host, far):
    host.ask(f"AT+QIOPEN={far.target(1)}", CONNECT)
    return far.accept()


def test_every_byte(host, link):
    host.send(EVERY_BYTE)
    assert take(link, 256) == EVERY_BYTE
    link.sendall(EVERY_BYTE)
    assert host.read(256) == EVERY_BYTE


def test_line_feed_behind_the_command_is_no_data(host, far):
    host.send(f"AT+QIOPEN={far.target(1)}\r\n")
    host.expect(CONNECT)
    host.send(b"\n\nx")
    assert take(far.accept(), 3) == b"\n\nx"


def test_data_sent_ahead(host, far):
    """Data mode begins before CONNECT leaves: what follows the command is data."""
    host.send(f"AT+QIOPEN={far.target(1)}\rAT\rdata")
    host.expect(CONNECT)
    assert take(far.accept(), 7) == b"AT\rdata"


def test_out_and_back(host, far, link):
    host.send("one")
    escape(host)
    host.ask("AT+GSN", "860720087453595", OK)
    host.ask(f"AT+QIOPEN={far.target(0)}", error(102))
    host.ask(f"AT+QIOPEN={far.target(1)}", error(102))
    host.ask("AT+QISEND=3,2", error(102))  # only in mode 0
    host.send("AT+QISTATE\r")
    host.search(rf'^\r\n\+QISTATE:3,"TCP","127.0.0.1",{far.port},\d+\r\n\r\nOK\r\n')
    host.send("ATO")  # no line end: known by the silence
    assert take(link, 3) == b"one"  # and the pluses were no data
    time.sleep(SILENCE)
    host.send("two")
    assert take(link, 3) == b"two"
    escape(host)
    host.send("ATO\r\n")
    host.send("three")
    assert take(link, 5) == b"three"
    link.sendall(b"back")
    host.expect(b"back")
    escape(host)
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)
    assert link.recv(1) == b""
    host.ask("ATO", error(102))
    host.quiet()


def test_pluses_that_are_data(host, link):
    """Without the guard time, or with other bytes about."""
    texts = [b"+++", b"a+++b", b"+++a", b"++", b"+", b"++++", b"+" * 1000]
    host.send(b"x" + b"+++" + b"y")
    assert take(link, 5) == b"x+++y"
    for text in texts[1:]:
        time.sleep(SILENCE)
        host.send(text)
        time.sleep(SILENCE)
        assert take(link, len(text)) == text
    for part in (b"+", b"+", b"+"):  # never so long in between
        time.sleep(SILENCE)
        host.send(part)
    time.sleep(SILENCE)
    assert take(link, 3) == b"+++"
    escape(host)
    host.quiet()


def test_guard_time_of_settings(start_modem, open_booted, far):
    host = open_booted(start_modem(dx__escape_guard_ms=300))
    host.ask(f"AT+QIOPEN={far.target(1)}", CONNECT)
    link = far.accept()
    escape(host)  # too short
    host.send("more")
    assert take(link, 7) == b"+++more"
    time.sleep(0.4)
    host.send("+++")
    time.sleep(0.4)
    host.quiet()


def test_pluses_alone_in_command_mode(host):
    """Swallowed; the next line is not spoilt."""
    escape(host)
    host.ask("AT", OK)
    escape(host)
    escape(host)
    host.quiet()


def test_ato_alone(host):
    host.send("ATO")
    host.expect(error(102))
    host.ask("ATO", error(102))
    host.send("ATO\r\n")
    host.expect(error(102))
    host.quiet()


def test_data_while_suspended(host, link):
    """They wait; reports do not stand among them."""
    escape(host)
    link.sendall(b"waits" * 1000)
    host.quiet()
    host.ask("AT+CREG=1", OK)
    host.send("ATO")
    host.expect(b"waits" * 1000)


def test_peer_that_goes_in_data_mode(host, link):
    link.sendall(b"last words")
    link.close()
    host.expect(b"last words", DISCONNECT)
    host.quiet()


@pytest.mark.parametrize("end", [lambda peer: peer.close(), reset])
def test_peer_that_goes_while_suspended(host, link, end):
    escape(host)
    host.quiet()
    end(link)
    host.expect(DISCONNECT)
    host.ask("ATO", error(102))
    host.quiet()


def test_last_words_while_suspended(host, link):
    """They are delivered after ATO, and then the end."""
    escape(host)
    link.sendall(b"z" * 200000)
    link.close()
    host.quiet()
    host.send("ATO")
    host.expect(b"z" * 200000, DISCONNECT)
    host.quiet()


def test_network_that_goes(modem, host, far, link):
    ctl(modem, "network", "down")
    host.expect(DISCONNECT)
    ctl(modem, "network", "up")
    host.ask(f"AT+QIOPEN={far.target(1)}", CONNECT)


def test_no_report_in_data_mode(modem, host, link):
    escape(host)
    host.ask("AT+CREG=1", OK)
    host.send("ATO")
    time.sleep(SILENCE)
    host.send("x")
    take(link, 1)
    ctl(modem, "registration", "roaming")
    ctl(modem, "registration", "home")
    link.sendall(b"data")
    host.expect(b"data")
    escape(host)
    host.expect(line("+CREG:5"), line("+CREG:1"))


def test_host_that_closes_the_port(modem, host, link, open_host):
    """As by `+++`: the link stays, the next host finds command mode."""
    host.send("abc")
    assert take(link, 3) == b"abc"
    host.close()
    modem.wait_log("the host has gone")
    link.sendall(b"meanwhile")
    host = open_host(modem)
    host.quiet()
    host.send("ATO\r")
    host.expect(b"meanwhile")
    host.send("on")
    assert take(link, 2) == b"on"


def test_host_that_closes_at_once_behind_its_data(modem, host, link, open_host):
    data = random_bytes(3000)
    host.send(data)
    host.close()
    assert take(link, 3000) == data


def test_restart_in_between(host, link):
    escape(host)
    restart(host, "AT+RST")
    assert link.recv(1) == b""
    host.ask("ATO", error(102))


def test_atz_hangs_up(host, link):
    escape(host)
    host.ask("ATZ", OK, DISCONNECT)
    assert link.recv(1) == b""
    host.ask("ATO", error(102))


# ---- much ----


def drain(fd, total, digest, pause=0.0):
    left = total
    while left:
        assert select.select([fd], [], [], DEADLINE)[0], f"{left} missing"
        try:
            data = os.read(fd, min(left, 65536))
        except BlockingIOError:
            continue
        digest.update(data)
        left -= len(data)
        if pause:
            time.sleep(pause)
    return digest.hexdigest()


def receive(connection, total, digest):
    left = total
    while left:
        data = connection.recv(min(left, 1 << 18))
        assert data
        digest.update(data)
        left -= len(data)
    return digest.hexdigest()


def test_64_mib_to_the_peer(host, link):
    block = random_bytes(MIB)
    pump = Pump(receive, link, 64 * MIB, hashlib.sha256())
    wanted = hashlib.sha256()
    for _ in range(64):
        wanted.update(block)
        host.send(block)
    assert pump.result() == wanted.hexdigest()


def test_64_mib_from_the_peer(host, link):
    block = os.urandom(MIB)
    wanted = hashlib.sha256(block * 64).hexdigest()
    pump = Pump(lambda: [link.sendall(block) for _ in range(64)])
    assert drain(host.fd, 64 * MIB, hashlib.sha256()) == wanted
    pump.result()


def test_both_ways_at_once(host, link):
    block = random_bytes(MIB)
    wanted = hashlib.sha256(block * 8).hexdigest()
    pumps = [Pump(receive, link, 8 * MIB, hashlib.sha256()),
             Pump(lambda: [link.sendall(block) for _ in range(8)]),
             Pump(drain, host.fd, 8 * MIB, hashlib.sha256())]
    for _ in range(8):
        host.send(block)
    assert [pump.result() for pump in pumps] == [wanted, [None] * 8, wanted]


def test_a_slow_host(host, link):
    block = os.urandom(4 * MIB)
    pump = Pump(link.sendall, block)
    assert drain(host.fd, 4 * MIB, hashlib.sha256(), 0.0005) == hashlib.sha256(block).hexdigest()
    pump.result()


def test_a_slow_peer(host, link):
    """The host is held up, nothing is lost; `+++` still works when it reads again."""
    block = random_bytes(8 * MIB)
    pump = Pump(host.send, block)
    time.sleep(0.5)  # the time that the peer does not read
    assert pump.is_alive()
    taken = Pump(take, link, len(block))
    pump.result()
    assert taken.result() == block
    escape(host)
    host.quiet()


# ---- UDP ----


@pytest.fixture
def udp(host):
    far = Far("UDP")
    host.ask(f"AT+QIOPEN={far.target(1)}", CONNECT)
    yield far
    far.close()


def test_a_burst_is_a_datagram(host, udp):
    for burst in (b"first", EVERY_BYTE, b"x" * 1460):
        host.send(burst)
        assert udp.datagram() == burst
        udp.answer(burst)
        host.expect(burst)
    host.send(b"y" * 3000)
    assert [udp.datagram(), udp.datagram(), udp.datagram()] == [b"y" * 1460, b"y" * 1460, b"y" * 80]
    udp.answer(b"one")
    udp.answer(b"two")
    host.expect(b"onetwo")


def test_udp_out_and_back(host, udp):
    host.send("burst")
    assert udp.datagram() == b"burst"
    escape(host)
    host.ask("AT", OK)
    udp.answer(b"waits")
    host.quiet()
    host.send("ATO")
    host.expect(b"waits")
    time.sleep(SILENCE)
    host.send("again")
    assert udp.datagram() == b"again"
    escape(host)
    host.ask("AT+QICLOSE=3", OK, "UDP_CLOSE")


# ---- a serial device ----


def test_over_a_serial_device(start_modem, pair, far):
    pair.plug()
    start_modem("--port", str(pair.a))
    host = pair.host()
    host.search(rb"NETWORK_ACTIVATE_SUCCESS\r\n")
    host.ask(f"AT+QIOPEN={far.target(1)}", CONNECT)
    link = far.accept()
    block = random_bytes(MIB)
    pump = Pump(receive, link, MIB, hashlib.sha256())
    host.send(block)
    assert pump.result() == hashlib.sha256(block).hexdigest()
    pump = Pump(link.sendall, block)
    assert drain(host.fd, MIB, hashlib.sha256()) == hashlib.sha256(block).hexdigest()
    pump.result()
    escape(host)
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)
    host.close()
