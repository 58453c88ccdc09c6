"""The MQTT session: how it begins and ends, and what it leaves."""

import re
import signal
import time

import pytest
from bench import OK, Peer, free_port, line, mute
from dx import CHEVRON, connect, ctl, error, restart

UP, DOWN = line("MQTTCONNECT"), line("MQTTDISCONNECT")


def subscribed_broker(connection):
    """Takes the connection, and nothing else."""
    connection.recv(4096)
    connection.sendall(b"\x20\x02\x00\x00")
    mute(connection)


@pytest.fixture
def silent_broker():
    peer = Peer(subscribed_broker)
    yield peer
    peer.close()


# ---- connecting ----


def test_login(broker, host, tmp_path):
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port}', OK, "MQTTCONNECT")  # reconnect left out: 0
    broker.wait_log(r"as CT11-3595 \(p2, c1, k60\)")
    host.ask("AT+QMTCONNCFG?", f"+QMTCONNCFG:127.0.0.1,{broker.port},0", OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTART=0,30", OK)
    connect(host, broker, '"me","user","secret"')
    broker.wait_log(r"as me \(p2, c0, k30, u'user'\)")
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    for keepalive, sent in ((0, 0), (1, 5), (4, 5), (5, 5), (7200, 7200)):
        host.ask(f"AT+QMTSTART=1,{keepalive}", OK)
        connect(host, broker, f"k{keepalive}")
        broker.wait_log(rf"as k{keepalive} \(p2, c1, k{sent}\)")
        host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")


def test_settings_are_for_the_next_connection(broker, host):
    connect(host, broker, "one")
    host.ask("AT+QMTCFG=two", OK)
    host.ask("AT+QMTSTART=1,77", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:1", OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    connect(host, broker)
    broker.wait_log(r"as two \(p2, c1, k77\)")


def test_password(start_broker, host, tmp_path):
    import subprocess
    subprocess.run(["mosquitto_passwd", "-c", "-b", tmp_path / "passwords", "me", "se,cret"], check=True)
    broker = start_broker(f"allow_anonymous false\npassword_file {tmp_path}/passwords")
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))
    host.ask('AT+QMTCFG="id","me","wrong"', OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))
    connect(host, broker, '"id","me","se,cret"')


def test_attempts_that_fail(host):
    for target in (f'"127.0.0.1",{free_port()}', '"no.such.host.invalid",1883'):
        host.ask(f"AT+QMTCONNCFG={target},0", OK, error(203))
        host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
        host.ask("AT+QMTDISC", error(102))
    host.quiet()


def test_silent_server(host):
    """OK at once, given up after 10 s."""
    peer = Peer(mute)
    start = time.monotonic()
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{peer.port},0', OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:2", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{peer.port},0', error(202))
    host.ask('AT+QMTPUB="t",0,0,"m"', error(102))
    host.ask('AT+QMTSUB="t",0', error(102))
    assert time.monotonic() - start < 5
    host.expect(error(203))
    assert 9 < time.monotonic() - start < 13
    peer.close()


def test_a_session_is_enough(broker, host):
    connect(host, broker)
    host.ask('AT+QMTCONNCFG="elsewhere",1,1', error(202))
    host.ask("AT+QMTCONNCFG?", f"+QMTCONNCFG:127.0.0.1,{broker.port},0", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:1", OK)


def test_disc_while_connecting(host, broker):
    peer = Peer(mute)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{peer.port},0', OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    connect(host, broker)
    peer.close()


# ---- loss ----


def test_no_reconnection(broker, host):
    connect(host, broker)
    host.ask('AT+QMTSUB="t",0', OK)
    broker.stop(signal.SIGKILL)
    host.expect(DOWN)
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    host.ask("AT+QMTDISC", error(102))
    broker.start()
    host.search_nothing(2.5)
    connect(host, broker)
    host.ask("AT+QMTSTATU", "+QMTSTATU:1", OK)


def test_reconnection(broker, host, start_watcher):
    connect(host, broker, reconnect=1)
    host.ask('AT+QMTSUB="one",1', OK)
    host.ask('AT+QMTSUB="two",2', OK)
    broker.stop(signal.SIGKILL)
    host.expect(DOWN)
    host.ask("AT+QMTSTATU", "+QMTSTATU:2", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', error(202))
    host.search_nothing(3)  # attempts that fail are not told
    broker.start()
    host.expect(UP)
    host.ask("AT+QMTSUB?", "+QMTSUB:one,1", "+QMTSUB:two,2", OK)
    watcher = start_watcher()
    watcher.publish("one", "1")
    watcher.publish("two", "2")
    host.expect(line('+QMTRECV:"one",1,"1"'), line('+QMTRECV:"two",1,"2"'))


def test_first_attempt_is_repeated_and_told_once(broker, host):
    broker.stop()
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},1', OK, error(203))
    host.ask("AT+QMTSTATU", "+QMTSTATU:2", OK)
    host.search_nothing(2.5)
    broker.start()
    host.expect(UP)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    broker.stop()
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},1', OK, error(203))  # a new beginning
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    broker.start()
    host.search_nothing(2.5)


