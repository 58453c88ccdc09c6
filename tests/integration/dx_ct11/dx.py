"""What the tests of the dialect dx-ct11 share."""

import os
import re
import socket
import subprocess
import threading
import time

from bench import DEADLINE, OK, PROGRAM, Peer, line

CTL = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")
BOOT = line("RDY") + line("SIM_SUCCESS") + line("NETWORK_ACTIVATE_SUCCESS")
CHEVRON = b"\r\n>"
CONNECT = line("CONNECT,ID:3")
DISCONNECT = line("DISCONNECT")
SEND_OK = line("SEND OK")
SEND_FAIL = line("SEND FAIL")
SILENCE = 0.06  # around `+++`; the module wants 20 ms


def error(code):
    return line(f"ERROR={code}")


def ctl(modem, *arguments, **how):
    return subprocess.run([CTL, "-S", modem.state, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE, check=True, **how).stdout


def restart(host, command):
    """A command that ends in a restart."""
    host.ask(command, OK, BOOT)


def connect(host, broker, config=None, reconnect=0):
    if config:
        host.ask(f"AT+QMTCFG={config}", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},{reconnect}', OK, "MQTTCONNECT")


def escape(host):
    """`+++` and the silence that it needs: that silence is what is tested."""
    time.sleep(SILENCE)
    host.send(b"+++")
    time.sleep(SILENCE)


def received(number, data):
    data = data.encode() if isinstance(data, str) else data
    return line(f'+QIURC: "recv",{number},{len(data)}') + data + b"\r\n"


class Far:
    """The far end of links: a TCP listener, or a UDP socket, of the test."""

    def __init__(self, kind="TCP"):
        self.kind = kind
        if kind == "TCP":
            self.socket = socket.create_server(("127.0.0.1", 0), backlog=20)
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE)
        self.port = self.socket.getsockname()[1]
        self.open = []

    def target(self, mode=0, local=0):
        """The parameters of QIOPEN."""
        return f'"{self.kind}","127.0.0.1",{self.port},{local},{mode}'

    def accept(self, port=None):
        """The next connection, or that from a port."""
        while True:
            connection, address = self.socket.accept()
            connection.settimeout(DEADLINE)
            self.open.append(connection)
            if port in (None, address[1]):
                return connection

    def datagram(self):
        """One, and it is where answers go."""
        data, self.peer = self.socket.recvfrom(65536)
        return data

    def answer(self, data):
        self.socket.sendto(data, self.peer)

    def close(self):
        self.socket.close()
        for connection in self.open:
            connection.close()


def take(connection, count):
    """Exactly so many bytes of a stream."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, f"it ended after {data!r}"
        data += more
    return data


def reset(connection):
    """Closes it with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


class Pump(threading.Thread):
    """Runs a function beside the test; join() gives what it gave, or raises what it raised."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self._call = function, arguments
        self._result = self._error = None
        self.start()

    def run(self):
        function, arguments = self._call
        try:
            self._result = function(*arguments)
        except BaseException as error:
            self._error = error

    def result(self, limit=4 * DEADLINE):
        self.join(limit)
        assert not self.is_alive(), "not done"
        if self._error:
            raise self._error
        return self._result


def local_port(host, number=3):
    host.send("AT+QISTATE\r")
    match = host.search(rf'\+QISTATE:{number},"\w+","[^"]*",\d+,(\d+)\r\n.*?\r\nOK\r\n')
    return int(match.group(1))


def head_and_body(text):
    """What HTTPACTION has answered, up to OK: status line, headers, blocks of the body."""
    blocks = []
    head, _, rest = text.partition(b"\r\n$HTTPRECV:DATA,")
    while rest:
        number, _, rest = rest.partition(b"\r\n")
        blocks.append(rest[:int(number)])
        assert rest[int(number):int(number) + 2] == b"\r\n"
        rest = rest[int(number) + 2:]
        if rest:
            assert rest.startswith(b"\r\n$HTTPRECV:DATA,")
            rest = rest[len(b"\r\n$HTTPRECV:DATA,"):]
    lines = [part for part in re.split(rb"[\r\n]+", head) if part]
    return lines[0].decode(), lines[1:], blocks


def serve(*parts, pause=None):
    """A server that sends just this, then closes."""
    def handler(connection):
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)
            if pause:
                pause()
        connection.shutdown(socket.SHUT_RDWR)
    return Peer(handler)
