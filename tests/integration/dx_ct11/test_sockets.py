"""Links in mode 0: opening and sending."""

import socket
import time

import pytest
from bench import OK, free_port, line
from dx import (CHEVRON, CONNECT, DISCONNECT, SEND_FAIL, SEND_OK, ctl, error, local_port, received, reset, restart,
                take)

EVERY_BYTE = bytes(range(256))


# ---- opening ----


def test_refused(host):
    host.ask(f'AT+QIOPEN="TCP","127.0.0.1",{free_port()},0,0', error(201))
    host.ask(f'AT+QIOPEN="TCP","127.0.0.1",{free_port()},0,1', error(201))
    host.ask('AT+QIOPEN="TCP","no.such.host.invalid",80,0,0', error(201))
    host.ask('AT+QIOPEN="UDP","no.such.host.invalid",80,0,0', error(201))
    host.ask("AT+QISTATE", OK)


def test_by_name(host, far):
    host.ask(f'AT+QIOPEN=tcp,localhost,{far.port},0,0', CONNECT)
    host.send("AT+QISTATE\r")
    host.search(rf'^\r\n\+QISTATE:3,"TCP","localhost",{far.port},\d+\r\n\r\nOK\r\n')


def test_by_redirect(start_modem, open_booted, far):
    host = open_booted(start_modem(network__redirect=f"*.example.com=127.0.0.1:{far.port}"))
    host.ask('AT+QIOPEN="TCP","www.example.com",80,0,0', CONNECT)
    host.send("AT+QISTATE\r")
    host.search(r'^\r\n\+QISTATE:3,"TCP","www.example.com",80,\d+\r\n\r\nOK\r\n')  # as it was given


def test_local_port(host, far, open_far):
    port = free_port()
    host.ask(f"AT+QIOPEN={far.target(local=port)}", CONNECT)
    assert far.accept().getpeername()[1] == port
    assert local_port(host) == port
    host.ask(f"AT+QIOPEN={open_far('UDP').target(local=port)}", "CONNECT,ID:4")  # UDP has ports of its own
    host.ask(f"AT+QIOPEN={open_far('UDP').target(local=port)}", error(201))
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)  # the near end closes first: TIME_WAIT
    host.ask(f"AT+QIOPEN={far.target(local=port)}", CONNECT)
    busy = socket.create_server(("127.0.0.1", 0))
    host.ask(f"AT+QIOPEN={far.target(local=busy.getsockname()[1])}", error(201))
    busy.close()


def test_eighteen_links(host, far):
    """The lowest free number each; no more than there are numbers."""
    for number in range(3, 21):
        host.ask(f"AT+QIOPEN={far.target()}", f"CONNECT,ID:{number}")
    connections = [far.accept() for _ in range(18)]
    host.ask(f"AT+QIOPEN={far.target()}", error(102))
    for number, connection in enumerate(connections, 3):
        connection.sendall(b"from %d" % number)
        host.expect(received(number, f"from {number}"))
    host.ask("AT+QISEND=20,2", OK, CHEVRON)
    host.send("hi")
    host.expect(SEND_OK)
    assert take(connections[17], 2) == b"hi"
    host.ask("AT+QICLOSE=9", OK, DISCONNECT)
    host.ask("AT+QICLOSE=5", OK, DISCONNECT)
    host.ask(f"AT+QIOPEN={far.target()}", "CONNECT,ID:5")
    host.ask(f"AT+QIOPEN={far.target()}", "CONNECT,ID:9")
    host.send("AT+QISTATE\r")
    assert host.search(rb"^(.*)\r\nOK\r\n$").group(1).count(b"+QISTATE:") == 18
    restart(host, "AT+RST")


def test_three_links_of_both_kinds(host, far, open_far):
    one, two = open_far("UDP"), open_far("UDP")
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    host.ask(f"AT+QIOPEN={one.target()}", "CONNECT,ID:4")
    host.ask(f"AT+QIOPEN={two.target()}", "CONNECT,ID:5")
    for number, text in ((5, b"five"), (4, b"four"), (3, b"three")):
        host.ask(f"AT+QISEND={number},{len(text)}", OK, CHEVRON)
        host.send(text)
        host.expect(SEND_OK)
    assert (take(far.accept(), 5), one.datagram(), two.datagram()) == (b"three", b"four", b"five")
    host.ask("AT+QICLOSE=4", OK, "UDP_CLOSE")
    host.ask("AT+QICLOSE=4", error(102))
    two.answer(b"still there")
    host.expect(received(5, "still there"))


def test_a_transparent_link_is_alone(host, far, link):
    host.ask(f"AT+QIOPEN={far.target(mode=1)}", error(102))
    host.ask("AT+SIMPLEMODE=0,0", OK)  # one link is no obstacle there
    host.search(rb"NETWORK_ACTIVATE_SUCCESS\r\n")


def test_simple_mode_wants_at_most_one_link(host, far):
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    host.ask(f"AT+QIOPEN={far.target()}", "CONNECT,ID:4")
    host.ask("AT+SIMPLEMODE=1,0", error(102))
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)
    host.ask("AT+SIMPLEMODE=0,0", OK)


def test_a_peer_that_does_not_answer(host):
    """Given up after 20 s; further lines wait."""
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
    start = time.monotonic()
    host.send(f'AT+QIOPEN="TCP","127.0.0.1",{full.getsockname()[1]},0,0\rAT+GSN\r')
    host.search_nothing(10)
    host.expect(error(201), line("860720087453595"), OK)
    assert 19.5 < time.monotonic() - start < 25
    for end in (full, *fillers):
        end.close()


# ---- sending ----


