"""AUTH, CONN, DISCONN: every outcome, TLS, loss and return of the broker."""

import socket
import struct

import pytest
from bench import OK, Broker, Peer, cme, free_port, line, mute
from conftest import at_broker

AUTH = 'AT+IMQTTAUTH="productKey001","deviceName001","deviceSecret123"'
LOGIN_PASSWORD = "B560343BE3D19553A3A03896763AD88D17C7732683974C365533054D5EAF3715"


def authenticate(host, result="OK"):
    host.ask(AUTH, OK, f"+IMQTTAUTH:{result}")


def online(host):
    authenticate(host)
    host.ask("AT+IMQTTCONN", OK)


def subscribe(host, topic, qos=1):
    packet_id = host.request(f'AT+IMQTTSUB="{topic}",{qos}', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},{qos}"))


# ---- credentials ----


def test_credentials_are_what_alibaba_cloud_expects(start_broker, start_daemon, open_host):
    broker = start_broker("allow_anonymous true")
    daemon = start_daemon(settings=at_broker(broker))
    online(open_host(daemon))
    broker.wait_log(
        r"productKey001\.deviceName001\|timestamp=2524608000000,_v=atmodemd-[0-9.]+,securemode=3,"
        r"signmethod=hmacsha256,lan=C,gw=0,ext=0\| \(p2, c1, k60, u'deviceName001&productKey001'\)"
    )


def password_broker(start_broker, tmp_path, password):
    import subprocess

    path = tmp_path / "passwords"
    subprocess.run(
        ["mosquitto_passwd", "-b", "-c", str(path), "deviceName001&productKey001", password],
        check=True,
    )
    return start_broker(f"allow_anonymous false\npassword_file {path}")


def test_password_right(start_broker, start_daemon, open_host, tmp_path):
    broker = password_broker(start_broker, tmp_path, LOGIN_PASSWORD)
    online(open_host(start_daemon(settings=at_broker(broker))))


def test_password_wrong(start_broker, start_daemon, open_host, tmp_path):
    broker = password_broker(start_broker, tmp_path, "another")
    host = open_host(start_daemon(settings=at_broker(broker)))
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(149))  # the values stay for this session
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)


def test_no_credentials(host):
    host.ask("AT+IMQTTAUTH", cme(3))
    host.ask("AT+IMQTTCONN", cme(3))
    host.ask("AT+IMQTTDISCONN", cme(3))


def test_auth_only_stores(start_daemon, broker, open_host):
    host = open_host(start_daemon(settings=at_broker(broker, **{"ica.auth": "none"})))
    host.ask(AUTH, OK)
    host.ask("AT+IMQTTCONN", OK)
    host.quiet()


def test_auth_while_connected(host):
    online(host)
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.ask('AT+IMQTTAUTH="productKey001","other","deviceSecret123"', cme(3))
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)


def test_connect_twice(host, modem, broker, start_daemon, open_host):
    online(host)
    host.ask("AT+IMQTTCONN", cme(3))
    lenient = open_host(start_daemon(settings=at_broker(broker, **{"ica.lenient": 1})))
    lenient.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    lenient.ask("AT+IMQTTCONN", OK)
    lenient.ask("AT+IMQTTCONN", OK)


def test_commands_during_the_probe(start_daemon, open_host):
    peer = Peer(mute)
    daemon = start_daemon(
        settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port, "ica.conn_timeout": 1}
    )
    host = open_host(daemon)
    host.ask(AUTH, OK)
    host.ask(AUTH, cme(3))
    host.ask("AT+IMQTTAUTH", cme(3))
    host.send("AT+IMQTTCONN\r")  # waits for the probe's end, then fails on its own
    host.expect(cme(31), line("+IMQTTAUTH:FAIL"))
    assert peer.connections == 2
    peer.close()


# ---- failures ----


def test_refused_port(start_daemon, open_host):
    host = open_host(
        start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": free_port()})
    )
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))


