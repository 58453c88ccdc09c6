"""An HTTP server for a test to look into: what it was asked, over how many connections."""

import http.server
import ssl
import threading


class Web:
    """answer(request) gives (status, body) or (status, body, headers); request has method, path, headers, body."""

    def __init__(self, answer=None, certificate=None, key=None):
        self.requests = []
        self.connections = 0
        self.answer = answer or (lambda request: (200, b""))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                web.connections += 1
                super().setup()

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # the client is free to go

            def serve(self):
                self.method = self.command
                self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                web.requests.append(self)
                status, body, *headers = web.answer(self)
                self.send_response(status)
                for name, value in dict(*headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = serve

            def log_message(self, *_):
                pass

        return Handler

    def close(self):
        self._server.shutdown()
        self._server.server_close()
