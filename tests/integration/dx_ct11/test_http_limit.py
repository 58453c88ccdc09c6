"""The time limit of HTTPACTION, in a file of its own: it is a minute."""

import time

from bench import OK, Peer, line
from dx import error


def test_time_limit(host):
    """60 s in all, though bytes come."""
    def drip(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.5)

    peer = Peer(drip)
    host.ask(f'AT+HTTPPARA="http://127.0.0.1/",{peer.port},0,0', OK)
    start = time.monotonic()
    host.send("AT+HTTPACTION=0\rAT+GSN\r")
    for _ in range(4):
        host.search_nothing(14)
    host.expect(error(201), line("860720087453595"), OK)  # further lines wait
    assert 59 < time.monotonic() - start < 64
    peer.close()