def test_name_without_address(start_daemon, open_host):
    host = open_host(start_daemon(settings={"mqtt.host": "no-such-host.invalid"}))
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))


def test_mute_broker(start_daemon, open_host):
    peer = Peer(mute)
    host = open_host(
        start_daemon(
            settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port, "ica.conn_timeout": 1}
        )
    )
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(31))
    host.ask("AT+IMQTTMODE=1", OK)
    host.ask("AT+IMQTTCONN", cme(31))  # TLS handshake unanswered
    peer.close()


@pytest.mark.parametrize("code,error", [(1, 100), (2, 100), (3, 100), (4, 149), (5, 149)])
def test_connack_codes(start_daemon, open_host, code, error):
    def refuse(connection):
        connection.recv(4096)
        connection.sendall(bytes([0x20, 2, 0, code]))
        mute(connection)

    peer = Peer(refuse)
    host = open_host(
        start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    )
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(error))
    peer.close()


def test_garbage_broker(start_daemon, open_host):
    def garbage(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20)
        mute(connection)

    peer = Peer(garbage)
    host = open_host(
        start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    )
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))
    host.quiet()
    peer.close()


# ---- TLS ----


def tls_broker(start_broker, pki, name, extra=""):
    return start_broker(
        "allow_anonymous true",
        f"certfile {pki}/{name}.pem\nkeyfile {pki}/{name}.key\n{extra}",
    )


@pytest.fixture
def tls_host(start_broker, start_daemon, open_host, pki):
    def start(name="server", extra="", **settings):
        broker = tls_broker(start_broker, pki, name, extra)
        daemon = start_daemon(
            settings=at_broker(broker, **{"mqtt.ca_file": f"{pki}/ca.pem", **settings})
        )
        host = open_host(daemon)
        host.ask("AT+IMQTTMODE=1", OK)
        return host, daemon, broker

    return start


def test_tls(tls_host):
    host, _, broker = tls_host()
    online(host)
    broker.wait_log("securemode=2")
    packet_id = host.request('AT+IMQTTPUB="t",1,"over TLS"', "IMQTTPUB")
    host.expect(line(f"+IMQTTPUB:{packet_id},0"))


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_tls_versions(tls_host, version):
    host, _, _ = tls_host(extra=f"tls_version {version}")
    online(host)


@pytest.mark.parametrize(
    "name,settings,reason",
    [
        ("expired", {}, "expired"),
        ("misnamed", {}, "mismatch"),
        ("server", {"mqtt.ca_file": "{pki}/other.pem"}, "certificate"),
        ("server", {"mqtt.ca_file": ""}, "certificate"),
        ("server", {"mqtt.ca_file": "/nonexistent/ca.pem"}, "/nonexistent/ca.pem"),
    ],
)
def test_tls_refused(tls_host, pki, name, settings, reason):
    settings = {key: value.format(pki=pki) for key, value in settings.items()}
    host, daemon, _ = tls_host(name, **settings)
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))
    daemon.wait_log(rf"(?i){reason}")


@pytest.mark.parametrize("name", ["expired", "misnamed", "server"])
def test_tls_insecure(tls_host, pki, name):
    host, _, _ = tls_host(name, **{"mqtt.ca_file": f"{pki}/other.pem", "mqtt.insecure": 1})
    online(host)


def test_client_certificate(tls_host, pki):
    extra = f"cafile {pki}/ca.pem\nrequire_certificate true"
    host, _, _ = tls_host(
        extra=extra,
        **{"mqtt.cert_file": f"{pki}/client.pem", "mqtt.key_file": f"{pki}/client.key"},
    )
    online(host)


def test_client_certificate_missing(tls_host, pki):
    host, _, _ = tls_host(extra=f"cafile {pki}/ca.pem\nrequire_certificate true")
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))