def test_every_byte(host, link):
    """Terminators are data; nothing of it is echoed, also with echo on."""
    host.ask("ATE1", OK)
    data = EVERY_BYTE * 4
    host.send("AT+QISEND=3,1024\r\n")
    host.expect(b"AT+QISEND=3,1024\r", OK, CHEVRON)
    host.send(data)
    host.expect(SEND_OK)
    assert take(link, 1024) == data


def test_lengths_and_what_follows(host, link):
    host.send(b"AT+QISEND=3,1\r\n\r" + b"AT+QISEND=3,3\r\n+++" + b"AT+GSN\r\n")
    host.expect(OK, CHEVRON, SEND_OK, OK, CHEVRON, SEND_OK, line("860720087453595"), OK)
    assert take(link, 4) == b"\r+++"


def test_first_byte_of_the_data_is_a_line_feed(host, link):
    """With a bare CR before; the LF right behind a CR is the command's."""
    host.ask("AT+QISEND=3,2", OK, CHEVRON)
    host.send(b"\n")  # belongs to the CR
    host.send(b"\nx")
    host.expect(SEND_OK)
    assert take(link, 2) == b"\nx"


def test_udp_to_ctrl_z(host, open_far):
    far = open_far("UDP")
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    for form in ("AT+QISEND=3", "AT+QISEND=3,"):
        host.ask(form, OK, CHEVRON)
        data = bytes(byte for byte in EVERY_BYTE if byte not in (0x1a, 0x1b))
        host.send(data + b"\x1a")
        host.expect(SEND_OK)
        assert far.datagram() == data
    host.ask("AT+QISEND=3", OK, CHEVRON)
    host.send(b"never mind\x1b")
    host.expect(error(101))
    host.ask("AT+QISEND=3", OK, CHEVRON)
    host.send(b"m" * 1024 + b"\x1a")
    host.expect(SEND_OK)
    assert far.datagram() == b"m" * 1024
    host.ask("AT+QISEND=3", OK, CHEVRON)
    host.send(b"m" * 1025 + b"AT+NOPE\r\n" * 100 + b"\x1a")
    host.expect(error(101))
    host.ask("AT+QISEND=3,3", OK, CHEVRON)
    host.send(b"\x1a\x1b\x1a")
    host.expect(SEND_OK)
    assert far.datagram() == b"\x1a\x1b\x1a"
    host.quiet()


def test_tcp_wants_a_length(host, link):
    host.ask("AT+QISEND=3", error(101))
    host.ask("AT+QISEND=3,", error(101))
    host.quiet()


def test_data_that_stop(host, link):
    """10 s without a byte: nothing is sent, and what comes late is no command."""
    host.ask("AT+QISEND=3,10", OK, CHEVRON)
    host.send("12345")
    start = time.monotonic()
    host.expect(error(101))
    assert 9.5 < time.monotonic() - start < 12
    host.send("67890\r\nAT+NOPE\r\n")
    host.search_nothing(1.3)  # dropped, until a second of silence
    host.ask("AT+QISEND=3,2", OK, CHEVRON)
    host.send("ok")
    host.expect(SEND_OK)
    assert take(link, 2) == b"ok"


def test_host_that_leaves_amid_the_data(modem, host, link, open_host):
    host.ask("AT+QISEND=3,10", OK, CHEVRON)
    host.send("12345")
    host.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.ask("AT+QISEND=3,2", OK, CHEVRON)
    host.send("ok")
    host.expect(SEND_OK)
    assert take(link, 2) == b"ok"


@pytest.mark.parametrize("end", [lambda peer: peer.close(), reset])
def test_link_lost_amid_the_data(host, link, end):
    host.ask("AT+QISEND=3,10", OK, CHEVRON)
    host.send("12345")
    end(link)
    host.search_nothing(0.2)  # the data phase goes on to its end
    host.send("67890")
    host.expect(SEND_FAIL, DISCONNECT)
    host.ask("AT+QISEND=3,10", error(102))


def test_network_lost_amid_the_data(modem, host, link):
    host.ask("AT+QISEND=3,4", OK, CHEVRON)
    ctl(modem, "network", "down")
    host.send("1234")
    host.expect(SEND_FAIL, DISCONNECT)


def test_peer_that_does_not_read(host, link):
    """SEND OK when the kernel has it all: in the end it does not come, until the peer reads or goes."""
    sent = 0
    while True:
        host.ask("AT+QISEND=3,1024", OK, CHEVRON)
        host.send(b"d" * 1024)
        try:
            host.search_nothing(0.3)
            break
        except AssertionError:
            host.expect(SEND_OK)
            sent += 1024
    assert sent > 65536
    assert take(link, sent) == b"d" * sent
    host.expect(SEND_OK)
    host.quiet()


def test_peer_that_does_not_read_and_goes(host, link):
    while True:
        host.ask("AT+QISEND=3,1024", OK, CHEVRON)
        host.send(b"d" * 1024)
        try:
            host.search_nothing(0.3)
            break
        except AssertionError:
            host.expect(SEND_OK)
    reset(link)
    host.expect(SEND_FAIL, DISCONNECT)
    host.quiet()


def test_udp_that_nobody_hears(host):
    """A refusal is no end: the next datagram may find somebody."""
    port = free_port()
    host.ask(f'AT+QIOPEN="UDP","127.0.0.1",{port},0,0', CONNECT)
    for _ in range(3):
        host.ask("AT+QISEND=3,2", OK, CHEVRON)
        host.send("hi")
        host.expect(SEND_OK)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
        late.bind(("127.0.0.1", port))
        late.settimeout(5)
        host.ask("AT+QISEND=3,4", OK, CHEVRON)
        host.send("late")
        host.expect(SEND_OK)
        assert late.recv(100) == b"late"
