"""What devices say arrives here, whichever way it came: it is recorded and given to the service
that has asked for its topic."""

from dataclasses import dataclass

from cloud.devices import Device


@dataclass(frozen=True)
class Message:
    via: str  # mqtt, http, coap, coap-dtls
    device: Device | None  # whose topic it is; None: nobody's
    topic: str
    payload: bytes


@dataclass(frozen=True)
class Reply:
    """To the device: over MQTT on its topic, over CoAP as the answer of the request."""
    topic: str
    payload: bytes


class Inbox:
    def __init__(self, devices, records):
        self._devices = devices
        self._records = records
        self._handlers = []

    def on(self, matches, handler):
        """handler(message) is called for topics of devices where matches(topic) is true; it gives
        a Reply or None."""
        self._handlers.append((matches, handler))

    def device_of(self, topic):
        return self._devices.of_topic(topic)

    def receive(self, via, topic, payload):
        device = self._devices.of_topic(topic)
        self._records.add("message", via, device, topic, payload)
        if not device:
            return None
        for matches, handler in self._handlers:
            if matches(topic):
                return handler(Message(via, device, topic, payload))
        return None
