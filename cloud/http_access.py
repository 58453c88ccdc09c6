"""HTTPS access of devices: POST /auth gives a token, POST /topic/... takes a message."""

import secrets
import time

from cloud import sign
from cloud.tokens import TokenExpired, Tokens, TokenUnknown
from cloud.web import Response

BODY_MAX = 128 * 1024
TIME_WINDOW = 15 * 60  # seconds that a timestamp may be off

MESSAGES = {
    0: "success",
    10000: "common error",
    10001: "param error",
    20000: "auth check error",
    20001: "token is expired",
    20002: "token is null",
    20003: "check token error",
    20004: "update session error",
    30001: "publish message error",
    40000: "request too many",
}


class _Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(reason)
        self.code = code


class HttpAccess:
    def __init__(self, devices, records, inbox, faults):
        self._devices = devices
        self._records = records
        self._inbox = inbox
        self._faults = faults
        self.tokens = Tokens()

    def handle(self, request):
        """The response to a request for one of this service's paths; None for others."""
        if request.path == "/auth":
            act, place = self._auth, "http.auth"
        elif request.path.startswith("/topic/"):
            act, place = self._report, "http.report"
        else:
            return None
        if request.method != "POST":
            return self._answer(10000, status=405)
        try:
            fault = self._faults.take(place)
            if fault and "status" in fault:
                return Response(fault["status"], b"as told\n", "text/plain")
            if fault:
                raise _Refused(fault["code"], "as told")
            return self._answer(0, act(request))
        except _Refused as refused:
            self._records.add("refused", "http", topic=request.path, payload=request.body,
                              code=refused.code, reason=str(refused))
            return self._answer(refused.code)

    @staticmethod
    def _answer(code, info=None, status=200):
        # Which HTTP status goes with a failure is not documented: clients must read the code.
        answer = {"code": code, "message": MESSAGES.get(code, "common error")}
        if info is not None:
            answer["info"] = info
        return Response.of_json(answer, status)

    @staticmethod
    def _check_form(request, content_type):
        if request.query:
            raise _Refused(10001, "a query")
        if len(request.body) > BODY_MAX:
            raise _Refused(10001, "a body above 128 KB")
        if request.headers.get_content_type() != content_type:
            raise _Refused(10001, f"a Content-Type other than {content_type}")

    # ---- /auth ----

    def _auth(self, request):
        self._check_form(request, "application/json")
        members = self._members(request)
        device = self._devices.find(members["productKey"], members["deviceName"])
        if not device or not device.device_secret:
            raise _Refused(20000, "no such device")
        if not sign.is_signed(members, device.device_secret):
            raise _Refused(20000, "wrong signature")
        if "timestamp" in members:
            self._check_time(members["timestamp"])
        self._devices.activate(device)
        token = secrets.token_hex(16)
        self.tokens.issue(token, device)
        self._records.add("auth", "http", device, payload=request.body)
        return {"token": token}

    @staticmethod
    def _members(request):
        try:
            members = request.json()
        except ValueError:
            raise _Refused(10001, "no JSON object") from None
        if not all(isinstance(value, str) for value in members.values()):
            raise _Refused(10001, "a member that is no string")
        for name in ("productKey", "deviceName", "clientId", "sign"):
            if not members.get(name):
                raise _Refused(10001, f"no {name}")
        if len(members["clientId"]) > 64:
            raise _Refused(10001, "clientId above 64 characters")
        if members.get("signmethod", "hmacmd5") not in sign.METHODS:
            raise _Refused(10001, "unknown signmethod")
        return members

    @staticmethod
    def _check_time(text):
        if not text.isdecimal() or len(text) > 15:
            raise _Refused(10001, "timestamp is no number")
        if abs(int(text) / 1000 - time.time()) > TIME_WINDOW:
            raise _Refused(20000, "timestamp is too far off")

    # ---- /topic/... ----

    def _report(self, request):
        token = request.headers.get("password", "")
        if not token:
            raise _Refused(20002, "no token")
        try:
            device = self.tokens.find(token)
        except TokenUnknown:
            raise _Refused(20003, "unknown token") from None
        except TokenExpired:
            raise _Refused(20001, "expired token") from None
        self._check_form(request, "application/octet-stream")
        topic = request.path.removeprefix("/topic")
        if self._devices.of_topic(topic) is not device:
            raise _Refused(30001, "not a topic of this device")
        self._inbox.receive("http", topic, request.body)
        # Above 2^53, as the cloud's are.
        return {"messageId": secrets.randbits(58) | 1 << 59}
