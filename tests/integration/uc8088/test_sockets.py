"""IPCREATE, IPSEND, IPCLOSE, +IPRECV: against echo servers."""

import os
import socket
import threading
import time

import pytest
from bench import OK, Peer, free_port, line, wait_until
from uc import cme, ctl, ext, not_allowed, talk


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


@pytest.fixture
def start_peer():
    peers = []

    def start(handler=echo):
        peers.append(Peer(handler))
        return peers[-1]

    yield start
    for peer in peers:
        peer.close()


@pytest.fixture
def peer(start_peer):
    return start_peer()


class UdpEcho:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.last = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                data, self.last = self.socket.recvfrom(65536)
            except OSError:
                return
            if data == b"quit":
                return
            self.socket.sendto(data, self.last)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"quit", ("127.0.0.1", self.port))
        self.socket.close()


@pytest.fixture
def udp():
    server = UdpEcho()
    yield server
    server.close()


def open_tcp(host, port):
    host.ask(f'AT+IPCREATE="TCP","127.0.0.1",{port}', OK, "CONNECT OK")


def test_manual_forms(on):
    talk(on, """
        AT+IPCREATE=? -> +IPCREATE: mode(TCP/UDP),ip/address,port | OK
        AT+ IPCREATE? -> +IPCREATE: 0,0 | OK
        AT+IPSEND=? -> +IPSEND: mode(TCP/UDP),data | OK
        AT+IPCLOSE=? -> +IPCLOSE: mode(TCP/UDP) | OK
    """)


def test_manual_tcp(on, peer):
    """2.25, with the manual's blanks."""
    on.ask("AT+CGACT=1,1", OK)
    on.ask("AT+IPCREATE?", "+IPCREATE: 0,0", OK)
    on.ask(f'AT+IPCREATE=" TCP" , " 127.0.0.1" , {peer.port}', OK, "CONNECT OK")
    on.ask("AT+IPCREATE?", "+IPCREATE: 1,0", OK)
    on.ask('AT+IPSEND="TCP",3,"123"', "+IPSEND=3", OK, '+IPRECV="TCP",3,123')
    on.ask('AT+IPSEND="TCP","a;b, \\"c\\"\\n"', "+IPSEND=9", OK, '+IPRECV="TCP",9,a;b, "c"\n')
    on.ask('AT+IPSEND=tcp,0,hello there', "+IPSEND=11", OK, '+IPRECV="TCP",11,hello there')
    on.ask('AT+IPSEND="TCP",2,"123"', "+IPSEND=2", OK, '+IPRECV="TCP",2,12')
    on.ask('AT+IPCLOSE="TCP"', OK)
    on.ask("AT+IPCREATE?", "+IPCREATE: 0,0", OK)


def test_manual_udp(on, udp):
    on.ask(f'AT+IPCREATE="UDP","127.0.0.1",{udp.port}', OK)
    on.ask("AT+IPCREATE?", "+IPCREATE: 0,1", OK)
    on.ask('AT+IPSEND="UDP",3,"123"', "+IPSEND=3", OK, '+IPRECV="UDP",3,123')
    udp.socket.sendto(b"x" * 1472, udp.last)
    on.expect(line('+IPRECV="UDP",1472,' + "x" * 1472))
    on.ask('AT+IPCLOSE="UDP"', OK)


def test_both_at_once(on, peer, udp):
    open_tcp(on, peer.port)
    on.ask(f'AT+IPCREATE="udp","localhost",{udp.port}', OK)
    on.ask("AT+IPCREATE?", "+IPCREATE: 1,1", OK)
    not_allowed(on, f'AT+IPCREATE="TCP","127.0.0.1",{peer.port}')
    not_allowed(on, f'AT+IPCREATE="UDP","127.0.0.1",{udp.port}')


def test_it_activates_a_context_by_itself(on, peer):
    on.ask("AT+CGREG=1", OK)
    on.ask(f'AT+IPCREATE="TCP","127.0.0.1",{peer.port}', "+CGREG: 2", "+CGREG: 1", OK, "CONNECT OK")
    on.ask("AT+CGACT?", "+CGACT: 1,1", OK)


def test_three_attempts(on):
    port = free_port()
    start = time.monotonic()
    on.ask(f'AT+IPCREATE="TCP","127.0.0.1",{port}', OK)
    not_allowed(on, 'AT+IPSEND="TCP",1,"1"')
    on.ask("AT+IPCREATE?", "+IPCREATE: 0,0", OK)
    on.expect(line("CONNECT FAIL"))
    assert time.monotonic() - start >= 1  # twice half a second between
    with socket.create_server(("127.0.0.1", port)):
        open_tcp(on, port)


def test_a_name_that_nobody_has(on):
    on.ask('AT+IPCREATE="TCP","nobody.invalid",7', OK, "CONNECT FAIL")
    on.ask('AT+CMEE=1', OK)
    on.ask('AT+IPCREATE="UDP","nobody.invalid",7', "+CME ERROR: 30")


