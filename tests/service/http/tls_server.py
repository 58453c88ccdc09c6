#!/usr/bin/python3
"""An HTTPS server on 127.0.0.1 for tests: HTTP/1.1 from the standard library, or HTTP/2.

    tls_server.py [--h2] [--client-ca FILE] [--max VERSION] CERTIFICATE KEY

Prints its port and serves until it is killed. What it is sent comes back as the body, with
X-Connection (the number of the connection), X-Method, X-Path, X-Protocol, X-TLS and X-Agent. Paths:

    /size/N         N bytes of a pattern instead
    /redirect/N     307 to / or to one less
    /close          the connection ends in the middle of the body
    /mute           no answer
    /reset          HTTP/2: RST_STREAM in the middle of the body
    /refuse         HTTP/2: RST_STREAM before an answer
    /goodbye        HTTP/2: GOAWAY behind the answer
"""

import argparse
import http.server
import itertools
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

numbers = itertools.count(1)


def pattern(size):
    return bytes((i * 7 + i // 256) & 255 for i in range(size))


def respond(path, body):
    """Status, more headers, and the body of a response."""
    if path.startswith("/size/"):
        return 200, [], pattern(int(path[6:]))
    if path.startswith("/redirect/"):
        left = int(path[10:])
        return 307, [("location", f"/redirect/{left - 1}" if left > 1 else "/")], b"moved"
    return 200, [], body


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.number = next(numbers)

    def log_message(self, *_args):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/mute":
            self.rfile.read(1)
            self.close_connection = True
            return
        status, more, body = respond(self.path, body)
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("X-Connection", str(self.number))
        self.send_header("X-Method", self.command)
        self.send_header("X-Path", self.path)
        self.send_header("X-Protocol", "1")
        self.send_header("X-TLS", self.connection.version())
        self.send_header("X-Agent", self.headers.get("User-Agent", ""))
        if self.path == "/close":
            self.send_header("Content-Length", str(len(body) + 1))
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer


class Stream:
    def __init__(self, headers):
        self.headers = dict(headers)
        self.body = b""
        self.output = None
        self.after = None


class H2Session:
    """One connection."""

    def __init__(self, connection):
        self.socket = connection
        self.number = next(numbers)
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.streams = {}

    def run(self):
        self.h2.initiate_connection()
        self.flush()
        while data := self.socket.recv(65536):
            for event in self.h2.receive_data(data):
                if not self.take(event):
                    return
            self.pump()
            self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def take(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.streams[event.stream_id] = Stream(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.streams:
                self.streams[event.stream_id].body += event.data
        elif isinstance(event, h2.events.PingAckReceived):
            return self.break_off()
        elif isinstance(event, h2.events.StreamEnded):
            return self.answer(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.streams.pop(event.stream_id, None)
        elif isinstance(event, h2.events.ConnectionTerminated):
            return False
        return True

    def answer(self, number):
        stream = self.streams[number]
        method, path = stream.headers[":method"], stream.headers[":path"]
        if path == "/mute":
            return True
        if path == "/refuse":
            self.h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
            del self.streams[number]
            return True
        status, more, body = respond(path, stream.body)
        promised = len(body) + (1 if path in ("/close", "/reset") else 0)
        self.h2.send_headers(number, [
            (":status", str(status)), *more,
            ("x-connection", str(self.number)), ("x-method", method), ("x-path", path),
            ("x-protocol", "2"), ("x-tls", self.socket.version()),
            ("x-agent", stream.headers.get("user-agent", "")),
            ("content-length", str(promised))], end_stream=method == "HEAD")
        if method == "HEAD":
            del self.streams[number]
            return True
        stream.output = body
        stream.after = path
        if path in ("/close", "/reset"):
            self.pump()
            self.h2.ping(b"received")  # its answer tells that the client has read all of that
        return True

    def break_off(self):
        """What /close and /reset do in the middle of the body."""
        for number, stream in list(self.streams.items()):
            if stream.after == "/close":
                return False
            if stream.after == "/reset":
                self.h2.reset_stream(number, h2.errors.ErrorCodes.INTERNAL_ERROR)
                del self.streams[number]
        return True

    def pump(self):
        for number, stream in list(self.streams.items()):
            if stream.output is None:
                continue
            while stream.output:
                room = min(self.h2.local_flow_control_window(number),
                           self.h2.max_outbound_frame_size, len(stream.output))
                if room <= 0:
                    break
                self.h2.send_data(number, stream.output[:room])
                stream.output = stream.output[room:]
            if not stream.output and stream.after not in ("/close", "/reset"):
                self.h2.end_stream(number)
                del self.streams[number]
                if stream.after == "/goodbye":
                    self.h2.close_connection()


def serve_h2(connection):
    try:
        H2Session(connection).run()
    except (OSError, ssl.SSLError, h2.exceptions.ProtocolError):
        pass
    finally:
        connection.close()


def see_off(connection):
    """A socket that is closed with unread bytes in it takes the alert back that was sent."""
    try:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    except OSError:
        pass
    connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--h2", action="store_true")
    parser.add_argument("--client-ca")
    parser.add_argument("--max")
    parser.add_argument("certificate")
    parser.add_argument("key")
    options = parser.parse_args()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    context.set_alpn_protocols(["h2", "http/1.1"] if options.h2 else ["http/1.1"])
    if options.max:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[options.max]
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def serve(connection):
        secure = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        try:
            secure.do_handshake()
        except (OSError, ssl.SSLError):
            see_off(socket.socket(fileno=secure.detach()))
            return
        if options.h2 and secure.selected_alpn_protocol() == "h2":
            serve_h2(secure)
        else:
            try:
                Handler(secure, None, None)
            except (OSError, ssl.SSLError):
                pass
            secure.close()

    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
