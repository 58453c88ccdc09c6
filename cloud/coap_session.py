"""What the cloud keeps for a token of CoAP's symmetric mode: an AES key and the last number."""

import hashlib
import threading

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

INITIAL_VECTOR = b"543yhjy97ae7fyfg"


class Undecipherable(Exception):
    pass


class Session:
    def __init__(self, device, random, seq_offset):
        self.device = device
        digest = hashlib.sha256(f"{device.device_secret},{random}".encode()).hexdigest()
        self._cipher = Cipher(algorithms.AES(bytes.fromhex(digest[16:48])),
                              modes.CBC(INITIAL_VECTOR))
        self._seq = seq_offset
        self._lock = threading.Lock()

    def encrypt(self, plain):
        padder = padding.PKCS7(128).padder()
        encryptor = self._cipher.encryptor()
        return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()

    def decrypt(self, data):
        decryptor = self._cipher.decryptor()
        unpadder = padding.PKCS7(128).unpadder()
        try:
            padded = decryptor.update(data) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError as error:
            raise Undecipherable(str(error)) from None

    def take_seq(self, data):
        """The encrypted number of a request. False: not greater than any before."""
        text = self.decrypt(data)
        if not text.isdigit() or len(text) > 18:
            raise Undecipherable("not a number")
        with self._lock:
            if int(text) <= self._seq:
                return False
            self._seq = int(text)
            return True
