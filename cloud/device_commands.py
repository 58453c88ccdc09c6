"""Commands of the control port that are about one device."""

import base64

from cloud.downlink import SYNC_TIME

WAIT = 5.0  # seconds for the answer of a device, unless told otherwise
WAIT_MAX = 60.0


def _object(members, name):
    value = members.get(name, {})
    if not isinstance(value, dict):
        raise ValueError(f"{name} is an object")
    return value


def _bytes(members, name):
    return base64.b64decode(members[name], validate=True)


def _text(payload):
    return None if payload is None else base64.b64encode(payload).decode()


def _asked(result):
    """What was sent to a device, and what it has answered."""
    sent, answer = result
    return {"topic": sent.topic, "payload": _text(sent.payload), "answer": _text(answer)}


class DeviceCommands:
    """cloud is the Cloud of program.py."""

    def __init__(self, cloud):
        self._cloud = cloud
        self.commands = {
            ("GET", "/devices"): self._devices,
            ("POST", "/property-set"): self._property_set,
            ("POST", "/service"): self._service,
            ("POST", "/rrpc"): self._rrpc,
            ("POST", "/raw"): self._raw,
            ("POST", "/desired"): self._desired,
            ("POST", "/shadow"): self._shadow,
            ("POST", "/config"): self._config,
            ("POST", "/drop"): self._drop,
            ("POST", "/reset"): self._reset,
        }

    def device(self, members):
        """The device that a command names; without a name the only one that is connected, or the
        only one there is."""
        if members.get("device"):
            device = self._cloud.devices.named(members["device"])
            if not device:
                raise ValueError(f"there is no device {members['device']}")
            return device
        devices = self._cloud.devices.all()
        online = [device for device in devices if self._cloud.presence.client(device)]
        for choice in (online, devices):
            if len(choice) == 1:
                return choice[0]
        raise ValueError("device is needed: more than one is connected" if online
                         else "device is needed: none is connected")

    @staticmethod
    def _wait(members, default=WAIT):
        return min(float(members.get("wait", default)), WAIT_MAX)

    def _devices(self, _request):
        def entry(device):
            client = self._cloud.presence.client(device)
            return {"name": device.name, "productKey": device.product_key,
                    "deviceName": device.device_name, "activated": self._cloud.devices.is_active(
                        device), "client": client.client_id if client else None}
        return [entry(device) for device in self._cloud.devices.all()]

    def _property_set(self, request):
        """{"device": .., "params": {..}, "wait": SECONDS}"""
        members = request.json()
        return _asked(self._cloud.downlink.set_properties(
            self.device(members), _object(members, "params"), self._wait(members)))

    def _service(self, request):
        """{"device": .., "service": ID, "params": {..}, "sync": true or false, "wait": SECONDS}"""
        members = request.json()
        return _asked(self._cloud.downlink.call_service(
            self.device(members), members["service"], _object(members, "params"),
            self._wait(members), members.get("sync")))

    def _rrpc(self, request):
        """{"device": .., "payload": base64, "topic": .., "wait": SECONDS}"""
        members = request.json()
        return _asked(self._cloud.downlink.rrpc(
            self.device(members), _bytes(members, "payload"), members.get("topic"),
            self._wait(members, SYNC_TIME)))

    def _raw(self, request):
        """{"device": .., "payload": base64, "wait": SECONDS}"""
        members = request.json()
        return _asked(self._cloud.downlink.raw(
            self.device(members), _bytes(members, "payload"), self._wait(members)))

    def _desired(self, request):
        """{"device": .., "params": {..}}: kept, and set at once if the device is there."""
        members = request.json()
        device, params = self.device(members), _object(members, "params")
        self._cloud.desired.set(device, params)
        if not self._cloud.presence.client(device):
            return {}
        return _asked(self._cloud.downlink.set_properties(device, params, self._wait(members)))

    def _shadow(self, request):
        """{"device": .., "desired": {..}}: pushed, if the device is there."""
        members = request.json()
        device = self.device(members)
        control = self._cloud.shadows.control(device, _object(members, "desired"))
        if not self._cloud.presence.client(device) and self._cloud.presence.is_told:
            return {}
        self._cloud.downlink.push(device, control)
        return {"topic": control.topic, "payload": _text(control.payload)}

    def _config(self, request):
        """{"content": base64, "device": ..}: for all devices that ask; pushed to the named one, or
        to all that are connected."""
        members = request.json()
        self._cloud.config.set(_bytes(members, "content"))
        devices = [self.device(members)] if members.get("device") else self._cloud.devices.all()
        told = [device for device in devices if self._cloud.presence.client(device)]
        for device in told:
            self._cloud.downlink.push(device, self._cloud.config.push(device))
        return {"told": [device.name for device in told]}

    def _drop(self, request):
        """{"device": ..}: throws its connection out."""
        device = self.device(request.json())
        client = self._cloud.presence.client(device)
        if not client:
            raise ValueError(f"{device.name} is not connected")
        self._cloud.mqtt.drop(client.client_id)
        return {}

    def _reset(self, request):
        """{"device": ..}: it may register again."""
        self._cloud.devices.reset(self.device(request.json()))
        return {}
