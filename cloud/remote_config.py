"""Remote configuration: one file for all devices, which they ask for or are told of."""

import hashlib
import secrets

from cloud import alink
from cloud.alink import rest_of
from cloud.firmware import Image
from cloud.inbox import Reply

GET, PUSH = "thing/config/get", "thing/config/push"


class RemoteConfig:
    def __init__(self, firmware, inbox):
        self._firmware = firmware
        self._content = None
        inbox.on(lambda topic: rest_of(topic) == GET, self._get)

    def set(self, content):
        self._content = content

    def _data(self):
        if self._content is None:
            return {}
        digest = hashlib.sha256(self._content).hexdigest()
        image = Image("config", digest, self._content)
        self._firmware.host(image)
        return {"configId": digest[:32], "configSize": len(self._content), "sign": digest,
                "signMethod": "Sha256", "url": self._firmware.link(image), "getType": "file"}

    def _get(self, message):
        return alink.answer(message, lambda _: self._data())

    def push(self, device):
        """What is pushed to a device."""
        return Reply(device.sys_topic(PUSH), alink.dumps({
            "id": str(secrets.randbelow(10 ** 9)), "version": "1.0", "params": self._data(),
            "method": "thing.config.push"}))
