"""Faults on demand: what the next answers of a service shall be instead."""

import threading

# place: the faults that it can have.
KNOWN = {
    "http.auth": {"code", "status"},
    "http.report": {"code", "status"},
    "coap.auth": {"code", "silent"},
    "coap.report": {"code", "silent"},
    "firmware": {"short", "drop_after", "expired", "ignore_range"},
    "announcement": {"wrong_digest"},
}


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._set = {}  # place: [fault, how often it is still wanted or None]

    def set(self, place, fault, count=1):
        """count: for so many answers; None: until it is set anew; 0: no more."""
        if place not in KNOWN:
            raise ValueError(f"{place!r} is none of {', '.join(KNOWN)}")
        if fault.keys() - KNOWN[place]:
            raise ValueError(f"{place} can have {', '.join(sorted(KNOWN[place]))}")
        if count is not None and (type(count) is not int or count < 0):
            raise ValueError("count is a whole number or null")
        with self._lock:
            self._set[place] = [fault, count]

    def take(self, place):
        """The fault that the answer being made shall have, or None."""
        with self._lock:
            fault, count = self._set.get(place, (None, 0))
            if count == 0:
                return None
            if count:
                self._set[place][1] = count - 1
            return fault
