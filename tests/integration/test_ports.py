"""The same dialogue over every kind of port: TCP, a serial device (a pair of socat's), a paced PTY."""

import os
import re
import socket
import subprocess
import time

import pytest
from bench import DEADLINE, OK, line, wait_until
from serial_line import Wire


def tcp_port(daemon):
    daemon.wait_log(r"listening on 127\.0\.0\.1:\d+\n")
    return int(re.search(r"listening on 127\.0\.0\.1:(\d+)\n", daemon.log()).group(1))


def connect(daemon):
    connection = socket.create_connection(("127.0.0.1", tcp_port(daemon)), DEADLINE)
    connection.setblocking(False)
    return Wire(connection.detach())


def dialogue(host):
    host.ask("AT+CGMI", "atmodemd", OK)
    host.ask("AT+IMQTTMODE=1", OK)
    host.send("A")
    host.send("T+IMQTTMODE?\r")
    host.expect(line("+IMQTTMODE:1"), OK)
    host.quiet()


def test_dialogue_over_tcp(start_daemon):
    daemon = start_daemon("--port", "tcp:127.0.0.1:0")
    for _ in range(3):
        host = connect(daemon)
        dialogue(host)
        host.close()
    assert not os.path.lexists(daemon.link)


def test_second_tcp_client_is_refused(start_daemon):
    daemon = start_daemon("--port", "tcp:127.0.0.1:0")
    first = connect(daemon)
    first.ask("AT", OK)
    with socket.create_connection(("127.0.0.1", tcp_port(daemon)), DEADLINE) as second:
        assert second.recv(1) == b""
    daemon.wait_log("refused 127.0.0.1:")
    dialogue(first)
    first.close()


def test_tcp_client_that_only_sends(start_daemon):
    """As `printf ... | nc -N` does: the answer of a command that takes a while comes, too."""
    daemon = start_daemon("--port", "tcp:127.0.0.1:0")
    with socket.create_connection(("127.0.0.1", tcp_port(daemon)), DEADLINE) as client:
        client.sendall(b"AT\rAT+IMQTTMODE=1\rAT+IMQTTMODE?\r")
        client.shutdown(socket.SHUT_WR)
        got = b""
        while data := client.recv(4096):
            got += data
    assert got == OK + OK + line("+IMQTTMODE:1") + OK
    daemon.wait_log("the host has gone")


def test_state_of_a_tcp_client_goes_with_it(start_daemon):
    daemon = start_daemon("--port", "tcp:127.0.0.1:0")
    first = connect(daemon)
    first.send("AT+HALF")
    daemon.wait_log("a host opened the port")
    first.close()
    host = connect(daemon)
    host.ask("AT", OK)
    host.close()


def test_dialogue_over_a_serial_line(start_daemon, pair):
    pair.plug()
    daemon = start_daemon("--port", str(pair.a))
    host = pair.host()
    dialogue(host)
    host.close()
    assert "port.link has no effect" in daemon.log()


def test_serial_device_that_comes_late_and_goes(start_daemon, pair):
    daemon = start_daemon("--port", str(pair.a))
    daemon.wait_log("waiting for .*: No such file or directory")
    for _ in range(2):
        opened = daemon.log().count("is open, 115200 baud")
        pair.plug()
        wait_until(lambda: daemon.log().count("is open, 115200 baud") > opened, "the device")
        host = pair.host()
        dialogue(host)
        host.send("AT+HALF")
        pair.unplug()
        wait_until(lambda: daemon.log().count("the host has gone") > opened, "its end")
        host.close()
    assert daemon.log().count("waiting for") == 3


def test_speed_of_a_serial_device(start_daemon, pair):
    pair.plug()
    daemon = start_daemon("--port", str(pair.a), settings={"port.baud": 57600, "port.format": "8N2"})
    daemon.wait_log("is open, 57600 baud")
    found = subprocess.run(["stty", "-F", str(pair.a), "-a"], capture_output=True, text=True)
    if found.returncode == 0:  # the device is closed to all but root
        assert "speed 57600 baud" in found.stdout
        assert re.search(r"(?<!-)cstopb", found.stdout)
    host = pair.host()
    dialogue(host)
    host.close()


def test_serial_device_in_use(start_daemon, pair):
    pair.plug()
    start_daemon("--port", str(pair.a))
    second = start_daemon("--port", str(pair.a), ready=False)
    assert second.process.wait(DEADLINE) == 1
    second.wait_log("cannot open .*: another program uses it")
    host = pair.host()
    dialogue(host)
    host.close()


def test_paced_pty(start_daemon, open_host):
    host = open_host(start_daemon(settings={"port.pace": 1, "port.baud": 9600}))
    dialogue(host)
    start = time.monotonic()
    host.send(b"AT\r" * 64)  # its answers alone are 384 bytes
    host.expect(OK * 64)
    assert time.monotonic() - start >= 384 * 10 / 9600 * 0.99


@pytest.mark.parametrize("setting,reason", [
    ("port.path=ttyUSB0", "must be 'pty', the path of a device from '/' on, or tcp:HOST:PORT"),
    ("port.path=tcp:example.com:1", "must be a numeric address"),
    ("port.path=tcp:127.0.0.1:x", "the port must be a number"),
    ("port.baud=4000001", "from 300 to 4000000"),
    ("port.format=8X1", "such as 8N1"),
    ("port.flow=xonxoff", "must be one of none, rtscts"),
])
def test_refused_settings(start_daemon, setting, reason):
    daemon = start_daemon("--set", setting, ready=False)
    assert daemon.process.wait(DEADLINE) == 2
    daemon.wait_log(re.escape(setting.split("=")[0]) + ".*" + re.escape(reason))
