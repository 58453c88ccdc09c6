"""What links in mode 0 receive, and how they end."""

import time

import pytest
from bench import OK
from dx import CHEVRON, CONNECT, DISCONNECT, SEND_OK, Pump, ctl, error, received, reset, take

EVERY_BYTE = bytes(range(256))


def test_pieces_of_a_stream(host, link):
    data = EVERY_BYTE * 10
    link.sendall(data)
    got = b""
    while len(got) < len(data):
        length = int(host.search(rb'^\r\n\+QIURC: "recv",3,(\d+)\r\n').group(1))
        assert 1 <= length <= 1024
        got += host.read(length)
        host.expect(b"\r\n")
    assert got == data


def test_datagrams_are_whole(host, open_far):
    far = open_far("UDP")
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    host.ask("AT+QISEND=3,2", OK, CHEVRON)
    host.send("hi")
    host.expect(SEND_OK)
    far.datagram()
    for size in (1, 1025, 9000):
        far.answer(b"u" * size)
        host.expect(received(3, b"u" * size))
    far.answer(b"a")
    far.answer(b"b")
    host.expect(received(3, "a"), received(3, "b"))


def test_bare_data(start_modem, open_booted, far):
    host = open_booted(start_modem(dx__recv_header=0))
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    connection = far.accept()
    connection.sendall(EVERY_BYTE * 20)
    host.expect(EVERY_BYTE * 20)
    connection.close()
    host.expect(DISCONNECT)


def test_own_data_come_back_behind_the_result(host, link):
    for _ in range(20):
        host.ask("AT+QISEND=3,4", OK, CHEVRON)
        link.sendall(b"x")
        host.send("ping")
        take(link, 4)
        host.expect(SEND_OK, received(3, "x"))


def test_a_host_that_reads_late(host, link):
    """The peer is held up, nothing is lost."""
    total = 8 << 20
    data = b"0123456789abcdef" * (total // 16)
    pump = Pump(link.sendall, data)
    time.sleep(0.5)  # the time that it does not read
    assert pump.is_alive()
    got = bytearray()
    while len(got) < total:
        length = int(host.search(rb'^\r\n\+QIURC: "recv",3,(\d+)\r\n').group(1))
        got += host.read(length)
        host.expect(b"\r\n")
    pump.result()
    assert got == data
    host.quiet()


# ---- ends ----


@pytest.mark.parametrize("end", [lambda peer: peer.close(), reset])
def test_peer_that_goes(host, link, end):
    end(link)
    host.expect(DISCONNECT)
    host.ask("AT+QISTATE", OK)
    host.ask("AT+QICLOSE=3", error(102))


def test_last_words_of_a_peer(host, link):
    link.sendall(b"bye")
    link.close()
    host.expect(received(3, "bye"), DISCONNECT)


def test_network_that_goes(modem, host, far, open_far):
    udp = open_far("UDP")
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    host.ask(f"AT+QIOPEN={udp.target()}", "CONNECT,ID:4")
    ctl(modem, "network", "down")
    host.expect(DISCONNECT * 2)
    host.ask("AT+QISTATE", OK)
    host.ask(f"AT+QIOPEN={far.target()}", error(201))
    ctl(modem, "network", "up")
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)


def test_close_says_goodbye_to_the_peer(host, link):
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)
    assert link.recv(1) == b""


def test_commands_ahead_of_a_connection(host, far):
    host.send(f"AT+QIOPEN={far.target()}\rAT+QISEND=3,2\rhiAT+QICLOSE=3\r")
    host.expect(CONNECT, OK, CHEVRON, SEND_OK, OK, DISCONNECT)
    assert take(far.accept(), 2) == b"hi"