def test_close_while_it_is_opened(on):
    on.ask(f'AT+IPCREATE="TCP","127.0.0.1",{free_port()}', OK)
    on.ask('AT+IPCLOSE="TCP"', OK)
    on.search_nothing(1.5)


@pytest.mark.parametrize("end", ["AT+CFUN=0", "AT+CGACT=0"])
def test_no_context_while_it_is_opened(active, end):
    active.ask(f'AT+IPCREATE="TCP","127.0.0.1",{free_port()}', OK)
    active.ask(end, OK, "CONNECT FAIL")
    cme(active, 'AT+IPCLOSE="TCP"', 514, "IP CLOSE FAIL")


def test_long_data(on, start_peer):
    text = os.urandom(2000).hex()
    received = []

    def serve(connection):
        while len(b"".join(received)) < 1024:
            received.append(connection.recv(4096))
        connection.sendall(text.encode())
        connection.recv(1)

    peer = start_peer(serve)
    open_tcp(on, peer.port)
    on.ask(f'AT+IPSEND="TCP",1024,"{text[:1024]}"', "+IPSEND=1024", OK)
    got = b""
    while len(got) < 4000:
        length = int(on.search(rb'^\r\n\+IPRECV="TCP",(\d+),').group(1))
        assert length <= 1460
        got += on.read(length)
        on.expect(b"\r\n")
    assert got == text.encode()
    assert b"".join(received) == text[:1024].encode()
    cme(on, f'AT+IPSEND="TCP",1024,"{text[:1025]}"', 24, "text string too long")


def test_data_of_any_value(on, start_peer):
    sent = bytes(range(256)) * 2
    peer = start_peer(lambda connection: (connection.sendall(sent), connection.recv(1)))
    open_tcp(on, peer.port)
    on.expect(line(b'+IPRECV="TCP",512,'.decode())[:-2] + sent + b"\r\n")


def test_the_peer_closes(on, start_peer):
    peer = start_peer(lambda connection: connection.close())
    open_tcp(on, peer.port)

    def is_closed():
        on.send("AT+IPCREATE?\r")
        return on.search(rb"\+IPCREATE: (\d),0\r\n\r\nOK\r\n").group(1) == b"0"

    wait_until(is_closed, "the end")
    not_allowed(on, 'AT+IPSEND="TCP",1,"1"')
    open_tcp(on, peer.port)


@pytest.mark.parametrize("end", ["AT+CFUN=0", "AT+CGACT=0", "AT+CGACT=0,1", "AT+CGATT=0", "AT+COPS=2"])
def test_no_context_no_socket(active, start_peer, udp, end):
    over = []
    peer = start_peer(lambda connection: over.append(connection.recv(10)))
    open_tcp(active, peer.port)
    active.ask(f'AT+IPCREATE="UDP","127.0.0.1",{udp.port}', OK)
    if end == "AT+COPS=2":  # refused while a context is active
        active.ask(end, "ERROR")
        active.ask("AT+IPCREATE?", "+IPCREATE: 1,1", OK)
        return
    active.ask(end, OK)
    active.ask("AT+IPCREATE?", "+IPCREATE: 0,0", OK)
    wait_until(lambda: over, "the end of the connection")
    assert over == [b""]
    active.quiet()


def test_the_network_goes(modem, active, peer):
    open_tcp(active, peer.port)
    ctl(modem, "network", "down")
    active.ask("AT+IPCREATE?", "+IPCREATE: 0,0", OK)
    cme(active, f'AT+IPCREATE="TCP","127.0.0.1",{peer.port}', 30, "no network service")
    ctl(modem, "network", "up")
    open_tcp(active, peer.port)


def test_errors(on):
    for bad in ('"TCP","127.0.0.1"', '"TCP","",7', '"TCP","127.0.0.1",0', '"TCP","127.0.0.1",65536', '"SCTP","h",7',
                '0,"TCP","127.0.0.1",7', '"TCP","127.0.0.1",7,1', ""):
        ext(on, f"AT+IPCREATE={bad}", 0)
    for bad in ('"TCP"', '"X","1"', '"TCP",x,"1"', '"TCP",1025,"1"', '"TCP",-1,"1"', ""):
        ext(on, f"AT+IPSEND={bad}", 0)
    ext(on, 'AT+IPSEND="TCP",4,"123"', 1)
    ext(on, 'AT+IPSEND="TCP",4,', 1)  # data that are empty are not left out
    not_allowed(on, 'AT+IPSEND="TCP",3,"123"')
    cme(on, 'AT+IPCLOSE="TCP"', 514, "IP CLOSE FAIL")
    ext(on, 'AT+IPCLOSE="X"', 0)
    ext(on, "AT+IPCLOSE=", 0)
    on.ask("AT+CFUN=0", OK)
    ext(on, 'AT+IPCREATE="TCP","127.0.0.1",7', 15)
