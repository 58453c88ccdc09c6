"""What the stand-in has seen, for whoever asks on the control port."""

import base64
import collections
import threading

LIMIT = 10000  # records; the oldest go first


class Records:
    def __init__(self):
        self._changed = threading.Condition()
        self._list = collections.deque(maxlen=LIMIT)
        self._count = 0

    def add(self, kind, via, device=None, topic=None, payload=None, **more):
        """kind: auth, message, download, refused. device: one of devices.py, or None."""
        with self._changed:
            self._count += 1
            self._list.append({
                "number": self._count,
                "kind": kind,
                "via": via,
                "device": device.name if device else None,
                "topic": topic,
                "payload": None if payload is None else base64.b64encode(payload).decode(),
                **more,
            })
            self._changed.notify_all()

    def select(self, after=0, wait=0.0, **wanted):
        """Records with a number above after and the wanted members; waits for one if told to."""
        def matching():
            return [record for record in self._list if record["number"] > after
                    and all(record.get(name) == value for name, value in wanted.items())]
        with self._changed:
            self._changed.wait_for(matching, wait)
            return matching()