def test_disc_while_waiting_to_retry(broker, host):
    connect(host, broker, reconnect=1)
    broker.stop(signal.SIGKILL)
    host.expect(DOWN)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    broker.start()
    host.search_nothing(2.5)
    connect(host, broker)


def test_network_goes_and_comes(modem, broker, host):
    connect(host, broker, reconnect=1)
    ctl(modem, "network", "down")
    host.expect(DOWN)
    ctl(modem, "network", "up")
    host.expect(UP)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    connect(host, broker)
    ctl(modem, "network", "down")
    host.expect(DOWN)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))
    ctl(modem, "network", "up")
    host.search_nothing(1)
    connect(host, broker)


# ---- the will ----

WILL = '"me","u","p",1,1,"will","{"gone":"yes"}"'


def test_will_when_the_daemon_is_killed(broker, modem, host, watcher, start_watcher):
    connect(host, broker, WILL)
    modem.stop(signal.SIGKILL)
    message = watcher.next()
    assert (message.topic, message.payload, message.qos) == ("will", b'{"gone":"yes"}', 1)
    assert start_watcher("will").next().retain


@pytest.mark.parametrize("end", ["disc", "stop"])
def test_no_will_at_an_orderly_end(broker, modem, host, watcher, end):
    connect(host, broker, WILL)
    if end == "disc":
        host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    else:
        modem.stop()
    broker.wait_log("Received DISCONNECT from me")
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


def test_empty_topic_is_no_will(broker, modem, host, watcher):
    connect(host, broker, '"me","u","p",0,0,,')
    modem.stop(signal.SIGKILL)
    broker.wait_log("Client me closed its connection|me disconnected|Socket error on client me")
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


# ---- sessions that stay ----


def test_persistent_session(broker, modem, host, watcher, open_booted):
    """Over a disconnection, and over a restart of the daemon."""
    host.ask("AT+QMTSTART=0,60", OK)
    connect(host, broker, "keeper")
    host.ask('AT+QMTSUB="kept/#",1', OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSUB?", "+QMTSUB:kept/#,1", OK)
    watcher.publish("kept/a", "waits", 1)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, "MQTTCONNECT", '+QMTRECV:"kept/a",5,"waits"')
    host.close()
    modem.restart()
    watcher.publish("kept/b", "again", 2)
    host = open_booted(modem)
    host.ask("AT+QMTSTART=0,60", OK)
    host.ask("AT+QMTCFG=keeper", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, "MQTTCONNECT", '+QMTRECV:"kept/b",5,"again"')
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTART=1,60", OK)  # that ends it
    connect(host, broker)
    watcher.publish("kept/c", "unheard", 1)
    host.quiet()


def test_clean_session_forgets_its_topics(broker, host):
    connect(host, broker)
    host.ask('AT+QMTSUB="t",1', OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSUB?", OK)


def test_topics_are_renewed_where_the_broker_forgot(broker, host, start_watcher):
    host.ask("AT+QMTSTART=0,60", OK)
    connect(host, broker, "keeper", 1)
    host.ask('AT+QMTSUB="t",1', OK)
    broker.stop(signal.SIGKILL)
    host.expect(DOWN)
    broker.start()  # without persistence
    host.expect(UP)
    broker.wait_log("keeper 1 t", 2)
    start_watcher().publish("t", "x")
    host.expect(line('+QMTRECV:"t",1,"x"'))


# ---- names ----


def test_names_of_the_cloud(broker, start_modem, open_booted):
    host = open_booted(start_modem(mqtt__host="127.0.0.1", mqtt__port=broker.port))
    name = "a1x.iot-as-mqtt.cn-shanghai.aliyuncs.com"
    host.ask(f'AT+QMTCONNCFG="{name}",443,0', OK, "MQTTCONNECT")
    host.ask("AT+QMTCONNCFG?", f"+QMTCONNCFG:{name},443,0", OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask(f'AT+QMTCONNCFG="localhost",{free_port()},0', OK, error(203))  # others as they are named


def test_redirect(broker, start_modem, open_booted):
    host = open_booted(start_modem(network__redirect=f"broker.emqx.io=127.0.0.1:{broker.port}"))
    host.ask('AT+QMTCONNCFG="broker.emqx.io",1883,0', OK, "MQTTCONNECT")
    host.ask("AT+QMTCONNCFG?", "+QMTCONNCFG:broker.emqx.io,1883,0", OK)


# ---- TLS ----


@pytest.fixture
def secure(start_broker, pki):
    def start(certificate="server"):
        return start_broker("allow_anonymous true", f"certfile {pki}/{certificate}.pem\n"
                            f"keyfile {pki}/{certificate}.key")
    return start


def certify(host, pem, mode=1):
    host.ask(f"AT+MQTTCERTIFI={mode},1,{len(pem)}", CHEVRON)
    host.send(pem)
    host.expect(OK)


def test_tls_with_the_right_ca(secure, host, pki, modem, open_booted):
    broker = secure()
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))  # plain, to a TLS port
    certify(host, (pki / "ca.pem").read_bytes())
    connect(host, broker)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.close()
    modem.restart()  # it is kept
    host = open_booted(modem)
    host.ask(f'AT+QMTCONNCFG="localhost",{broker.port},0', OK, "MQTTCONNECT")


