"""QNTP against a server of the test, QLTS, QPING."""

import calendar
import socket
import struct
import threading
import time

import pytest
from bench import OK, free_port, line
from dx import error, restart

EPOCH = 2208988800  # 1900 to 1970
BEIJING = 8 * 3600


class TimeServer:
    """SNTP with a clock of its own: offset from the machine's. answer(request) may give other bytes."""

    def __init__(self, offset=0, answer=None):
        self.offset = offset
        self.answer = answer or self._usual
        self.requests = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _usual(self, request):
        now = int((time.time() + EPOCH + self.offset) * 2**32)
        return struct.pack("!BBbb3I4Q", 0x24, 2, 6, -20, 0, 0, 0, now, struct.unpack("!Q", request[40:48])[0], now, now)

    def _serve(self):
        while True:
            try:
                request, peer = self.socket.recvfrom(1024)
            except OSError:
                return
            self.requests += 1
            answer = self.answer(request)
            if answer:
                self.socket.sendto(answer, peer)

    def close(self):
        self.socket.close()


@pytest.fixture
def start_server():
    servers = []

    def start(*arguments):
        servers.append(TimeServer(*arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def shown(host, name):
    """The time that an answer gives, as seconds."""
    text = host.search(rf"^\r\n\+{name}:(\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d)\r\n\r\nOK\r\n").group(1).decode()
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def near(seconds, offset=0):
    return abs(seconds - (time.time() + BEIJING + offset)) < 3


def test_clock_of_the_machine(host):
    host.send("AT+QLTS?\r")
    assert near(shown(host, "QLTS"))


@pytest.mark.parametrize("offset", [0, 86400 * 400 + 7, -86400 * 30])
def test_clock_of_a_server(host, start_server, offset):
    server = start_server(offset)
    host.send(f'AT+QNTP="127.0.0.1",{server.port}\r')
    assert near(shown(host, "QNTP"), offset)
    host.send("AT+QLTS?\r")
    assert near(shown(host, "QLTS"), offset)
    host.ask("AT+QNTP?", f"+QNTP:127.0.0.1,{server.port}", OK)
    assert server.requests == 1


def test_by_name(start_modem, open_booted, start_server):
    server = start_server(1000000)
    host = open_booted(start_modem(network__redirect=f"cn.pool.ntp.org=127.0.0.1:{server.port}"))
    host.send('AT+QNTP="cn.pool.ntp.org"\r')  # port left out: 123
    assert near(shown(host, "QNTP"), 1000000)
    host.ask("AT+QNTP?", "+QNTP:cn.pool.ntp.org,123", OK)


def test_no_answer(host, start_server):
    """5 s; further lines wait. The time stays as it was."""
    good, silent = start_server(5000), start_server(0, lambda request: None)
    host.send(f'AT+QNTP="127.0.0.1",{good.port}\r')
    shown(host, "QNTP")
    start = time.monotonic()
    host.send(f'AT+QNTP="127.0.0.1",{silent.port}\rAT+GSN\r')
    host.expect(error(201), line("860720087453595"), OK)
    assert 4.5 < time.monotonic() - start < 7
    host.send("AT+QLTS?\r")
    assert near(shown(host, "QLTS"), 5000)


def test_refused_and_unresolved(host):
    start = time.monotonic()
    host.ask(f'AT+QNTP="127.0.0.1",{free_port()}', error(201))
    host.ask('AT+QNTP="no.such.host.invalid",123', error(201))
    assert time.monotonic() - start < 4
    host.send("AT+QLTS?\r")
    assert near(shown(host, "QLTS"))


@pytest.mark.parametrize("answer", [lambda request: b"", lambda request: b"short", lambda request: request,
                                    lambda request: b"\x24\x00" + b"\0" * 46])
def test_answers_that_are_none(host, start_server, answer):
    """A kiss of death, an echo, rubbish."""
    host.ask(f'AT+QNTP="127.0.0.1",{start_server(0, answer).port}', error(201))


def test_restart_amid_a_query(modem, host, start_server):
    silent = start_server(0, lambda request: None)
    host.send(f'AT+QNTP="127.0.0.1",{silent.port}\r')
    modem.wait_log(r"> AT\+QNTP")
    modem.stop()


def test_offset_after_a_restart(host, start_server):
    """The clock goes on; the server's name is forgotten."""
    server = start_server(777777)
    host.send(f'AT+QNTP="127.0.0.1",{server.port}\r')
    shown(host, "QNTP")
    restart(host, "AT+RST")
    host.ask("AT+QNTP?", "+QNTP:cn.pool.ntp.org,123", OK)
    host.send("AT+QLTS?\r")
    assert near(shown(host, "QLTS"), 777777)


# ---- QPING ----


def pings(host, address):
    return host.search(rf'^\r\n\+CIPPING:"{address}",(\d+),(\d+)\r\n').groups()


def test_ping(host):
    start = time.monotonic()
    host.send('AT+QPING="127.0.0.1"\rAT+GSN\r')
    for number in range(4):
        ms, ttl = pings(host, r"127\.0\.0\.1")
        assert int(ms) < 1000 and int(ttl) == 64
        assert number - 0.2 < time.monotonic() - start < number + 0.9  # each when it comes
    host.expect(OK)
    host.expect(line("860720087453595"), OK)  # it has waited


def test_ping_by_name_and_redirect(start_modem, open_booted):
    host = open_booted(start_modem(network__redirect="www.baidu.com=127.0.0.1"))
    for name in ("localhost", "www.baidu.com"):
        host.send(f"AT+QPING={name},1\r")
        host.search(r'^\r\n\+CIPPING:"(127\.0\.0\.1|::1)",\d+,64\r\n\r\nOK\r\n')


def test_ping_ipv6(host):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 here")
    host.send("AT+QPING=::1,1\r")
    pings(host, "::1")
    host.expect(OK)


def test_ping_without_an_answer(host):
    """An address of documentation: 4 s, where nobody answers in its place."""
    host.ask('AT+QPING="no.such.host.invalid"', error(201))
    start = time.monotonic()
    host.send('AT+QPING="203.0.113.7",1\r')
    found = host.search(r'^\r\n(\+CIPPING:"203\.0\.113\.7",[^\r]*\r\n\r\nOK|ERROR=201)\r\n').group(1)
    if b",-1,0" in found:
        assert 3.5 < time.monotonic() - start < 6


def test_restart_amid_pings(modem, host):
    host.send('AT+QPING="127.0.0.1",10\r')
    pings(host, r"127\.0\.0\.1")
    modem.stop()
