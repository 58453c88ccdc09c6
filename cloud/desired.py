"""Desired values: what properties shall become, kept until the device asks."""

import threading

from cloud import alink
from cloud.alink import BAD_PARAMETERS, Refused, rest_of

GET, DELETE = "thing/property/desired/get", "thing/property/desired/delete"


class Desired:
    def __init__(self, inbox):
        self._lock = threading.Lock()
        self._values = {}  # device name, as records call it: {property: {"value", "version"}}
        inbox.on(lambda topic: rest_of(topic) == GET, self._get)
        inbox.on(lambda topic: rest_of(topic) == DELETE, self._delete)

    def set(self, device, params):
        with self._lock:
            values = self._values.setdefault(device.name, {})
            for name, value in params.items():
                version = values.get(name, {}).get("version", 0) + 1
                values[name] = {"value": value, "version": version}

    def _get(self, message):
        def act(params):
            if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
                raise Refused(BAD_PARAMETERS)
            with self._lock:
                values = self._values.get(message.device.name, {})
                return {name: values[name] for name in params or values if name in values}
        return alink.answer(message, act)

    def _delete(self, message):
        """All, or those that are named; with a version only if it is still this one."""
        def act(params):
            if not isinstance(params, dict):
                raise Refused(BAD_PARAMETERS)
            with self._lock:
                values = self._values.get(message.device.name, {})
                for name in list(params or values):
                    wanted = (params.get(name) or {}).get("version") if params else None
                    if name in values and wanted in (None, values[name]["version"]):
                        del values[name]
        return alink.answer(message, act)
