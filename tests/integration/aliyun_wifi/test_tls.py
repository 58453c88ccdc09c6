"""TLS: whom the module trusts, under which name, and as whom it shows itself."""

import pytest
from aw import CLOUD, CONNECT_FAILED
from bench import OK, free_port


@pytest.fixture
def start_tls(start_broker, pki):
    """A broker with a certificate: its port with TLS."""
    def start(certificate, config="", listener=""):
        port = free_port()
        start_broker(f"{config or 'allow_anonymous true'}\nlistener {port} 127.0.0.1\n"
                     f"certfile {pki}/{certificate}.pem\nkeyfile {pki}/{certificate}.key\n{listener}")
        return port

    return start


def connect(host, name, port, good):
    host.ask("AT+IMQTTCRED=c1,user,password", OK)
    host.ask(f"AT+IMQTTCONN={name},{port}", *(("+IMQTTSTATE:1", OK) if good else (CONNECT_FAILED,)))


@pytest.mark.parametrize("certificate,name,ca,insecure,good", [
    ("server", "localhost", "ca", 0, True), ("server", "127.0.0.1", "ca", 0, True),
    ("server", "localhost", "other", 0, False), ("server", "localhost", None, 0, False),
    ("server", "other.example", "ca", 0, False), ("misnamed", "elsewhere.example", "ca", 0, True),
    ("misnamed", "127.0.0.1", "ca", 0, False), ("expired", "localhost", "ca", 0, False),
    ("misnamed", "localhost", "other", 1, True), ("expired", "localhost", None, 1, True)])
def test_trust(start_modem, open_host, start_tls, pki, certificate, name, ca, insecure, good):
    """The name is the command's, whatever network.redirect makes of it."""
    port = start_tls(certificate)
    trust = {"mqtt__ca_file": pki / f"{ca}.pem"} if ca else {}
    host = open_host(start_modem(mqtt__insecure=insecure, network__redirect="*.example=127.0.0.1", **trust))
    connect(host, name, port, good)


@pytest.mark.parametrize("name,good", [("127.0.0.1", True), ("bench.example", False)])
def test_mqtt_host_in_place_of_the_cloud(start_modem, open_host, start_tls, pki, name, good):
    """There the certificate must have the name of mqtt.host; TLS is as mqtt.tls says, not as the parameter."""
    port = start_tls("server")
    host = open_host(start_modem(mqtt__host=name, mqtt__port=port, mqtt__tls=1, mqtt__ca_file=pki / "ca.pem",
                                 network__redirect="*.example=127.0.0.1"))
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    connect(host, CLOUD, 443, good)


def test_tls_on_a_plain_port_and_the_reverse(start_modem, open_host, start_tls, broker, pki):
    port = start_tls("server")
    host = open_host(start_modem(mqtt__ca_file=pki / "ca.pem"))
    connect(host, "127.0.0.1", broker.port, False)
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    connect(host, "127.0.0.1", port, False)
    connect(host, "127.0.0.1", broker.port, True)
    host.ask("AT+IMQTTPARA=TLS,1", OK)  # from the next connection on
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:1", OK)
    connect(host, "127.0.0.1", port, True)


@pytest.mark.parametrize("shown", [True, False])
def test_client_certificate(start_modem, open_host, start_tls, pki, shown):
    port = start_tls("server", listener=f"cafile {pki}/ca.pem\nrequire_certificate true")
    own = {"mqtt__cert_file": pki / "client.pem", "mqtt__key_file": pki / "client.key"} if shown else {}
    host = open_host(start_modem(mqtt__ca_file=pki / "ca.pem", **own))
    connect(host, "localhost", port, shown)
