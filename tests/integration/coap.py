"""CoAP far ends: libcoap's server, and one of which the test decides every datagram."""

import pathlib
import socket
import subprocess
import sys
import threading

from bench import DEADLINE, free_port, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent))

from cloud.coap_message import ACK, CON, EMPTY, NON, RST, CoapMessage, Malformed, code  # noqa: E402


def bound(port):
    """Whether somebody has bound a UDP port (proc_net_udp(5))."""
    return f":{port:04X} " in pathlib.Path("/proc/net/udp").read_text()


class CoapServer:
    """coap-server of libcoap on a free port; DTLS is one port above."""

    def __init__(self, folder, *options):
        folder.mkdir(parents=True, exist_ok=True)
        for _ in range(20):
            self.port = free_port()
            self._log = open(folder / "coap-server.log", "ab")
            self.process = subprocess.Popen(
                ["coap-server-openssl", "-A", "127.0.0.1", "-p", str(self.port), "-d", "50", *options],
                cwd=folder, stdout=self._log, stderr=subprocess.STDOUT)
            wait_until(lambda: bound(self.port) or self.process.poll() is not None, "coap-server")
            if self.process.poll() is None:
                return
        raise AssertionError("coap-server does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE)
        self._log.close()


class CoapPeer:
    """handler(message, send) for each message; send(message or bytes) answers. Messages are kept."""

    def __init__(self, handler=None):
        self.messages = []
        self.handler = handler or content(b"")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.uri = f"coap://127.0.0.1:{self.port}"
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                data, address = self.socket.recvfrom(65536)
            except ConnectionError:
                continue
            if self._closing:
                return
            try:
                message = CoapMessage.decode(data)
            except Malformed:
                continue

            def send(answer, address=address):
                self.socket.sendto(answer if isinstance(answer, bytes) else answer.encode(), address)

            if message.code == EMPTY:
                if message.type == CON:
                    send(CoapMessage(RST, EMPTY, message.message_id))
                continue
            self.messages.append(message)
            self.handler(message, send)

    def close(self):
        if self._closing:
            return
        self._closing = True
        self.socket.sendto(b"", self.socket.getsockname())
        self._thread.join(DEADLINE)
        self.socket.close()


def content(payload, status="2.05", options=()):
    """A handler that answers so: in the ACK of a CON, else in a NON."""

    def handler(message, send):
        type = ACK if message.type == CON else NON
        send(CoapMessage(type, code(status), message.message_id, message.token, list(options), payload))

    return handler
