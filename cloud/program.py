"""The program: options, the services put together, their life."""

import argparse
import configparser
import contextlib
import json
import logging
import os
import pathlib
import queue
import signal
import ssl
import sys
import threading

from cloud.coap_access import CoapAccess
from cloud.coap_server import CoapServer
from cloud.control import Control
from cloud.devices import Devices, DevicesError
from cloud.faults import Faults
from cloud.firmware import DEFAULT_MODULE, Firmware, Image
from cloud.http_access import HttpAccess
from cloud.inbox import Inbox
from cloud.mqtt_client import MqttClient
from cloud.ota import Ota
from cloud.records import Records
from cloud.web import Listener, Response


class Cloud:
    """All services. Everything listens, but answers only after start()."""

    def __init__(self, options):
        self._servers = {}  # name: what has port, start() and stop()
        try:
            self._build(options)
        except BaseException:
            self.stop()
            raise

    def _build(self, options):
        self.devices = Devices.load(options.devices)
        self.records = Records()
        self.faults = Faults()
        self.firmware = Firmware(self.records, self.faults)
        for image in _images(options.folder):
            self.firmware.add(image)
        inbox = Inbox(self.devices, self.records)
        self.ota = Ota(self.firmware, self.faults, inbox)

        common = self.devices, self.records, inbox, self.faults
        self.http = HttpAccess(*common)
        self.coap = CoapAccess(*common, symmetric=True)
        self.coap_dtls = CoapAccess(*common, symmetric=False)
        self.mqtt = MqttClient(*options.broker, inbox) if options.broker else None

        servers, host = self._servers, options.host
        servers["control"] = Listener("127.0.0.1", options.control_port, Control(self).handle)
        servers["http"] = Listener(host, options.http_port, self._web)
        if options.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.certificate, options.key)
            servers["https"] = Listener(host, options.https_port, self._web, context)
        servers["coap"] = CoapServer(host, options.coap_port, self.coap.answer)
        servers["coap_dtls"] = CoapServer(host, options.coap_dtls_port, self.coap_dtls.answer)
        scheme = "https" if "https" in servers else "http"
        name = f"[{host}]" if ":" in host else host
        self.firmware.base = options.ota_base or f"{scheme}://{name}:{servers[scheme].port}"

    def _web(self, request):
        for service in (self.http, self.firmware):
            response = service.handle(request)
            if response:
                return response
        return Response(404)

    def ports(self):
        return {name: server.port for name, server in self._servers.items()}

    def expire(self):
        for access in (self.http, self.coap, self.coap_dtls):
            access.tokens.expire()

    def start(self):
        for server in self._servers.values():
            server.start()
        if self.mqtt:
            self.mqtt.start()

    def stop(self):
        if getattr(self, "mqtt", None):
            self.mqtt.stop()
        for server in self._servers.values():
            server.stop()


def _images(folder):
    """firmware.ini of the folder: [MODULE] version, file, sign_method; its own is "default"."""
    if not folder:
        return
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    parser.read(folder / "firmware.ini", encoding="utf-8")
    for module in parser.sections():
        section = parser[module]
        yield Image(module or DEFAULT_MODULE, section["version"],
                    (folder / section["file"]).read_bytes(), section.get("sign_method", "Md5"))


def _address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _options(arguments):
    parser = argparse.ArgumentParser(
        prog="standin", description="A local stand-in for Alibaba Cloud IoT Platform. Prints its "
        "ports as one line of JSON when everything listens.")
    parser.add_argument("--devices", required=True, metavar="FILE",
                        help="INI: [device NAME] product_key, device_name, device_secret")
    parser.add_argument("--folder", type=pathlib.Path, metavar="DIR",
                        help="firmware.ini and the images that it names; only read")
    parser.add_argument("--broker", type=_address, metavar="HOST:PORT",
                        help="where devices are on MQTT; none: no MQTT")
    parser.add_argument("--certificate", metavar="PEM", help="for HTTPS; none: no HTTPS")
    parser.add_argument("--key", metavar="PEM", help="its key, if not in the same file")
    parser.add_argument("--ota-base", metavar="URL",
                        help="what links to images begin with, in place of its own address")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="where the services listen (127.0.0.1); control is on loopback always")
    for name in ("http", "https", "coap", "coap-dtls", "control"):
        parser.add_argument(f"--{name}-port", type=int, default=0, metavar="PORT",
                            help="0: a free one")
    parser.add_argument("--until-eof", action="store_true", help="end with the end of stdin, too")
    parser.add_argument("-v", "--verbose", action="store_true", help="log requests to stderr")
    return parser.parse_args(arguments)


def _wait_for_eof(done):
    # Not sys.stdin: its lock, held by a reading thread, keeps the interpreter from ending.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    done.put("end of stdin")


def main(arguments=None):
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING,
                        format="standin: %(message)s")
    done = queue.SimpleQueue()  # put() is one of few that signal handlers may call
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.put("signal"))
    try:
        cloud = Cloud(options)
    except (DevicesError, OSError, ValueError, KeyError, configparser.Error) as error:
        print(f"standin: {error}", file=sys.stderr)
        return 2
    try:
        cloud.start()
        print(json.dumps(cloud.ports()), flush=True)
        if options.until_eof:
            threading.Thread(target=_wait_for_eof, args=(done,), daemon=True).start()
        done.get()
    except OSError as error:
        print(f"standin: {error}", file=sys.stderr)
        return 1
    finally:
        cloud.stop()
    return 0
