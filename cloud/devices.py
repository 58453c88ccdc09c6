"""The devices and products that the stand-in knows: from an INI file, which the broker's plugin
reads too, and from what happened since."""

import configparser
import pathlib
import re
import threading
from dataclasses import dataclass, field

from cloud.tsl import Model, ModelError

NAME = re.compile(r"[A-Za-z0-9_@.:-]{1,64}")
# The plugin's reader of INI files takes other characters for comments.
SECRET = re.compile(r"[A-Za-z0-9_@.:+/=-]{1,64}")


class DevicesError(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True)
class Product:
    name: str  # of its section
    product_key: str
    product_secret: str = field(default="", repr=False)
    registration: bool = False
    model: Model | None = None


@dataclass(frozen=True)
class Device:
    name: str  # of its section: how records and commands call it
    product_key: str
    device_name: str
    device_secret: str = field(repr=False)  # empty: it came by dynamic registration, with a token
    model: Model | None = None  # what it can do; None: anything

    def sys_topic(self, rest):
        return f"/sys/{self.product_key}/{self.device_name}/{rest}"


class Devices:
    """folder: where there is an empty file for each device that was activated, for the plugin sees
    some of them first and this program others. Both may look for such files and make them at any
    time."""

    def __init__(self, devices, products, folder):
        self._folder = pathlib.Path(folder)
        self._lock = threading.Lock()
        self._products = {product.product_key: product for product in products}
        self._by_names = {(d.product_key, d.device_name): d for d in devices}

    def find(self, product_key, device_name):
        """The device of a pair of names, or None."""
        with self._lock:
            return self._by_names.get((product_key, device_name))

    def product(self, product_key):
        """The product of a key, or None."""
        return self._products.get(product_key)

    def all(self):
        with self._lock:
            return list(self._by_names.values())

    def named(self, name):
        """The device of a section, or None."""
        return next((device for device in self.all() if device.name == name), None)

    def admit(self, product_key, device_name):
        """The device, made if there was none: it has registered itself, without a secret."""
        product = self.product(product_key)
        model = product.model if product else None
        with self._lock:
            return self._by_names.setdefault(
                (product_key, device_name),
                Device(f"{device_name}.{product_key}", product_key, device_name, "", model))

    def of_topic(self, topic):
        """The device whose topic this is, or None. A topic has the pair in one of these places."""
        levels = topic.split("/")
        if levels[1:3] == ["ext", "rrpc"]:  # /ext/rrpc/ID and the topic of what is asked for
            levels = ["", *levels[4:]]
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

    # ---- activation ----

    def _flag(self, device):
        return self._folder / f"{device.product_key}&{device.device_name}"

    def activate(self, device):
        """It has shown that it has its secret, which dynamic registration then gives no more."""
        self._flag(device).touch()

    def is_active(self, device):
        return self._flag(device).exists()

    def reset(self, device):
        """It may register again."""
        self._flag(device).unlink(missing_ok=True)


# ---- the file ----

def load(path, folder):
    """[product NAME] product_key and, if wanted, product_secret, dynamic_registration, tsl;
    [device NAME] product_key, device_name, device_secret and, if wanted, tsl."""
    parser = configparser.ConfigParser(interpolation=None, default_section="", delimiters=("=",))
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
        _check_names(parser.sections())
        sections = [(section, pathlib.Path(path).parent) for section in parser.values()
                    if section.name]
        products = [_product(*entry) for entry in sections if _kind(entry[0]) == "product"]
        models = {product.product_key: product.model for product in products}
        devices = [_device(*entry, models) for entry in sections if _kind(entry[0]) == "device"]
        return Devices(devices, products, folder)
    except (OSError, ValueError, configparser.Error, ModelError) as error:
        raise DevicesError(f"{path}: {error}") from None


def _kind(section):
    return section.name.partition(" ")[0]


def _check_names(names):
    for name in names:
        if not re.fullmatch(r"(device|product) +\S.*", name):
            raise ValueError(f"[{name}] is neither [device NAME] nor [product NAME]")
    if len({name.lower() for name in names}) < len(names):
        raise ValueError("two sections have the same name")


def _read(section, needed, known):
    """The values of a section, its file of a model left out."""
    where = f"[{section.name}]"
    for key, value in section.items():
        if key not in known:
            raise ValueError(f"{where} {key} is none of {', '.join(known)}")
        pattern = SECRET if key.endswith("_secret") else NAME
        if key != "tsl" and not pattern.fullmatch(value):
            raise ValueError(f"{where} {key} has characters that it cannot have, or is too long")
    for key in needed:
        if key not in section:
            raise ValueError(f"{where} has no {key}")
    return {key: value for key, value in section.items() if key != "tsl"}


def _model(section, folder):
    return Model.load(folder / section["tsl"]) if "tsl" in section else None


def _product(section, folder):
    values = _read(section, ("product_key",),
                   ("product_key", "product_secret", "dynamic_registration", "tsl"))
    registration = values.pop("dynamic_registration", "1")
    if registration not in ("0", "1"):
        raise ValueError(f"[{section.name}] dynamic_registration is 0 or 1")
    return Product(section.name.partition(" ")[2].strip(), model=_model(section, folder),
                   registration=registration == "1" and "product_secret" in values, **values)


def _device(section, folder, models):
    needed = ("product_key", "device_name", "device_secret")
    values = _read(section, needed, (*needed, "tsl"))
    return Device(section.name.partition(" ")[2].strip(),
                  model=_model(section, folder) or models.get(values["product_key"]), **values)