@pytest.mark.parametrize("certificate,ca", [("server", "other"), ("expired", "ca"), ("misnamed", "ca")])
def test_tls_distrusts(secure, host, pki, certificate, ca):
    broker = secure(certificate)
    certify(host, (pki / f"{ca}.pem").read_bytes())
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))
    host.ask("AT+MQTTCERTIFI=1,0,0", OK)  # no verification; the certificate is dropped
    host.ask("AT+MQTTCERTIFI?", "+MQTTCERTIFI:1,0,0,", OK)
    connect(host, broker)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+MQTTCERTIFI=0,0,0", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))


def test_certificates_that_are_none(host, pki):
    pem = (pki / "ca.pem").read_bytes()
    certify(host, pem, 0)
    for bad in (b"x" * 10, pem[:100], pem[:-40], b"\0" * 100, pem[:60] + b"\0" + pem[60:], b"A" * 2048):
        host.ask(f"AT+MQTTCERTIFI=1,1,{len(bad)}", CHEVRON)
        host.send(bad)
        host.expect(error(103))
    host.ask("AT+MQTTCERTIFI?", f"\r\n+MQTTCERTIFI:0,1,{len(pem)},".encode() + pem + b"\r\n", OK)


def test_no_secret_in_the_log(modem, broker, host):
    connect(host, broker, '"me","user","sesame"')
    host.ask("AT+QMTCFG?", "+QMTCFG:me,user,sesame,0,0,,", OK)
    host.ask('AT+QMTCFG="me","user","sesame",1', error(101))
    host.ask('AT+HTTPRQH="Authorization","Bearer sesame"', OK)
    host.ask("AT+HTTPRQH?", "+HTTPRQH:Authorization:Bearer sesame", OK)
    modem.wait_log(r"AT\+HTTPRQH\?")
    assert re.search(r"AT\+QMTCFG=", modem.log())
    assert "sesame" not in modem.log()


def test_requests_without_an_answer(host, silent_broker):
    """10 s each, then 102: here one, of QMTSUB."""
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{silent_broker.port},0', OK, "MQTTCONNECT")
    start = time.monotonic()
    host.ask('AT+QMTSUB="t",0', error(102))
    assert 9 < time.monotonic() - start < 13
    host.ask("AT+QMTSUB?", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:1", OK)


def test_disc_from_a_peer_that_does_not_close(host, silent_broker):
    for _ in range(2):
        host.ask(f'AT+QMTCONNCFG="127.0.0.1",{silent_broker.port},1', OK, "MQTTCONNECT")
        host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
        host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    host.quiet()


def test_loss_ends_what_is_under_way(host, modem, silent_broker):
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{silent_broker.port},0', OK, "MQTTCONNECT")
    for command in ('QMTPUB="t",1,0,"m"', 'QMTUNSUB="t"'):
        host.send(f"AT+{command}\r")
        modem.wait_log(re.escape("> AT+" + command.split("=")[0]))
        ctl(modem, "network", "down")
        host.expect(error(102), DOWN)
        ctl(modem, "network", "up")
        host.ask(f'AT+QMTCONNCFG="127.0.0.1",{silent_broker.port},0', OK, "MQTTCONNECT")
    restart(host, "AT+RST")


def test_names_of_the_cloud_with_the_settings_trust(secure, start_modem, open_booted, pki):
    """mqtt.tls stands for MQTTCERTIFI's mode there, and without its certificate mqtt.ca_file is the trust."""
    broker = secure()
    at = {"mqtt__host": "localhost", "mqtt__port": broker.port}
    name = '"a1x.iot-as-mqtt.cn-shanghai.aliyuncs.com",443,0'
    host = open_booted(start_modem(mqtt__tls=1, mqtt__ca_file=pki / "ca.pem", **at))
    host.ask(f"AT+QMTCONNCFG={name}", OK, "MQTTCONNECT")
    host = open_booted(start_modem(mqtt__tls=1, mqtt__ca_file=pki / "other.pem", **at))
    host.ask(f"AT+QMTCONNCFG={name}", OK, error(203))
    certify(host, (pki / "ca.pem").read_bytes())
    host.ask(f"AT+QMTCONNCFG={name}", OK, "MQTTCONNECT")
    host = open_booted(start_modem(mqtt__tls=0, **at))
    host.ask("AT+MQTTCERTIFI=1,0,0", OK)
    host.ask(f"AT+QMTCONNCFG={name}", OK, error(203))  # plain, to a TLS port
    host = open_booted(start_modem(mqtt__tls=1, mqtt__insecure=1, **at))
    host.ask(f"AT+QMTCONNCFG={name}", OK, "MQTTCONNECT")
