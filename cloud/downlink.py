"""What the platform asks of devices: set these properties, do this service; and their answers."""

import queue
import secrets
import threading
import time

from cloud import alink
from cloud.alink import rest_of
from cloud.inbox import Reply
from cloud.tsl import Misfit

SYNC_TIME = 8.0  # seconds that the platform gives a device for a sync service


class DownlinkError(Exception):
    """It cannot be asked; the text says why."""


class Downlink:
    def __init__(self, presence, inbox):
        self._presence = presence
        self._lock = threading.Lock()
        self._last_id = int(time.time())
        self._waiting = {}  # (topic of the answer, its id or None): queue
        self.publish = None  # called with a Reply; None: there is no MQTT
        inbox.on(self._is_answer, self._answer)

    # ---- requests: each gives (what was sent, the payload of the answer or None) ----

    def set_properties(self, device, params, wait):
        if device.model:
            for name in params:
                item = device.model.properties.get(name)
                if item and not item.writable:
                    raise DownlinkError(f"{name} is read-only")
            self._fit(device.model.properties, device.model, params)
        return self._alink(device, "property/set", "property.set", params, wait)

    def call_service(self, device, service, params, wait, sync=None):
        """sync: None for what the model says, or async without a model."""
        model = device.model
        if model:
            if service not in model.services:
                raise DownlinkError(f"there is no service {service} in the model")
            self._fit(model.services[service].inputs, model, params)
            sync = model.services[service].is_sync if sync is None else sync
        if not sync:
            return self._alink(device, service, service, params, wait)
        payload = self._request(str(self._next_id()), service, params)
        return self.rrpc(device, payload, device.sys_topic(f"thing/service/{service}"))

    def rrpc(self, device, payload, topic=None, wait=SYNC_TIME):
        """A payload of any kind, answered at once. topic: what is asked for, for devices whose
        client id has ext=1; without one they are asked the plain way, too."""
        id = str(10 ** 18 + secrets.randbelow(9 * 10 ** 18))
        client = self._presence.client(device)
        if topic and client and client.ext_rrpc:
            sent = Reply(f"/ext/rrpc/{id}{topic}", payload)
            return self._ask(device, sent, sent.topic, None, wait)
        sent = Reply(device.sys_topic(f"rrpc/request/{id}"), payload)
        return self._ask(device, sent, device.sys_topic(f"rrpc/response/{id}"), None, wait)

    def raw(self, device, payload, wait):
        sent = Reply(device.sys_topic("thing/model/down_raw"), payload)
        return self._ask(device, sent, sent.topic + "_reply", None, wait)

    def push(self, device, reply):
        """Something that has no answer, or whose answer is not waited for."""
        self._check(device)
        self.publish(reply)

    # ---- how ----

    @staticmethod
    def _fit(items, model, params):
        try:
            unknown = model.unknown(items, params)
        except Misfit as misfit:
            raise DownlinkError(str(misfit)) from None
        if unknown:
            raise DownlinkError(f"not in the model: {', '.join(unknown)}")

    def _next_id(self):
        with self._lock:
            self._last_id += 1
            return self._last_id

    @staticmethod
    def _request(id, service, params):
        return alink.dumps({"method": f"thing.service.{service}", "id": id, "params": params,
                            "version": "1.0.0"})

    def _alink(self, device, path, service, params, wait):
        id = str(self._next_id())
        sent = Reply(device.sys_topic(f"thing/service/{path}"),
                     self._request(id, service, params))
        return self._ask(device, sent, sent.topic + "_reply", id, wait)

    def _check(self, device):
        if not self.publish:
            raise DownlinkError("there is no broker")
        if self._presence.is_told and not self._presence.client(device):
            raise DownlinkError(f"{device.name} is not connected")

    def _ask(self, device, sent, answer_topic, id, wait):
        self._check(device)
        answer = queue.SimpleQueue()
        with self._lock:
            self._waiting[answer_topic, id] = answer
        try:
            self.publish(sent)
            return sent, answer.get(timeout=wait) if wait > 0 else None
        except queue.Empty:
            return sent, None
        finally:
            with self._lock:
                del self._waiting[answer_topic, id]

    # ---- answers ----

    @staticmethod
    def _is_answer(topic):
        rest = rest_of(topic) or ""
        return (topic.startswith("/ext/rrpc/") or rest.startswith("rrpc/response/")
                or rest.startswith("thing/service/") and rest.endswith("_reply")
                or rest == "thing/model/down_raw_reply")

    def _answer(self, message):
        answer = alink.read(message.payload)
        id = str(answer.get("id")) if answer else None
        with self._lock:
            waiting = (self._waiting.get((message.topic, id))
                       or self._waiting.get((message.topic, None)))
        if waiting and message.via == "mqtt":
            waiting.put(message.payload)
