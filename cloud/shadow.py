"""Device shadows: the last state that a device has reported, and the one that it shall get to."""

import threading
import time

from cloud import alink
from cloud.inbox import Reply

UPDATE = "/shadow/update/"
ERRORS = {
    "400": "not a JSON object", "401": "no method", "402": "no state", "403": "no version",
    "404": "reported is empty", "406": "unknown method", "409": "version conflict",
}


class _Refused(Exception):
    pass


class _Shadow:
    def __init__(self):
        self.reported = {}
        self.desired = {}
        self.version = 0

    def state(self):
        return {"reported": self.reported, "desired": self.desired}

    def take_version(self, request):
        """Versions only grow; -1 starts again."""
        version = request.get("version")
        if type(version) is not int:
            raise _Refused("403")
        if version == -1:
            self.version = 0
        elif version <= self.version:
            raise _Refused("409")
        else:
            self.version = version


def _merge(state, changes):
    """Members are replaced; null, also written as text, takes one away."""
    for name, value in changes.items():
        if value in (None, "null"):
            state.pop(name, None)
        else:
            state[name] = value


class Shadows:
    def __init__(self, inbox):
        self._lock = threading.Lock()
        self._shadows = {}  # device name, as records call it
        inbox.on(lambda topic: topic.startswith(UPDATE), self._receive)

    def _of(self, device):
        return self._shadows.setdefault(device.name, _Shadow())

    @staticmethod
    def _message(device, version, **members):
        return Reply(f"/shadow/get/{device.product_key}/{device.device_name}", alink.dumps({
            **members, "version": version, "timestamp": int(time.time())}))

    def control(self, device, desired):
        """Sets what it shall get to; gives what is pushed."""
        with self._lock:
            shadow = self._of(device)
            _merge(shadow.desired, desired)
            shadow.version += 1
            return self._message(device, shadow.version, method="control",
                                 payload={"status": "success", "state": shadow.state()})

    def _receive(self, message):
        request = alink.read(message.payload)
        with self._lock:
            shadow = self._of(message.device)
            try:
                payload = self._act(shadow, request)
            except _Refused as refused:
                code = str(refused)
                payload = {"status": "error",
                           "content": {"errorcode": code, "errormessage": ERRORS[code]}}
            reply = self._message(message.device, shadow.version, method="reply", payload=payload)
        return reply if message.via == "mqtt" else None

    def _act(self, shadow, request):
        if request is None:
            raise _Refused("400")
        acts = {"update": self._update, "get": self._get, "delete": self._delete}
        if not isinstance(request.get("method"), str):
            raise _Refused("401")
        if request["method"] not in acts:
            raise _Refused("406")
        return acts[request["method"]](shadow, request)

    @staticmethod
    def _get(shadow, _request):
        return {"status": "success", "state": shadow.state()}

    @staticmethod
    def _update(shadow, request):
        state = request.get("state")
        if not isinstance(state, dict) or not state:
            raise _Refused("402")
        reported = state.get("reported")
        if "reported" in state and (not isinstance(reported, dict) or not reported):
            raise _Refused("404")
        shadow.take_version(request)
        _merge(shadow.reported, reported or {})
        if state.get("desired") in ("null", None) and "desired" in state:
            shadow.desired.clear()
        return {"status": "success", "version": shadow.version}

    @staticmethod
    def _delete(shadow, request):
        reported = (request.get("state") or {}).get("reported")
        if reported is None:
            raise _Refused("402")
        shadow.take_version(request)
        if isinstance(reported, dict):
            _merge(shadow.reported, reported)
        else:
            shadow.reported.clear()
        return {"status": "success", "version": shadow.version}