def test_gateway_secures_a_host_that_never_asks(start_broker, start_daemon, open_host, pki):
    broker = tls_broker(start_broker, pki, "server")
    daemon = start_daemon(
        settings=at_broker(broker, **{"mqtt.ca_file": f"{pki}/ca.pem", "mqtt.tls": 1})
    )
    host = open_host(daemon)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)
    online(host)


def test_plain_broker_asked_for_tls(host):
    host.ask("AT+IMQTTMODE=1", OK)
    authenticate(host, "FAIL")
    host.ask("AT+IMQTTCONN", cme(30))


# ---- where to ----


def test_redirect_of_the_derived_name(broker, start_daemon, open_host):
    daemon = start_daemon(
        settings={"network.redirect": f"*.aliyuncs.com=127.0.0.1:{broker.port}"}
    )
    host = open_host(daemon)
    online(host)
    daemon.wait_log(r"productKey001\.iot-as-mqtt\.cn-shanghai\.aliyuncs\.com")


def test_redirect_of_an_instance(broker, start_daemon, open_host):
    daemon = start_daemon(
        settings={
            "cloud.instance": "iot-060a0test",
            "network.redirect": f"iot-060a0test.mqtt.*=127.0.0.1:{broker.port}",
        }
    )
    online(open_host(daemon))


# ---- loss and return ----


def test_broker_restarts_in_mid_session(broker, start_daemon, open_host):
    daemon = start_daemon(settings=at_broker(broker, **{"ica.state_urc": 1}))
    host = open_host(daemon)
    authenticate(host)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTSTATE:2", OK)
    subscribe(host, "again/#")
    broker.stop()
    host.expect(line("+IMQTTSTATE:0"), OK)
    host.ask('AT+IMQTTPUB="again/x",1,"not kept"', cme(30))
    host.ask('AT+IMQTTSUB="again/x",1', cme(30))
    host.ask('AT+IMQTTUNSUB="again/x"', cme(30))
    host.ask('AT+IMQTTPUBIN="again/x",1,5', cme(30))
    broker.start()
    host.expect(line("+IMQTTSTATE:2"), OK)
    packet_id = host.request('AT+IMQTTPUB="again/x",0,"back"', "IMQTTPUB")
    host.expect(line(f"+IMQTTPUB:{packet_id},0"))
    host.expect(line('+IMQTTRCVPUB:0,"again/x",4,"back"'), OK)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0", OK)
    host.quiet()


def test_connect_and_disconnect_while_reconnecting(broker, start_daemon, open_host):
    daemon = start_daemon(settings=at_broker(broker, **{"ica.state_urc": 1}))
    host = open_host(daemon)
    authenticate(host)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTSTATE:2", OK)
    broker.stop()
    host.expect(line("+IMQTTSTATE:0"), OK)
    host.ask("AT+IMQTTCONN", cme(30))  # tries at once, and gives up
    host.ask("AT+IMQTTDISCONN", cme(3))
    broker.start()
    host.ask("AT+IMQTTCONN", OK, "+IMQTTSTATE:2", OK)
    broker.stop()
    host.expect(line("+IMQTTSTATE:0"), OK)
    host.ask("AT+IMQTTDISCONN", OK)  # the reconnection stops
    host.search(rb"^(\r\n\+IMQTTSTATE:0\r\n\r\nOK\r\n)?")
    host.ask("AT+IMQTTDISCONN", cme(3))


def test_connection_lost_during_binary_input(broker, start_daemon, open_host, watcher):
    daemon = start_daemon(settings=at_broker(broker))
    host = open_host(daemon)
    online(host)
    host.ask('AT+IMQTTPUBIN="t",1,5', OK)
    host.send(b"ab")
    broker.stop()
    daemon.wait_log("lost")
    host.send(b"cdeAT\r")  # taken to its end, then the error; what follows is a line again
    host.expect(cme(30), OK)
    broker.start()


