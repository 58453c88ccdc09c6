"""How connections begin, end, and what is left of them."""

import signal
import socket

import pytest
from bench import ERROR, OK, Peer, free_port, line, mute, wait_until
from rh import connect, ctl, done

MINUS = "+IMQTTCONN:-1"


# ---- CONN ----


def test_no_address(host):
    host.ask("AT+IMQTTCONN", ERROR)
    host.ask("AT+IMQTTMODE=1,0", OK)
    host.ask("AT+IMQTTCONN", ERROR)
    host.ask("AT+IMQTTADDR=127.0.0.1,1", OK)
    host.ask("AT+IMQTTCONN", ERROR)  # mode 1 wants AUTH, or USER as well
    host.ask("AT+IMQTTUSER=a,b", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    host.quiet()


def test_refused_and_unreachable(broker, start_broker, host, tmp_path):
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{free_port()},x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    host.ask("AT+IMQTTADDR=no.such.host.invalid,1883,x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    closed = start_broker("allow_anonymous false")
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{closed.port},x", OK)
    host.ask("AT+IMQTTUSER=who,what", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    connect(host, broker)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)


def test_credentials(start_broker, host, tmp_path):
    import subprocess
    subprocess.run(["mosquitto_passwd", "-c", "-b", tmp_path / "passwords", "me,you", "se cret"], check=True)
    broker = start_broker(f"allow_anonymous false\npassword_file {tmp_path}/passwords")
    host.ask('AT+IMQTTUSER="me,you",se cret', OK)
    connect(host, broker, "id,with,commas")
    broker.wait_log("as id,with,commas")
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    host.ask('AT+IMQTTUSER="",""', OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)


def test_a_silent_server(host):
    """Given up after ten seconds; other commands are answered, and one report serves two CONN."""
    peer = Peer(mute)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{peer.port},x", OK)
    host.ask("AT+IMQTTCONN", OK)
    host.ask("AT+IMQTTCONN", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTPUB=t,0,m", ERROR)
    host.ask("AT+IMQTTDISCONN", ERROR)
    host.ask("AT+IMQTTCONN", OK)
    host.expect(line(MINUS))
    host.quiet()
    assert peer.connections == 1
    peer.close()


def test_versions_and_keepalive(broker, host):
    for version, number in (("3.1", "p1"), ("3.1.1", "p2")):
        host.ask(f"AT+IMQTTPARA=VERSION,{version},KEEPALIVE,120,CLEAN,1", OK)
        connect(host, broker, f"v{number}")
        broker.wait_log(rf"as v{number} \({number}, c1, k120\)")
        host.ask("AT+IMQTTDISCONN", OK, MINUS)


def test_empty_client_id(broker, host):
    connect(host, broker, "")
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    host.ask("AT+IMQTTPARA=CLEAN,0", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)  # the library wants a name for what is to be kept


# ---- loss ----


def test_no_reconnection(broker, modem, online):
    host = online
    done(host, "AT+IMQTTSUB=t,1", "IMQTTSUB", 1)
    broker.stop(signal.SIGKILL)
    host.expect(line(MINUS))
    host.ask("AT+IMQTTSUB?", OK)  # a clean session has gone
    broker.start()
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTDISCONN", ERROR)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.quiet()
    assert modem.log().count("connecting to") == 2


def test_unanswered_requests_are_lost(host):
    """The outcomes of what was under way come before the report of the loss."""
    connections = []

    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        connections.append(connection)
        mute(connection)

    peer = Peer(serve)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{peer.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+IMQTTPUB=t,1,m", OK)
    host.ask("AT+IMQTTSUB=t,1", OK)
    host.ask("AT+IMQTTUNSUB=u", OK)
    connections[0].shutdown(socket.SHUT_RDWR)
    text = host.search(r"^(.*)\r\n\+IMQTTCONN:-1\r\n").group(1)
    for outcome in (b"+IMQTTPUB:1,1", b"+IMQTTSUB:2,128", b"+IMQTTUNSUB:3,-1"):
        assert line(outcome) in text
    host.ask("AT+IMQTTUNSUB?", "+IMQTTUNSUB:u,-1", OK)
    peer.close()


def test_time_limit_of_requests(host):
    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        mute(connection)

    peer = Peer(serve)
    host.ask("AT+IMQTTPARA=TIMEOUT,1", OK)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{peer.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    done(host, "AT+IMQTTPUB=t,2,m", "IMQTTPUB", 1)
    done(host, "AT+IMQTTSUB=t,0", "IMQTTSUB", 128)
    done(host, "AT+IMQTTUNSUB=t", "IMQTTUNSUB", -1)
    host.ask("AT+IMQTTSUB?", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    peer.close()


def test_conn_while_the_connection_closes(broker, online):
    online.send("AT+IMQTTDISCONN\rAT+IMQTTCONN\r")
    online.search(rf"^{OK.decode()}.*\+IMQTTCONN:0\r\n".replace("\r\nOK", r"\r\nOK", 1))
    online.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)


# ---- the will ----


@pytest.mark.parametrize("command,payload", [
    ('LWT=will,1,"{"gone":1,"a":"b"}",1', b'{"gone":1,"a":"b"}'),
    ("LWTBIN=will,1,00ff0D0a22,1", b"\x00\xff\r\n\x22"),
])
def test_will_when_the_daemon_is_killed(broker, modem, host, watcher, start_watcher, command, payload):
    host.ask("AT+IMQTTLWTBIN=other,0,00", OK)
    host.ask("AT+IMQTTLWT=other,0,x", OK)
    host.ask(f"AT+IMQTT{command}", OK)  # the last one set is in force
    connect(host, broker)
    modem.stop(signal.SIGKILL)
    message = watcher.next()
    assert (message.topic, message.payload, message.qos) == ("will", payload, 1)
    assert start_watcher("will").next().retain


def test_no_will_after_disconn(broker, modem, host, watcher):
    host.ask("AT+IMQTTLWT=will,1,gone", OK)
    connect(host, broker)
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    broker.wait_log("Received DISCONNECT from testMQTT")
    connect(host, broker)
    modem.stop()  # an orderly end
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


def test_will_is_for_the_next_connection(broker, modem, host, watcher):
    connect(host, broker)
    host.ask("AT+IMQTTLWT=will,0,gone", OK)
    modem.stop(signal.SIGKILL)
    broker.wait_log("Client testMQTT closed its connection|Socket error on client testMQTT|testMQTT disconnected")
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


# ---- TLS ----


@pytest.fixture
def secure(start_broker, pki):
    def start(certificate="server", more=""):
        return start_broker("allow_anonymous true", f"cafile {pki}/ca.pem\ncertfile {pki}/{certificate}.pem\n"
                            f"keyfile {pki}/{certificate}.key\n{more}")
    return start


def test_tls(secure, start_modem, open_host, pki):
    broker = secure()
    host = open_host(start_modem(mqtt__ca_file=pki / "ca.pem"))
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)  # plain, to a TLS port
    host.ask("AT+IMQTTMODE=2,1", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    done(host, "AT+IMQTTSUB=t,1", "IMQTTSUB", 1)
    host.ask("AT+IMQTTMODE=2,0", OK)  # for the next one
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    host.ask("AT+IMQTTMODE=2,1", OK)
    host.ask(f"AT+IMQTTADDR=localhost,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


@pytest.mark.parametrize("certificate,settings", [
    ("server", {"mqtt.ca_file": "other.pem"}), ("server", {}), ("expired", {"mqtt.ca_file": "ca.pem"}),
    ("misnamed", {"mqtt.ca_file": "ca.pem"}), ("server", {"mqtt.ca_file": "missing.pem"}),
])
def test_tls_distrusts(secure, start_modem, open_host, pki, certificate, settings):
    broker = secure(certificate)
    host = open_host(start_modem(**{name: pki / file for name, file in settings.items()}))
    host.ask("AT+IMQTTMODE=2,1", OK)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)


def test_tls_insecure_and_client_certificate(secure, start_modem, open_host, pki):
    broker = secure("misnamed", "require_certificate true")
    files = {"mqtt__cert_file": pki / "client.pem", "mqtt__key_file": pki / "client.key", "mqtt__insecure": 1}
    host = open_host(start_modem(**files))
    host.ask("AT+IMQTTMODE=2,1", OK)
    connect(host, broker)
    host = open_host(start_modem(mqtt__insecure=1))
    host.ask("AT+IMQTTMODE=2,1", OK)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)


# ---- sessions that stay ----


def test_session_that_is_kept(broker, modem, host, watcher, open_host):
    """Over a disconnection and over a restart of the daemon."""
    host.ask("AT+IMQTTPARA=CLEAN,0", OK)
    connect(host, broker, "keeper")
    done(host, "AT+IMQTTSUB=kept/#,1", "IMQTTSUB", 1)
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:kept/#,1", OK)
    watcher.publish("kept/a", "waits", 1)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.search(r'^\r\n\+IMQTTRCVPUB:\d+,"kept/a",5,"waits"\r\n')
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:kept/#,1", OK)
    host.close()
    modem.restart()
    watcher.publish("kept/b", "waits again", 1)
    host = open_host(modem)
    host.ask("AT+IMQTTPARA=CLEAN,0", OK)
    connect(host, broker, "keeper")
    host.search(r'^\r\n\+IMQTTRCVPUB:\d+,"kept/b",11,"waits again"\r\n')
    host.ask("AT+IMQTTDISCONN", OK, MINUS)
    host.ask("AT+IMQTTPARA=CLEAN,1", OK)  # that ends it
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+IMQTTSUB?", OK)
    watcher.publish("kept/c", "unheard", 1)
    host.quiet()


def test_session_that_the_broker_has_lost(broker, host):
    host.ask("AT+IMQTTPARA=CLEAN,0", OK)
    connect(host, broker, "keeper")
    done(host, "AT+IMQTTSUB=kept,1", "IMQTTSUB", 1)
    broker.stop(signal.SIGKILL)
    host.expect(line(MINUS))
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:kept,1", OK)
    broker.start()  # without persistence
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+IMQTTSUB?", OK)


# ---- the network ----


def test_network_goes_and_comes(broker, modem, host, watcher):
    host.ask("AT+IMQTTLWT=will,0,gone", OK)
    connect(host, broker)
    ctl(modem, "network", "down")
    host.expect(line(MINUS))
    assert watcher.next().topic == "will"
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+CSQ", "+CSQ: 99,99", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    modem.wait_log("the module has no network")
    ctl(modem, "network", "up")
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


@pytest.mark.parametrize("settings,reads", [
    ({"identity.imsi": ""}, ((99, 0))), ({"identity.iccid": ""}, (21, 0)), ({"network.rssi": 0}, (99, 2)),
    ({"network.registration": "denied"}, (21, 3)), ({"network.registration": "none"}, (21, 0)),
    ({"network.registration": "searching"}, (21, 2)),
])
def test_no_network(broker, start_modem, open_host, settings, reads):
    host = open_host(start_modem(**settings))
    host.ask("AT+CEREG?", f"+CEREG: 0,{reads[1]}", OK)
    host.ask("AT+CGATT?", "+CGATT: 0", OK)
    host.ask("AT+CGACT?", "+CGACT: 1,0", OK)
    host.ask("AT+CGATT=1", ERROR)
    host.ask("AT+CMEE=1", OK)
    host.ask("AT+CGATT=1", "+CME ERROR: 30")
    host.ask("AT+CGACT=1,1", "+CME ERROR: 30")
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)


def test_detached(broker, online):
    host = online
    host.ask("AT+CGATT=0", OK, MINUS)
    host.ask("AT+CGATT?", "+CGATT: 0", OK)
    host.ask("AT+CGACT?", "+CGACT: 1,0", OK)
    host.ask("AT+IMQTTCONN", OK, MINUS)
    host.ask("AT+CGATT=1", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+CGACT=0,1", OK, MINUS)
    host.ask("AT+CGATT?", "+CGATT: 1", OK)
    host.ask("AT+CGACT=1,1", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+CFUN=0", OK, MINUS)
    host.ask("AT+CFUN?", "+CFUN: 0", OK)
    host.ask("AT+CREG?", "+CREG: 0,0", OK)
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


def test_signal_shows_in_state(broker, modem, online):
    for dbm, state in ((-93, 2), (-94, 1), (-51, 2)):
        ctl(modem, "signal", str(dbm))
        online.ask("AT+IMQTTSTATE?", f"+IMQTTSTATE:{state}", OK)
