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
import tempfile
import threading

from cloud import devices
from cloud.broker import Broker, BrokerError
from cloud.coap_access import CoapAccess
from cloud.coap_server import CoapServer
from cloud.control import Control
from cloud.desired import Desired
from cloud.downlink import Downlink
from cloud.faults import Faults
from cloud.firmware import DEFAULT_MODULE, Firmware, Image
from cloud.front import Front
from cloud.http_access import HttpAccess
from cloud.inbox import Inbox
from cloud.mqtt_client import MqttClient
from cloud.ntp import Ntp
from cloud.ota import Ota
from cloud.presence import Presence
from cloud.records import Records
from cloud.register import Register
from cloud.remote_config import RemoteConfig
from cloud.shadow import Shadows
from cloud.thing import Thing
from cloud.web import Listener, Response


ROOT = pathlib.Path(__file__).resolve().parent.parent


class Cloud:
    """All services. Everything listens, but answers only after start()."""

    def __init__(self, options):
        self._servers = {}  # name: what has port, start() and stop()
        self.broker = self.mqtt = None
        self._folder = tempfile.TemporaryDirectory(prefix="standin-")
        try:
            self._build(options, pathlib.Path(self._folder.name))
        except BaseException:
            self.stop()
            raise

    def _build(self, options, folder):
        devices_folder = folder / "activated"
        devices_folder.mkdir()
        self.devices = devices.load(options.devices, devices_folder)
        self.records = Records()
        self.faults = Faults()
        self.firmware = Firmware(self.records, self.faults)
        for image in _images(options.folder):
            self.firmware.add(image)
        self.presence = Presence(self.devices, self.records, options.with_broker,
                                 options.registration_time)
        inbox = Inbox(self.devices, self.records)
        self._build_services(inbox)
        self._build_access(inbox)
        self._listen(options)
        self._build_mqtt(options, folder, devices_folder, inbox)

    def _build_services(self, inbox):
        """What answers messages, whichever way they came."""
        self.ota = Ota(self.firmware, self.faults, inbox)
        self.thing = Thing(inbox)
        self.desired = Desired(inbox)
        self.shadows = Shadows(inbox)
        self.config = RemoteConfig(self.firmware, inbox)
        self.ntp = Ntp(inbox)
        self.downlink = Downlink(self.presence, inbox)

    def _build_access(self, inbox):
        """The ways in, other than MQTT."""
        common = self.devices, self.records, inbox, self.faults
        self.http = HttpAccess(*common)
        self.register = Register(self.devices, self.records)
        self.coap = CoapAccess(*common, symmetric=True)
        self.coap_dtls = CoapAccess(*common, symmetric=False)

    def _listen(self, options):
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

    def _build_mqtt(self, options, folder, devices_folder, inbox):
        address, user = options.broker, None
        if options.with_broker:
            self.broker = Broker(options, folder, devices_folder)
            address, user = (options.host, self.broker.port), (Broker.USER, self.broker.secret)
            if self.broker.tls_port:
                self._servers["mqtt"] = Front(options.host, options.mqtt_port, self.broker.port,
                                              self.broker.tls_port)
        if address:
            self.mqtt = MqttClient(address, user, inbox, self.presence, self.records)
            self.downlink.publish = self.mqtt.publish
            self.presence.drop = self.mqtt.drop

    def _web(self, request):
        for service in (self.http, self.register, self.firmware):
            response = service.handle(request)
            if response:
                return response
        return Response(404)

    def ports(self):
        ports = {name: server.port for name, server in self._servers.items()}
        if self.broker:
            ports.setdefault("mqtt", self.broker.port)
        if self.broker and self.broker.tls_port:
            ports["mqtts"] = self.broker.tls_port
        return ports

    def expire(self):
        for access in (self.http, self.coap, self.coap_dtls):
            access.tokens.expire()

    def start(self):
        for server in self._servers.values():
            server.start()
        if self.mqtt:
            self.mqtt.start()

    def stop(self):
        if self.mqtt:
            self.mqtt.stop()
        if self.broker:
            self.broker.stop()
        for server in self._servers.values():
            server.stop()
        self._folder.cleanup()


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
                        help="INI: [device NAME] product_key, device_name, device_secret; [product "
                        "NAME] product_key, product_secret, tsl")
    parser.add_argument("--folder", type=pathlib.Path, metavar="DIR",
                        help="firmware.ini and the images that it names; only read")
    mqtt = parser.add_mutually_exclusive_group()
    mqtt.add_argument("--broker", type=_address, metavar="HOST:PORT",
                      help="where devices are on MQTT: a broker that lets everybody in")
    mqtt.add_argument("--with-broker", action="store_true",
                      help="starts a mosquitto that checks devices; neither of both: no MQTT")
    parser.add_argument("--plugin", metavar="FILE", default=ROOT / "build/cloud/standin.so",
                        help="of that mosquitto (build/cloud/standin.so)")
    parser.add_argument("--broker-log", type=pathlib.Path, metavar="FILE",
                        help="what that mosquitto says")
    parser.add_argument("--registration-time", type=float, metavar="SECONDS", default=15.0,
                        help="until a client that has registered is thrown out (15)")
    parser.add_argument("--certificate", metavar="PEM",
                        help="for HTTPS and MQTT with TLS; none: neither of them")
    parser.add_argument("--key", metavar="PEM", help="its key, if not in the same file")
    parser.add_argument("--ota-base", metavar="URL",
                        help="what links to images begin with, in place of its own address")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS",
                        help="where the services listen (127.0.0.1); control is on loopback always")
    for name in ("mqtt", "mqtts", "http", "https", "coap", "coap-dtls", "control"):
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


BROKER_ENDED = "broker"


def _wait_for_end(broker, done):
    broker.process.wait()
    done.put(BROKER_ENDED)


def main(arguments=None):
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING,
                        format="standin: %(message)s")
    done = queue.SimpleQueue()  # put() is one of few that signal handlers may call
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.put("signal"))
    try:
        cloud = Cloud(options)
    except (devices.DevicesError, OSError, ValueError, KeyError, configparser.Error) as error:
        print(f"standin: {error}", file=sys.stderr)
        return 2
    except BrokerError as error:
        print(f"standin: {error}", file=sys.stderr)
        return 1
    try:
        cloud.start()
        print(json.dumps(cloud.ports()), flush=True)
        if options.until_eof:
            threading.Thread(target=_wait_for_eof, args=(done,), daemon=True).start()
        if cloud.broker:
            threading.Thread(target=_wait_for_end, args=(cloud.broker, done), daemon=True).start()
        if done.get() == BROKER_ENDED:
            print("standin: mosquitto has ended", file=sys.stderr)
            return 1
    except OSError as error:
        print(f"standin: {error}", file=sys.stderr)
        return 1
    finally:
        cloud.stop()
    return 0
