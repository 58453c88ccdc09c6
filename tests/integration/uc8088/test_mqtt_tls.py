"""MQTTTLS: certificates that commands bring, whom they trust, what is kept."""

import pytest
from bench import ERROR, OK, free_port
from uc import cme, ext


@pytest.fixture
def start_tls(start_broker, pki):
    """A broker with a certificate: its port with TLS."""
    def start(certificate, more=""):
        port = free_port()
        start_broker(f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {pki}/{certificate}.pem\n"
                     f"keyfile {pki}/{certificate}.key\n{more}")
        return port

    return start


def bring(host, kind, path, size=2, quotes='"', answer=OK):
    """As the manual says: each line end as two characters, the size two more than the text has."""
    text = path.read_text().rstrip("\n")
    typed = text.replace("\n", "\\n")
    host.ask(f"AT+MQTTTLS=1,{kind},{quotes}{typed}{quotes},{len(text) + size}", answer)


def connect(host, port, code=0, name="localhost"):
    host.ask(f'AT+MQTTCONFIG="{name}",{port},"c",1,60,"",""', OK)
    host.ask("AT+MQTTCONNECT", f"+MQTTCONNECT:{code}", ERROR if code else OK)


@pytest.mark.parametrize("certificate,name,ca,code", [
    ("server", "localhost", "ca", 0), ("server", "127.0.0.1", "ca", 0), ("server", "localhost", "other", 5),
    ("server", "localhost", None, 5), ("misnamed", "localhost", "ca", 5), ("expired", "localhost", "ca", 5)])
def test_trust(on, start_tls, pki, certificate, name, ca, code):
    port = start_tls(certificate)
    if ca:
        bring(on, 0, pki / f"{ca}.pem")
    else:
        on.ask("AT+MQTTTLS=1", OK)
    on.ask("AT+MQTTTLS?", "+MQTTTLS: 1", OK)
    connect(on, port, code, name)


def test_files_of_the_settings_where_nothing_was_brought(start_modem, open_host, start_tls, pki):
    port = start_tls("server", f"cafile {pki}/ca.pem\nrequire_certificate true\n")
    host = open_host(start_modem(mqtt__ca_file=pki / "ca.pem", mqtt__cert_file=pki / "client.pem",
                                 mqtt__key_file=pki / "client.key"))
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+MQTTTLS=1", OK)
    connect(host, port)
    host.ask("AT+MQTTDISCONNECT", OK)
    bring(host, 0, pki / "other.pem")  # which comes first
    connect(host, port, 5)
    host.ask('AT+MQTTTLS=1,0,"",0', OK)
    connect(host, port)


def test_insecure(start_modem, open_host, start_tls, pki):
    port = start_tls("misnamed")
    host = open_host(start_modem(mqtt__insecure=1))
    host.ask("AT+CFUN=1", OK)
    bring(host, 0, pki / "other.pem")
    connect(host, port)


def test_client_certificate(on, start_tls, pki):
    port = start_tls("server", f"cafile {pki}/ca.pem\nrequire_certificate true\n")
    bring(on, 0, pki / "ca.pem")
    connect(on, port, 5)
    bring(on, 1, pki / "client.pem")
    bring(on, 2, pki / "client.key")
    connect(on, port)


def test_kept(modem, on, open_host, start_tls, pki):
    port = start_tls("server")
    bring(on, 0, pki / "ca.pem")
    on.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+MQTTTLS?", "+MQTTTLS: 1", OK)
    host.ask("AT+CFUN=1", OK)
    connect(host, port)
    host.ask("AT+MQTTDISCONNECT", OK)
    host.ask("AT+CFUN=1,1", OK)  # the flash survives this, too
    connect(host, port)
    host.ask("AT+MQTTTLS=0", OK)
    host.ask("AT+MQTTTLS?", "+MQTTTLS: 0", OK)


def test_plain_and_tls(on, broker, pki):
    bring(on, 0, pki / "ca.pem")
    connect(on, broker.port, 5)
    on.ask("AT+MQTTTLS=0", OK)
    connect(on, broker.port)


def test_bad_pem_shows_at_the_connection(on, start_tls, pki):
    port = start_tls("server")
    on.ask('AT+MQTTTLS=1,0,"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----",62', OK)
    connect(on, port, 2)


@pytest.mark.parametrize("size,good", [(2, True), (0, True), (-2, True), (3, False), (-3, False)])
def test_stated_size(on, pki, size, good):
    bring(on, 0, pki / "ca.pem", size, answer=OK if good else ERROR)
    lines = (pki / "ca.pem").read_text().count("\n") - 1
    bring(on, 0, pki / "ca.pem", lines + size, answer=OK if good else ERROR)  # of the text as typed


def test_without_quotes(on, start_tls, pki):
    bring(on, 0, pki / "ca.pem", quotes="")
    connect(on, start_tls("server"))


def test_errors(on):
    for bad in ("", "2", "1,0", '1,0,"x"', '1,3,"x",1', '1,0,"x",1537', '1,0,"x",0', '1,0,"",1', '1,,"x",1', '1,0,"x",1,1'):
        ext(on, f"AT+MQTTTLS={bad}", 0)
    ext(on, 'AT+MQTTTLS=1,0,"abcdef",9', 1)
    ext(on, 'AT+MQTTTLS=1,0,"abcdef",3', 1)
    cme(on, f'AT+MQTTTLS=1,0,"{"x" * 1537}",1536', 24, "text string too long")
    on.ask("AT+MQTTTLS?", "+MQTTTLS: 0", OK)
