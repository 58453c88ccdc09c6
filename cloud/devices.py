"""The devices that the stand-in knows, from an INI file."""

import configparser
from dataclasses import dataclass, field


class DevicesError(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True)
class Device:
    name: str  # of its section: how records and commands call it
    product_key: str
    device_name: str
    device_secret: str = field(repr=False)
    product_secret: str = field(default="", repr=False)


class Devices:
    """[device NAME] product_key, device_name, device_secret and, if wanted, product_secret."""

    def __init__(self, devices):
        self._by_names = {(d.product_key, d.device_name): d for d in devices}
        self._by_name = {d.name: d for d in devices}

    @classmethod
    def load(cls, path):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
            return cls([cls._device(parser[section]) for section in parser.sections()])
        except (OSError, ValueError, configparser.Error) as error:
            raise DevicesError(f"{path}: {error}") from None

    @staticmethod
    def _device(section):
        word, _, name = section.name.partition(" ")
        if word != "device" or not name.strip():
            raise ValueError(f"[{section.name}] is not [device NAME]")
        known = ("product_key", "device_name", "device_secret", "product_secret")
        for key in section:
            if key not in known:
                raise ValueError(f"[{section.name}] {key} is none of {', '.join(known)}")
        for key in known[:3]:
            if not section.get(key):
                raise ValueError(f"[{section.name}] has no {key}")
        return Device(name.strip(), **dict(section))

    def find(self, product_key, device_name):
        """The device of a pair of names, or None."""
        return self._by_names.get((product_key, device_name))

    def named(self, name):
        """The device of a section, or None."""
        return self._by_name.get(name)

    def of_topic(self, topic):
        """The device whose topic this is, or None. A topic has the pair in one of three places."""
        levels = topic.split("/")
        if len(levels) < 4 or levels[0]:
            return None
        if levels[1] == "sys" or levels[1] == "shadow":
            first = 2 if levels[1] == "sys" else 3
        elif levels[1] == "ota":
            first = 4
        elif levels[1] == "ext":
            first = 3
        else:
            first = 1
        return self.find(*levels[first:first + 2]) if len(levels) >= first + 2 else None
