"""Tokens that devices get for a signature, and the time that they live."""

import threading
import time

LIFE = 7 * 24 * 3600  # seconds


class TokenUnknown(Exception):
    pass


class TokenExpired(Exception):
    pass


class Tokens:
    def __init__(self, life=LIFE):
        self._life = life
        self._lock = threading.Lock()
        self._held = {}  # token: (end of its life, what it stands for)

    def issue(self, token, value):
        with self._lock:
            self._held[token] = (time.monotonic() + self._life, value)

    def find(self, token):
        with self._lock:
            if token not in self._held:
                raise TokenUnknown
            end, value = self._held[token]
        if time.monotonic() >= end:
            raise TokenExpired
        return value

    def expire(self):
        """All of them, now."""
        with self._lock:
            self._held = {token: (0.0, value) for token, (_, value) in self._held.items()}
