"""A CoAP server's message layer on a UDP socket (RFC 7252 section 4): confirmable requests are
answered in their ACK, non-confirmable ones in a NON; what comes twice is not done twice."""

import collections
import logging
import secrets
import socket
import threading
import time

from cloud.coap_message import ACK, CON, EMPTY, NON, RST, CoapMessage, Malformed, code

EXCHANGE_LIFETIME = 247  # seconds, RFC 7252 4.8.2
REMEMBERED = 4096  # exchanges at most

log = logging.getLogger("standin.coap")


class CoapServer:
    """answer(request) gives (code, options, payload), or None for no answer at all."""

    def __init__(self, host, port, answer):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.port = self._socket.getsockname()[1]
        self._answer = answer
        self._next_id = secrets.randbits(16)
        self._exchanges = collections.OrderedDict()  # (peer, message id): (time, answer or None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stopping = True
        if self._thread.is_alive():
            self._socket.sendto(b"", self._socket.getsockname())
            self._thread.join()
        self._socket.close()

    def _run(self):
        while True:
            try:
                data, peer = self._socket.recvfrom(65536)
            except OSError as error:  # ICMP about an earlier answer
                log.info("%s", error)
                continue
            if self._stopping:
                return
            try:
                answer = self._receive(data, peer)
                if answer:
                    self._socket.sendto(answer, peer)
            except Exception:  # one bad datagram must not end the service
                log.exception("a datagram of %s", peer)

    def _receive(self, data, peer):
        """The datagram to send back, or None."""
        try:
            message = CoapMessage.decode(data)
        except Malformed as malformed:
            log.info("%s: %s", peer, malformed)
            return self._reset(malformed.message_id) if malformed.type == CON else None
        if message.type in (ACK, RST):
            return None
        if message.code == EMPTY or message.code >> 5 != 0:
            # A ping, or a response that nobody has asked for.
            return self._reset(message.message_id) if message.type == CON else None
        return self._exchange(message, peer)

    @staticmethod
    def _reset(message_id):
        return CoapMessage(RST, EMPTY, message_id).encode()

    def _exchange(self, request, peer):
        self._forget()
        key = (peer, request.message_id)
        if key in self._exchanges:
            answer = self._exchanges[key][1]
            return answer if request.type == CON else None
        answer = self._make(request)
        self._exchanges[key] = (time.monotonic(), answer)
        return answer

    def _make(self, request):
        try:
            made = self._answer(request)
        except Exception:
            log.exception("a request failed")
            made = code("5.00"), [], b""
        if made is None:
            return None
        number, options, payload = made
        if request.type == CON:
            return CoapMessage(ACK, number, request.message_id, request.token, options,
                               payload).encode()
        self._next_id = (self._next_id + 1) & 0xffff
        return CoapMessage(NON, number, self._next_id, request.token, options, payload).encode()

    def _forget(self):
        now = time.monotonic()
        while self._exchanges:
            key, (since, _) = next(iter(self._exchanges.items()))
            if now - since < EXCHANGE_LIFETIME and len(self._exchanges) < REMEMBERED:
                break
            del self._exchanges[key]
