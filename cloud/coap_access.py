"""CoAP access of devices: POST /auth gives a token, POST /topic/... takes a message. In the
symmetric mode payloads are encrypted and numbered. In the DTLS mode they are not, and no DTLS is
done here: it is the plain inside of a tunnel that a test puts in front."""

import json
import secrets
import string
import threading

from cloud import sign
from cloud.coap_message import (ACCEPT, BLOCK1, CONTENT_FORMAT, POST, URI_HOST, URI_PATH, URI_PORT,
                                URI_QUERY, code, code_text)
from cloud.coap_session import Session, Undecipherable
from cloud.tokens import TokenExpired, Tokens, TokenUnknown

TOKEN, SEQ, MESSAGE_ID = 2088, 2089, 2090
TOKEN_OF_SDK_3 = 61  # where one generation of SDKs puts the token
JSON = 50
OCTETS = 42
CRITICAL = {URI_HOST, URI_PORT, URI_PATH, URI_QUERY, ACCEPT, BLOCK1, SEQ, TOKEN_OF_SDK_3}


class _Refused(Exception):
    def __init__(self, code_text, reason):
        super().__init__(reason)
        self.code = code(code_text)


class CoapAccess:
    """One of the two modes."""

    def __init__(self, devices, records, inbox, faults, symmetric):
        self._devices = devices
        self._records = records
        self._inbox = inbox
        self._faults = faults
        self._symmetric = symmetric
        self._via = "coap" if symmetric else "coap-dtls"
        self._lock = threading.Lock()
        self._prepared = {}
        self.tokens = Tokens()

    def prepare(self, **members):
        """random, seqOffset, token: what the next answer to /auth shall give, for a test that
        compares with datagrams made elsewhere."""
        unknown = members.keys() - {"random", "seqOffset", "token"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}")
        with self._lock:
            self._prepared = members

    def answer(self, request):
        """(code, options, payload) for a request, or None: none is sent."""
        try:
            path = request.path()
            if path == "/auth":
                act, place, accepted = self._auth, "coap.auth", (JSON,)
            elif path.startswith("/topic/"):
                act, place, accepted = self._report, "coap.report", (JSON, OCTETS)
            else:
                raise _Refused("4.04", "no such path")
            self._check_form(request, accepted)
            fault = self._faults.take(place)
            if fault and fault.get("silent"):
                return None
            if fault:
                raise _Refused(fault["code"], "as told")
            return act(request)
        except UnicodeDecodeError:
            return code("4.00"), [], b""
        except _Refused as refused:
            self._records.add("refused", self._via, topic=path, payload=request.payload,
                              code=code_text(refused.code), reason=str(refused))
            return refused.code, [], b""

    @staticmethod
    def _check_form(request, accepted):
        if request.code != POST:
            raise _Refused("4.05", "not POST")
        for number, _ in request.options:
            if number & 1 and number not in CRITICAL:
                raise _Refused("4.02", f"unknown critical option {number}")
        if request.first(BLOCK1) is not None:
            raise _Refused("4.13", "more than one block")
        if request.integer(CONTENT_FORMAT) != JSON:
            raise _Refused("4.15", "Content-Format is not JSON")
        if request.integer(ACCEPT) not in (None, *accepted):
            raise _Refused("4.06", "Accept is not JSON")

    # ---- /auth ----

    def _auth(self, request):
        members = self._members(request.payload)
        device = self._devices.find(members["productKey"], members["deviceName"])
        if not device or not device.device_secret:
            raise _Refused("4.01", "no such device")
        if not sign.is_signed(members, device.device_secret):
            raise _Refused("4.01", "wrong signature")
        self._devices.activate(device)
        with self._lock:
            prepared, self._prepared = self._prepared, {}
        answer = self._open(device, prepared) if self._symmetric else self._admit(device, prepared)
        self._records.add("auth", self._via, device, payload=request.payload)
        payload = json.dumps(answer, separators=(",", ":")).encode()
        return code("2.05"), [(CONTENT_FORMAT, bytes((JSON,)))], payload

    def _members(self, payload):
        try:
            members = json.loads(payload)
        except ValueError:
            members = None
        if not isinstance(members, dict):
            raise _Refused("4.00", "no JSON object")
        # The vendor's samples write numbers with and without quotes.
        members = {name: str(value) if type(value) is int else value
                   for name, value in members.items()}
        needed = ("productKey", "deviceName", "clientId", "sign")
        if not all(isinstance(value, str) for value in members.values()):
            raise _Refused("4.00", "a member that is neither text nor number")
        for name in needed + (("seq",) if self._symmetric else ()):
            if not members.get(name):
                raise _Refused("4.00", f"no {name}")
        if not members.get("seq", "0").isdecimal():
            raise _Refused("4.00", "seq is no number")
        if members.get("signmethod", "hmacmd5") not in ("hmacmd5", "hmacsha1"):
            raise _Refused("4.00", "unknown signmethod")
        return members

    def _open(self, device, prepared):
        """A session of the symmetric mode."""
        random = prepared.get("random", secrets.token_hex(8))
        letters = string.ascii_letters + string.digits
        token = "".join(secrets.choice(letters) for _ in range(30)) + "." + random[:4]
        answer = {"random": random, "seqOffset": 1 + secrets.randbelow(1000), "token": token}
        answer.update(prepared)
        self.tokens.issue(answer["token"], Session(device, random, answer["seqOffset"]))
        return answer

    def _admit(self, device, prepared):
        token = prepared.get("token", secrets.token_hex(16))
        self.tokens.issue(token, device)
        return {"token": token}

    # ---- /topic/... ----

    def _report(self, request):
        held = self._held(request)
        device = held.device if self._symmetric else held
        topic = request.path().removeprefix("/topic")
        if self._devices.of_topic(topic) is not device:
            raise _Refused("4.04", "not a topic of this device")
        payload = request.payload
        if self._symmetric:
            payload = self._decrypt(held, request)
        elif request.first(SEQ) is not None:
            raise _Refused("4.02", "a number where none belongs")
        reply = self._inbox.receive(self._via, topic, payload)
        options = [(MESSAGE_ID, str(secrets.randbits(59)).encode())]
        if not reply:
            return code("2.05"), options, b""
        options.append((CONTENT_FORMAT, bytes((JSON,))))
        answer = held.encrypt(reply.payload) if self._symmetric else reply.payload
        return code("2.05"), options, answer

    def _held(self, request):
        """What the token of a request stands for."""
        token = request.first(TOKEN) or request.first(TOKEN_OF_SDK_3)
        try:
            return self.tokens.find((token or b"").decode(errors="replace"))
        except TokenUnknown:
            raise _Refused("4.01", "unknown token" if token else "no token") from None
        except TokenExpired:
            raise _Refused("4.01", "expired token") from None

    @staticmethod
    def _decrypt(session, request):
        """The payload, of a request that was never there before."""
        seq = request.first(SEQ)
        if seq is None:
            raise _Refused("4.02", "no number")
        try:
            if not session.take_seq(seq):
                raise _Refused("4.02", "a number that is not greater than any before")
        except Undecipherable as error:
            raise _Refused("4.02", f"number: {error}") from None
        try:
            return session.decrypt(request.payload) if request.payload else b""
        except Undecipherable as error:
            raise _Refused("4.00", f"payload: {error}") from None
