"""No descriptor is left, or no memory."""

import re
import socket
import time

import pytest
from bench import DEADLINE, OK, PROGRAM, cme, line, wait_until
from confined import leave_descriptors, processor_seconds, set_limit

AUTH = 'AT+IMQTTAUTH="a","b","c"'


@pytest.fixture
def connect_control():
    clients = []

    def connect(daemon):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(DEADLINE)
        client.connect(str(daemon.state / "control"))
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


def lists(client):
    client.sendall(b'{"do":"list"}\n')
    return b'"ok":true' in client.recv(65536)


def rests(daemon):
    """It hardly uses the processor for a second: the wait itself is what is tested."""
    before = processor_seconds(daemon)
    time.sleep(1)
    return processor_seconds(daemon) - before < 0.5


def test_no_descriptor_for_the_control_socket(modem, open_host, connect_control):
    host = open_host(modem)
    host.ask("AT", OK)
    leave_descriptors(modem, 2)
    clients = [connect_control(modem) for _ in range(5)]
    assert lists(clients[0])
    modem.wait_log("control: cannot accept a client: Too many open files")
    assert rests(modem)
    host.ask("AT", OK)
    for client in clients[:3]:
        client.close()
    assert lists(clients[3])  # served now, without help
    host.quiet()


def test_no_descriptor_for_a_tcp_client(start_daemon):
    daemon = start_daemon("--port", "tcp:127.0.0.1:0")
    wait_until(lambda: "listening on" in daemon.log(), "its port")
    port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", daemon.log()).group(1))
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
        client.sendall(b"AT\r")
        assert client.recv(100) == OK
    daemon.wait_log("the host has gone")
    leave_descriptors(daemon, 0)
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
        daemon.wait_log("cannot accept a TCP client: Too many open files")
        assert rests(daemon)
        set_limit(daemon, nofile="100:")
        client.sendall(b"AT\r")
        assert client.recv(100) == OK


def test_no_descriptor_for_a_connection_or_a_file(modem, open_host):
    host = open_host(modem)
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    leave_descriptors(modem, 0)
    host.ask('AT+IMQTTPARA="KEEPALIVE",90', cme(20))
    host.ask("AT+IMQTTCONN", cme(30))
    host.ask("AT", OK)
    assert rests(modem)
    set_limit(modem, nofile="100:")
    host.ask('AT+IMQTTPARA="KEEPALIVE",90', OK)
    host.ask("AT+IMQTTCONN", OK)
    host.quiet()


@pytest.mark.skipif("san" in PROGRAM, reason="AddressSanitizer reserves terabytes of addresses")
def test_no_memory(modem, open_host, connect_control):
    """It ends with a reason, what is kept is whole, and a new start finds it."""
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    with open(f"/proc/{modem.process.pid}/status") as status:
        used = int(re.search(r"VmSize:\s+(\d+)", status.read()).group(1)) * 1024
    set_limit(modem, **{"as": used})
    with pytest.raises(OSError):
        for _ in range(200):
            client = connect_control(modem)
            client.sendall(b"x" * 60000)
    assert modem.ended() != 0
    assert "out of memory" in modem.log()
    host.close()
    modem.start()
    host = open_host(modem)
    host.ask("AT+IMQTTMODE?", line("+IMQTTMODE:1"), OK)
