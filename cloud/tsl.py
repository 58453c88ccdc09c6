"""What a product can do: the platform's thing specification language, as the console exports it."""

import json
import pathlib
from dataclasses import dataclass


class ModelError(Exception):
    """The file cannot be used; the text says why."""


class Misfit(Exception):
    """A value is not what the model wants; the text says why."""


def _number(value, specs):
    low, high = specs.get("min"), specs.get("max")
    return ((low in (None, "") or value >= float(low))
            and (high in (None, "") or value <= float(high)))


def _is_int(value):
    return type(value) is int


def _is_float(value):
    return type(value) in (int, float)


def _text(value, specs):
    return isinstance(value, str) and len(value.encode()) <= int(specs.get("length", 10240))


# type: whether a value is one, with the type's specs.
_FITS = {
    "int": lambda value, specs: _is_int(value) and _number(value, specs),
    "float": lambda value, specs: _is_float(value) and _number(value, specs),
    "double": lambda value, specs: _is_float(value) and _number(value, specs),
    "bool": lambda value, specs: _is_int(value) and value in (0, 1),
    "enum": lambda value, specs: _is_int(value) and str(value) in specs,
    "text": _text,
    "date": lambda value, specs: isinstance(value, str) and value.isdecimal(),
    "struct": lambda value, specs: isinstance(value, dict),
    "array": lambda value, specs: isinstance(value, list),
}


@dataclass(frozen=True)
class Item:
    """A property, or one value of an event or a service."""
    identifier: str
    type: str
    specs: object
    writable: bool = True

    def check(self, value):
        specs = self.specs if isinstance(self.specs, dict) else {}
        if not _FITS[self.type](value, specs):
            raise Misfit(f"{self.identifier} is not {self.type}, or out of its range")

    @classmethod
    def read(cls, entry):
        data_type = entry["dataType"]
        if data_type["type"] not in _FITS:
            raise ValueError(f"{entry['identifier']}: unknown type {data_type['type']}")
        return cls(entry["identifier"], data_type["type"], data_type.get("specs"),
                   "w" in entry.get("accessMode", "rw"))


def _items(entries):
    return {item.identifier: item for item in map(Item.read, entries)}


@dataclass(frozen=True)
class Service:
    inputs: dict
    is_sync: bool


class Model:
    """properties, events (their values) and services by their identifiers."""

    def __init__(self, text):
        tsl = json.loads(text)
        self.properties = _items(tsl.get("properties", ()))
        self.events = {entry["identifier"]: _items(entry.get("outputData", ()))
                       for entry in tsl.get("events", ())}
        self.services = {
            entry["identifier"]: Service(_items(entry.get("inputData", ())),
                                         entry.get("callType") == "sync")
            for entry in tsl.get("services", ())}

    @classmethod
    def load(cls, path):
        try:
            return cls(pathlib.Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: {type(error).__name__}: {error}") from None

    @staticmethod
    def unknown(items, values):
        """The names among the values that the model has not; the others must fit (Misfit)."""
        for name, value in values.items():
            if name in items:
                items[name].check(value)
        return [name for name in values if name not in items]
