"""CoAP messages (RFC 7252 section 3) as bytes and as objects."""

import struct
from dataclasses import dataclass, field

CON, NON, ACK, RST = range(4)
EMPTY, POST = 0x00, 0x02

URI_HOST, URI_PORT, URI_PATH, CONTENT_FORMAT, URI_QUERY, ACCEPT = 3, 7, 11, 12, 15, 17
BLOCK1 = 27


class Malformed(Exception):
    """message_id and type are those of the header, for a RST; None: not even that can be read."""

    def __init__(self, why, type=None, message_id=None):
        super().__init__(why)
        self.type = type
        self.message_id = message_id


def code(text):
    """The byte of a code such as "4.01"."""
    major, minor = text.split(".")
    return int(major) << 5 | int(minor)


def code_text(byte):
    return f"{byte >> 5}.{byte & 31:02}"


@dataclass
class CoapMessage:
    type: int
    code: int
    message_id: int
    token: bytes = b""
    options: list = field(default_factory=list)  # (number, value), in any order
    payload: bytes = b""

    def all(self, number):
        return [value for n, value in self.options if n == number]

    def first(self, number):
        """The value of an option, or None."""
        return next(iter(self.all(number)), None)

    def integer(self, number):
        value = self.first(number)
        return None if value is None else int.from_bytes(value, "big")

    def path(self):
        """"/a/b". UnicodeDecodeError: not UTF-8."""
        return "/" + "/".join(value.decode() for value in self.all(URI_PATH))

    def encode(self):
        parts = [struct.pack("!BBH", 1 << 6 | self.type << 4 | len(self.token), self.code,
                             self.message_id), self.token]
        last = 0
        for number, value in sorted(self.options, key=lambda option: option[0]):
            delta, delta_more = _nibble(number - last)
            length, length_more = _nibble(len(value))
            parts += [bytes((delta << 4 | length,)), delta_more, length_more, value]
            last = number
        if self.payload:
            parts += [b"\xff", self.payload]
        return b"".join(parts)

    @classmethod
    def decode(cls, data):
        if len(data) < 4 or data[0] >> 6 != 1:
            raise Malformed("no CoAP header")
        first, code, message_id = struct.unpack_from("!BBH", data)
        type, token_len = first >> 4 & 3, first & 15
        try:
            if token_len > 8 or len(data) < 4 + token_len:
                raise ValueError("bad token length")
            if code == EMPTY and len(data) > 4:
                raise ValueError("an empty message with something in it")
            options, payload = _options(data, 4 + token_len)
        except ValueError as error:
            raise Malformed(str(error), type, message_id) from None
        return cls(type, code, message_id, data[4:4 + token_len], options, payload)


def _nibble(number):
    """How a delta or a length is written: the four bits, and the bytes that say more."""
    if number < 13:
        return number, b""
    if number < 269:
        return 13, bytes((number - 13,))
    return 14, struct.pack("!H", number - 269)


def _options(data, at):
    """The options from there on, and the payload."""
    options = []
    number = 0
    while at < len(data):
        if data[at] == 0xff:
            if at + 1 == len(data):
                raise ValueError("a payload marker and no payload")
            return options, data[at + 1:]
        delta, length = data[at] >> 4, data[at] & 15
        at += 1
        delta, at = _more(data, at, delta)
        length, at = _more(data, at, length)
        number += delta
        if at + length > len(data):
            raise ValueError("an option that is cut")
        options.append((number, data[at:at + length]))
        at += length
    return options, b""


def _more(data, at, nibble):
    size = {13: 1, 14: 2}.get(nibble, 0)
    if nibble == 15 or at + size > len(data):
        raise ValueError("an option that cannot be read")
    more = int.from_bytes(data[at:at + size], "big")
    return (nibble if not size else more + (13 if size == 1 else 269)), at + size
