"""OTA as a conversation: versions come in, announcements go out."""

import json
import re
import secrets
import time

from cloud.firmware import DEFAULT_MODULE
from cloud.inbox import Reply

INFORM, REQUEST, PROGRESS = "/ota/device/inform/", "/ota/device/request/", "/ota/device/progress/"
GET = "/thing/ota/firmware/get"
VERSION_MAX = 64  # characters


def is_older(version, other):
    """Whether a version is below another one: numbers in them by value, all else as text."""
    def key(text):
        return [int(part) if number % 2 else part
                for number, part in enumerate(re.split(r"([0-9]+)", text))]
    return key(version) < key(other)


def _dumps(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Ota:
    def __init__(self, firmware, faults, inbox):
        self._firmware = firmware
        self._faults = faults
        self._last_id = int(time.time())
        inbox.on(lambda topic: topic.startswith(INFORM), self._inform)
        inbox.on(lambda topic: topic.startswith(REQUEST), self._request)
        inbox.on(lambda topic: topic.endswith(GET), self._get)

    def announcement(self, device, image, base=None, data=None):
        """What is pushed to a device: topic and payload. base: in place of the links' own; data:
        members to add to the image's, or to replace (null takes one away)."""
        return Reply(f"/ota/device/upgrade/{device.product_key}/{device.device_name}",
                     self._push(self._data(image, base, data)))

    def _data(self, image, base=None, changes=None):
        digest = image.digest()
        fault = self._faults.take("announcement") or {}
        if fault.get("wrong_digest"):
            digest = secrets.token_hex(len(digest) // 2)
        data = {
            "size": len(image.content),
            "version": image.version,
            "url": self._firmware.link(image, base),
            "sign": digest,
            "signMethod": image.sign_method,
        }
        if image.sign_method == "Md5":
            data["md5"] = digest
        if image.module != DEFAULT_MODULE:
            data["module"] = image.module
        data.update(changes or {})
        return {name: value for name, value in data.items() if value is not None}

    def _push(self, data):
        self._last_id += 1
        return _dumps({"code": "1000", "data": data, "id": str(self._last_id),
                       "message": "success"})

    def _newer(self, version, module):
        """The image that a module with this version should get, or None."""
        image = self._firmware.newest(module)
        return image if image and is_older(version, image.version) else None

    @staticmethod
    def _read(message):
        """id and params of a message; (None, None): it has none."""
        try:
            request = json.loads(message.payload)
            params = request["params"]
        except (ValueError, KeyError, TypeError):
            return None, None
        return request.get("id"), params if isinstance(params, dict) else None

    @staticmethod
    def _names(params):
        version, module = params.get("version"), params.get("module", DEFAULT_MODULE)
        return (version if isinstance(version, str) and len(version) <= VERSION_MAX else None,
                module if isinstance(module, str) else DEFAULT_MODULE)

    def _inform(self, message):
        """A version; whoever is on MQTT hears of a newer one at once."""
        _, params = self._read(message)
        if params is None or message.via != "mqtt":
            return None
        version, module = self._names(params)
        image = version is not None and self._newer(version, module)
        return self.announcement(message.device, image) if image else None

    def _request(self, message):
        """The old query: answered on its own topic, or as the answer of its CoAP request."""
        _, params = self._read(message)
        if params is None:
            return None
        version, module = self._names(params)
        image = version is not None and self._newer(version, module)
        return Reply(message.topic, self._push(self._data(image) if image else {}))

    def _get(self, message):
        """The query: which image there is, whatever the device has."""
        id, params = self._read(message)
        if params is None:
            return None
        image = self._firmware.newest(self._names(params)[1])
        return Reply(message.topic + "_reply", _dumps({
            "id": id, "code": 200, "data": self._data(image) if image else {}}))