def test_outstanding_requests_are_lost_with_the_connection(start_daemon, open_host):
    """A broker that accepts, then acknowledges nothing, then resets."""

    def accept(connection):
        connection.recv(4096)
        connection.sendall(bytes([0x20, 2, 0, 0]))
        if peer.connections == 1:
            return
        data = b""
        while data.count(b"gone") < 3:
            data += connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    peer = Peer(accept)
    host = open_host(
        start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    )
    online(host)
    published = host.request('AT+IMQTTPUB="t",1,"gone"', "IMQTTPUB")
    subscribed = host.request('AT+IMQTTSUB="gone",1', "IMQTTSUB")
    unsubscribed = host.request('AT+IMQTTUNSUB="gone"', "IMQTTUNSUB")
    assert len({published, subscribed, unsubscribed}) == 3
    host.expect(
        line(f"+IMQTTPUB:{published},2"),
        line(f"+IMQTTSUB:{subscribed},128"),
        line(f"+IMQTTUNSUB:{unsubscribed},2"),
    )
    peer.close()


def test_requests_time_out(start_daemon, open_host):
    def accept(connection):
        connection.recv(4096)
        connection.sendall(bytes([0x20, 2, 0, 0]))
        mute(connection)

    peer = Peer(accept)
    host = open_host(
        start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    )
    host.ask('AT+IMQTTPARA="TIMEOUT",0.5', OK)
    online(host)
    published = host.request('AT+IMQTTPUB="t",2,"x"', "IMQTTPUB")
    host.expect(line(f"+IMQTTPUB:{published},1"))
    subscribed = host.request('AT+IMQTTSUB="t",1', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{subscribed},128"))
    unsubscribed = host.request('AT+IMQTTUNSUB="t"', "IMQTTUNSUB")
    host.expect(line(f"+IMQTTUNSUB:{unsubscribed},1"))
    published = host.request('AT+IMQTTPUB="t",1,"x"', "IMQTTPUB")
    host.send("AT+IMQTTDISCONN\r")  # one status for each id, also when we leave
    host.search(rb"^(\r\n\+IMQTTPUB:%d,2\r\n\r\nOK\r\n|\r\nOK\r\n\r\n\+IMQTTPUB:%d,2\r\n)"
                % (published, published))
    peer.close()


def test_session_is_kept(broker, start_daemon, open_host, watcher):
    """CLEAN 0: what came while we were away is delivered after CONN, and no probe takes it."""
    daemon = start_daemon(settings=at_broker(broker))
    host = open_host(daemon)
    host.ask('AT+IMQTTPARA="CLEAN",0', OK)
    online(host)
    subscribe(host, "kept")
    host.ask("AT+IMQTTDISCONN", OK)
    for number in range(3):
        watcher.publish("kept", f"message {number}", 1)
    host.ask("AT+IMQTTAUTH", OK, "+IMQTTAUTH:OK")
    host.send("AT+IMQTTCONN\r")
    host.expect(OK)
    for number in range(3):
        host.search(rb'^\r\n\+IMQTTRCVPUB:\d+,"kept",9,"message %d"\r\n\r\nOK\r\n' % number)


def test_protocol_version_and_keepalive_go_out(broker, start_daemon, open_host):
    host = open_host(start_daemon(settings=at_broker(broker)))
    host.ask('AT+IMQTTPARA="VERSION","3.1","KEEPALIVE",180,"CLEAN",0', OK)
    online(host)
    broker.wait_log(r"\(p1, c0, k180")


def test_ping_report(broker, start_daemon, open_host):
    host = open_host(start_daemon(settings=at_broker(broker, **{"ica.lenient": 1})))
    host.ask('AT+IMQTTPARA="KEEPALIVE",5', OK)
    host.ask('AT+IMQTTDBGPARA="PINGRSP",1', OK)
    online(host)
    host.expect(line("+IMQTTPINGRSP"), OK)


def test_killed_daemon_leaves_no_session(broker, start_daemon, open_host):
    daemon = start_daemon(settings=at_broker(broker))
    online(open_host(daemon))
    daemon.stop()
    broker.wait_log(r"Received DISCONNECT from productKey001\.deviceName001")
