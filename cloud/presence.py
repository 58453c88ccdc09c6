"""Which devices are on MQTT, and how, as the broker's plugin tells it."""

import json
import threading
from dataclasses import dataclass

from cloud.devices import Device

TOPICS = "$standin/"
REGISTRATION = ("register", "regnwl")


@dataclass(frozen=True)
class Client:
    client_id: str
    device: Device | None
    kind: str  # device, connwl, register, regnwl
    ext_rrpc: bool  # sync services on /ext/rrpc/...
    tls: bool


class Presence:
    """is_told: there is a plugin. Without it nobody is known to be here, or to be away."""

    def __init__(self, devices, records, is_told, registration_time):
        self._devices = devices
        self._records = records
        self._registration_time = registration_time
        self._lock = threading.Lock()
        self._clients = {}  # client id: client
        self.is_told = is_told
        self.drop = None  # called with a client id: throws it out

    def client(self, device):
        """The client that a device is on MQTT with, or None."""
        with self._lock:
            return next((client for client in self._clients.values() if client.device is device
                         and client.kind not in REGISTRATION), None)

    def tell(self, topic, payload):
        """What the plugin says."""
        event = json.loads(payload)
        act = {"login": self._login, "logout": self._logout, "refused": self._refused,
               "denied": self._denied}[topic.removeprefix(TOPICS)]
        act(event)

    def _login(self, event):
        product_key, device_name = event["productKey"], event["deviceName"]
        if event["kind"] == "connwl":
            device = self._devices.admit(product_key, device_name)
        else:
            device = self._devices.find(product_key, device_name)
        client = Client(event["clientId"], device, event["kind"], event["extRrpc"], event["tls"])
        with self._lock:
            self._clients[client.client_id] = client
        self._records.add("login", "mqtt", device, client_id=client.client_id, login=client.kind,
                          tls=client.tls)
        if client.kind in REGISTRATION:
            timer = threading.Timer(self._registration_time, self._end_registration, (client,))
            timer.daemon = True
            timer.start()

    def _end_registration(self, client):
        """The platform waits for the device to go, but not for long."""
        with self._lock:
            is_there = self._clients.get(client.client_id) is client
        if is_there:
            self.drop(client.client_id)

    def _logout(self, event):
        with self._lock:
            client = self._clients.pop(event["clientId"], None)
        self._records.add("logout", "mqtt", client.device if client else None,
                          client_id=event["clientId"])

    def _refused(self, event):
        self._records.add("refused", "mqtt", client_id=event["clientId"],
                          user_name=event["userName"], code=event["code"], reason=event["reason"])

    def _denied(self, event):
        device = self._devices.find(event["productKey"], event["deviceName"])
        self._records.add("denied", "mqtt", device, event["topic"], what=event["what"],
                          qos=event["qos"])
