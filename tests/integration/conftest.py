import pathlib
import subprocess
import sys

import paho.mqtt.client as mqtt
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from bench import DEADLINE, Broker, Daemon, Host, wait_until  # noqa: E402
from cloud_device import Device  # noqa: E402
from serial_line import Pair  # noqa: E402
from standin import Standin  # noqa: E402
from web import Web  # noqa: E402


@pytest.fixture
def broker(tmp_path):
    broker = Broker(tmp_path / "broker")
    yield broker
    broker.stop()


@pytest.fixture
def start_broker(tmp_path):
    """Brokers with a configuration of the test's own."""
    brokers = []

    def start(config, listener=""):
        brokers.append(Broker(tmp_path / f"broker{len(brokers)}", config, listener))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()


@pytest.fixture
def start_daemon(tmp_path):
    daemons = []

    def start(*options, name=None, **how):
        folder = tmp_path / (name or f"daemon{len(daemons)}")
        daemons.append(Daemon(folder, *options, **how))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.stop_quietly()


@pytest.fixture
def modem(broker, start_daemon):
    """An ICA modem with default settings, directed to the broker."""
    return start_daemon(settings=at_broker(broker))


@pytest.fixture
def open_host():
    hosts = []

    def open_(daemon, **how):
        hosts.append(Host(daemon, **how))
        return hosts[-1]

    yield open_
    for host in hosts:
        host.close()


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)


@pytest.fixture
def pair(tmp_path):
    pair = Pair(tmp_path)
    yield pair
    pair.unplug()


def at_broker(broker, **settings):
    return {"mqtt.host": "127.0.0.1", "mqtt.port": broker.port, **settings}


class Watcher:
    """An independent MQTT client on the broker."""

    def __init__(self, broker, topic="#", qos=2):
        self.messages = []
        subscribed = []
        self.client = mqtt.Client(clean_session=True)
        self.client.on_message = lambda *args: self.messages.append(args[2])
        self.client.on_subscribe = lambda *args: subscribed.append(1)
        self.client.connect("127.0.0.1", broker.port)
        self.client.subscribe(topic, qos)
        self.client.loop_start()
        wait_until(lambda: subscribed, "the watcher's subscription")

    def publish(self, topic, payload, qos=0, retain=False):
        self.client.publish(topic, payload, qos, retain).wait_for_publish(DEADLINE)

    def next(self):
        wait_until(lambda: self.messages, "a message")
        return self.messages.pop(0)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def start_web():
    webs = []

    def start(*arguments, **how):
        webs.append(Web(*arguments, **how))
        return webs[-1]

    yield start
    for web in webs:
        web.close()


@pytest.fixture
def start_watcher(broker):
    """Watchers of a broker that restarts: one for each of its lives."""
    watchers = []

    def start(topic="#"):
        watchers.append(Watcher(broker, topic))
        return watchers[-1]

    yield start
    for watcher in watchers:
        watcher.close()


@pytest.fixture
def watcher(start_watcher):
    return start_watcher()


@pytest.fixture
def start_standin(tmp_path):
    started = []

    def start(*options, **how):
        started.append(Standin(tmp_path / f"standin{len(started)}", *options, **how))
        return started[-1]

    yield start
    for standin in started:
        assert standin.stop() == 0


@pytest.fixture
def standin(start_standin):
    return start_standin()


@pytest.fixture(scope="module")
def module_cloud(tmp_path_factory, pki):
    standin = Standin(tmp_path_factory.mktemp("cloud"), "--with-broker", "--registration-time",
                      "0.5", "--certificate", pki / "server.pem", "--key", pki / "server.key")
    yield standin
    assert standin.stop() == 0


@pytest.fixture
def cloud(module_cloud):
    """A stand-in with a broker of its own. All tests of a file share it, but not its records."""
    module_cloud.forget()
    return module_cloud


@pytest.fixture
def connect(cloud):
    """Devices on its broker."""
    devices = []

    def connect_(service="mqtt", **how):
        devices.append(Device(cloud.ports[service], **how))
        return devices[-1]

    yield connect_
    for device in devices:
        device.close()


@pytest.fixture
def device(connect):
    """Device one, connected."""
    device = connect()
    assert device.code == 0
    return device


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """Certificates made on the fly: a CA, another CA, servers good, expired and misnamed, a client."""
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    def authority(name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30", "-subj",
                f"/CN=test {name}")

    def certificate(name, san, days="30"):
        (folder / f"{name}.ext").write_text(f"subjectAltName={san}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    authority("ca")
    authority("other")
    certificate("server", "DNS:localhost,IP:127.0.0.1")
    certificate("expired", "DNS:localhost,IP:127.0.0.1", "-1")
    certificate("misnamed", "DNS:elsewhere.example")
    certificate("client", "DNS:client")
    return folder
