"""HTTP and HTTPS listeners of the stand-in: one handler function a listener, a thread a
connection."""

import contextlib
import http.server
import json
import logging
import socket
import socketserver
import ssl
import threading
import urllib.parse
from dataclasses import dataclass, field

BODY_MAX = 16 * 1024 * 1024
IDLE = 60  # seconds that a connection may wait for its next request

log = logging.getLogger("standin.web")


@dataclass
class Request:
    method: str
    path: str  # percent-encoding decoded, without query
    query: str
    headers: object  # email.message.Message: names in any case
    body: bytes

    def json(self):
        """The JSON object that the body is; ValueError if it is none."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("not a JSON object")
        return value


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict = field(default_factory=dict)
    drop_after: int | None = None  # bytes of the body after which the connection is cut

    @classmethod
    def of_json(cls, value, status=200):
        return cls(status, json.dumps(value, separators=(",", ":")).encode())


class Listener:
    """handle(request) gives the response. context: for HTTPS."""

    def __init__(self, host, port, handle, context=None):
        self._server = _Server((host, port), handle, context)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def start(self):
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection holds nobody up
    request_queue_size = 128

    def __init__(self, address, handle, context):
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.handle = handle
        self.context = context
        super().__init__(address, _Handler)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # no look-up of the host's name

    def get_request(self):
        connection, address = super().get_request()
        if self.context:
            # The handshake comes with the first read, in the connection's own thread.
            connection = self.context.wrap_socket(connection, server_side=True,
                                                  do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        log.exception("a request of %s failed", client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "standin"
    sys_version = ""
    timeout = IDLE
    disable_nagle_algorithm = True

    def handle(self):
        # Peers may go whenever they like: that is theirs to know.
        with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def _answer(self):
        body = self._body()
        if body is None:
            return
        path, _, query = self.path.partition("?")
        request = Request(self.command, urllib.parse.unquote(path), query, self.headers, body)
        self._send(self.server.handle(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

    def _body(self):
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(411)
        elif len(length) > 10 or int(length) > BODY_MAX:
            self.send_error(413)
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                return body
        self.close_connection = True
        return None

    def _send(self, response):
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(response.body[:response.drop_after])
        if response.drop_after is not None and response.drop_after < len(response.body):
            self.close_connection = True

    def log_message(self, format, *args):
        log.info("%s %s", self.address_string(), format % args)
