"""MQTT: topics, messages both ways, data phases, simple mode 2."""

import signal
import time

import pytest
from bench import OK, Peer, line, mute
from dx import BOOT, CHEVRON, SILENCE, connect, ctl, error, escape, restart

UP, DOWN = line("MQTTCONNECT"), line("MQTTDISCONNECT")
EVERY_BYTE = bytes(range(256))


def message(topic, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    return line(f'+QMTRECV:"{topic}",{len(payload)},"'.encode() + payload + b'"')


# ---- topics ----


def test_subscriptions(broker, online, watcher):
    host = online
    host.ask('AT+QMTSUB="a/+/c",0', OK)
    host.ask("AT+QMTSUB=b,1", OK)
    host.ask('AT+QMTSUB="a/+/c",2', OK)  # another quality, the same place
    host.ask("AT+QMTSUB?", "+QMTSUB:a/+/c,2", "+QMTSUB:b,1", OK)
    watcher.publish("a/b/c", "1", 2)
    host.expect(message("a/b/c", "1"))
    host.ask("AT+QMTUNSUB=never", OK)
    host.ask('AT+QMTUNSUB="a/+/c"', OK)
    host.ask("AT+QMTSUB?", "+QMTSUB:b,1", OK)
    watcher.publish("a/b/c", "unheard")
    watcher.publish("b", "heard")
    host.expect(message("b", "heard"))
    host.quiet()


def test_fifty_topics(online, watcher):
    for number in range(50):
        online.ask(f"AT+QMTSUB=topic/{number},0", OK)
    online.ask("AT+QMTSUB=one/more,0", error(102))
    online.ask("AT+QMTSUB=topic/49,1", OK)  # not another one
    online.ask("AT+QMTSUB?", *(f"+QMTSUB:topic/{number},{int(number == 49)}" for number in range(50)), OK)
    watcher.publish("topic/7", "x")
    online.expect(message("topic/7", "x"))
    online.ask("AT+QMTUNSUB=topic/0", OK)
    online.ask("AT+QMTSUB=one/more,0", OK)


def test_refused_by_the_broker(start_broker, host, tmp_path):
    (tmp_path / "acl").write_text("topic read allowed\n")

    def refuse(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        request = connection.recv(4096)
        connection.sendall(b"\x90\x03" + request[2:4] + b"\x80")
        mute(connection)

    peer = Peer(refuse)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{peer.port},0', OK, "MQTTCONNECT")
    host.ask("AT+QMTSUB=t,1", error(102))
    host.ask("AT+QMTSUB?", OK)
    peer.close()


# ---- to the broker ----


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("retain", [0, 1])
def test_publish(online, watcher, start_watcher, qos, retain):
    online.ask(f'AT+QMTPUB="t",{qos},{retain},"text, with comma"', OK)
    got = watcher.next()
    assert (got.topic, got.payload, got.qos) == ("t", b"text, with comma", qos)
    if retain:
        assert start_watcher("t").next().retain


def test_texts(online, watcher):
    for given, payload in (('bare', b"bare"), ('""', b""), ('"{"build":"1","gps":[1,2]}"', b'{"build":"1","gps":[1,2]}'),
                           ('"\\"', b"\\"), ('"a"b"', b'a"b'), ('" x "', b" x "), ('"äöü"', "äöü".encode()),
                           (f'"{"m" * 512}"', b"m" * 512)):
        online.ask(f'AT+QMTPUB="t",1,0,{given}', OK)
        assert watcher.next().payload == payload


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_data_phase(online, watcher, qos):
    online.ask("ATE1", OK)
    for data in (EVERY_BYTE, EVERY_BYTE * 8, b"\n", b"+++", b"AT\r\n"):
        command = f'AT+QMTPUBEX="t",{qos},0,{len(data)}\r\n'.encode()
        online.send(command)
        online.expect(command[:-1], CHEVRON)
        online.send(data)
        online.expect(OK)
        got = watcher.next()
        assert (got.payload, got.qos) == (data, qos)
    online.send("ATE0\r")
    online.expect(b"ATE0\r", OK)
    online.ask('AT+QMTPUBEX="t",0,0,3', CHEVRON)
    online.send("abcAT+GSN\r")  # what is more is the next line
    online.expect(OK, line("860720087453595"), OK)
    assert watcher.next().payload == b"abc"


def test_data_that_stop(online, watcher):
    online.ask('AT+QMTPUBEX="t",0,0,10', CHEVRON)
    online.send("12345")
    start = time.monotonic()
    online.expect(error(101))
    assert 9.5 < time.monotonic() - start < 12
    online.send("67890AT+NOPE\r\n")
    online.search_nothing(1.3)
    online.ask('AT+QMTPUB="t",0,0,"next"', OK)
    assert watcher.next().payload == b"next"


def test_session_lost_amid_the_data(modem, online, watcher):
    online.ask('AT+QMTPUBEX="t",0,0,10', CHEVRON)
    online.send("12345")
    ctl(modem, "network", "down")
    online.search_nothing(0.2)
    online.send("67890")
    online.expect(error(102), DOWN)
    online.quiet()
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


def test_session_lost_and_back_amid_the_data(modem, broker, host, watcher):
    """What another session asked for is not sent."""
    connect(host, broker, reconnect=1)
    host.ask('AT+QMTPUBEX="t",0,0,10', CHEVRON)
    ctl(modem, "network", "down")
    ctl(modem, "network", "up")
    modem.wait_log("(?s)mqtt: connected.*mqtt: connected")
    host.send("1234567890")
    host.expect(error(102), DOWN, UP)
    watcher.publish("end", "")
    assert watcher.next().topic == "end"


def test_host_that_leaves_amid_the_data(modem, online, watcher, open_host):
    online.ask('AT+QMTPUBEX="t",0,0,10', CHEVRON)
    online.send("12345")
    online.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.ask('AT+QMTPUB="t",0,0,"next"', OK)
    assert watcher.next().payload == b"next"


# ---- from the broker ----


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_received(online, watcher, qos):
    online.ask(f'AT+QMTSUB="#",{qos}', OK)
    for payload in (b"", b"text", b'{"a":"b"}', EVERY_BYTE, b"\r\nOK\r\n", b"long" * 25000):
        watcher.publish("in/x", payload, qos)
        online.expect(message("in/x", payload))


def test_nothing_between_a_command_and_its_end(online, watcher):
    online.ask('AT+QMTSUB="in",0', OK)
    online.ask('AT+QMTPUBEX="out",0,0,4', CHEVRON)
    watcher.publish("in", "early")
    assert watcher.next().topic == "in"
    online.send("data")
    online.expect(OK, message("in", "early"))


def test_retained_message_behind_the_result(broker, online, watcher):
    watcher.publish("kept", "old", retain=True)
    online.ask('AT+QMTSUB="kept",0', OK)
    online.expect(message("kept", "old"))


# ---- simple mode 2 ----


def configure(host, broker, reconnect=1):
    host.ask("AT+QMTCFG=simple,user,pw", OK)
    host.ask("AT+QMTSTART=1,45", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},{reconnect}', OK, "MQTTCONNECT")


@pytest.mark.parametrize("stata", [1, 2])
def test_session_by_itself(broker, modem, host, watcher, open_booted, stata):
    """Nothing is configured: silence. What is given then is kept by its OK."""
    restart(host, f"AT+SIMPLEMODE=2,{stata}")
    host.quiet()
    configure(host, broker)
    host.ask('AT+QMTSUB="in/#",1', OK)
    host.ask('AT+QMTSUB="other",0', OK)
    host.ask('AT+QMTUNSUB="other"', OK)
    host.close()
    modem.settings["port.backlog"] = 4096  # the host may come later than the session
    modem.restart(signal.SIGKILL)
    host = open_booted(modem, BOOT + UP)
    broker.wait_log(r"as simple \(p2, c1, k45, u'user'\)", 2)
    host.ask("AT+SIMPLEMODE?", f"+SIMPLEMODE:2,{stata}", OK)
    host.ask("AT+QMTSUB?", "+QMTSUB:in/#,1", OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:simple,user,pw,0,0,,", OK)
    host.ask("AT+QMTCONNCFG?", f"+QMTCONNCFG:127.0.0.1,{broker.port},1", OK)
    broker.wait_log("simple 1 in/#", 2)
    watcher.publish("in/x", "hello")
    host.expect(message("in/x", "hello"))
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSUB?", "+QMTSUB:in/#,1", OK)  # changes nothing there
    host.search_nothing(2.5)
    host.ask("AT+RST", OK, BOOT, UP)
    restart(host, "AT+SIMPLEMODE=0,0")
    host.ask("AT+QMTSUB?", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)


def test_failure_of_the_first_attempt_after_a_start(broker, modem, host, open_booted):
    restart(host, "AT+SIMPLEMODE=2,1")
    configure(host, broker)
    broker.stop()
    host.expect(DOWN)
    host.ask("AT+RST", OK, BOOT, error(203))
    host.ask("AT+QMTSTATU", "+QMTSTATU:2", OK)
    broker.start()
    host.expect(UP)


def test_only_once_there_is_a_network(broker, modem, host, open_booted):
    restart(host, "AT+SIMPLEMODE=2,1")
    configure(host, broker, 0)
    ctl(modem, "network", "down")
    host.expect(DOWN)
    host.ask("AT+RST", OK, "RDY", "SIM_SUCCESS")
    host.search_nothing(0.3)
    ctl(modem, "network", "up")
    host.expect(line("NETWORK_ACTIVATE_SUCCESS"), UP)


@pytest.fixture
def continuous(broker, host):
    """A host in mode 2,2 whose session is up."""
    restart(host, "AT+SIMPLEMODE=2,2")
    configure(host, broker)
    return host


def test_continuous_sending(continuous, watcher):
    host = continuous
    host.ask('AT+QMTPUBEX="out",1,0,1', CHEVRON)
    for burst in (b"first", EVERY_BYTE, b"AT\r\n"):
        host.send(burst)
        got = watcher.next()
        assert (got.topic, got.payload, got.qos) == ("out", burst, 1)
    host.send(b"x" * 5000)
    assert [len(watcher.next().payload) for _ in range(3)] == [2048, 2048, 904]
    escape(host)
    host.quiet()
    host.ask('AT+QMTPUB="single",0,0,"one"', OK)
    assert watcher.next().topic == "single"
    host.send("ATO")
    time.sleep(SILENCE)
    host.send("again")
    got = watcher.next()
    assert (got.topic, got.payload) == ("out", b"again")
    escape(host)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("ATO", error(102))


def test_another_topic(continuous, watcher):
    """QMTPUBEX while a flow is suspended begins another."""
    continuous.ask('AT+QMTPUBEX="one",0,0,1', CHEVRON)
    escape(continuous)
    continuous.ask('AT+QMTPUBEX="two",0,1,1', CHEVRON)
    continuous.send("x")
    got = watcher.next()
    assert (got.topic, got.payload) == ("two", b"x")


def test_transparent_link_beside_a_suspended_flow(continuous, watcher, far):
    """Data mode is the flow's: the link is refused, and the flow goes on."""
    host = continuous
    host.ask('AT+QMTPUBEX="out",0,0,1', CHEVRON)
    escape(host)
    host.ask(f"AT+QIOPEN={far.target(1)}", error(102))
    host.ask("AT+QISTATE", OK)
    host.send("ATO")
    time.sleep(SILENCE)
    host.send("x")
    assert watcher.next().payload == b"x"


def test_received_in_data_mode(continuous, watcher):
    """Bare payloads; the other way with `+++`."""
    host = continuous
    host.ask('AT+QMTSUB="in",0', OK)
    host.ask('AT+QMTPUBEX="out",0,0,1', CHEVRON)
    watcher.publish("in", EVERY_BYTE)
    host.expect(EVERY_BYTE)
    assert watcher.next().topic == "in"
    host.send("x")
    assert watcher.next().topic == "out"
    escape(host)
    host.quiet()
    watcher.publish("in", "framed")
    host.expect(message("in", "framed"))


def test_reports_wait_in_data_mode(modem, broker, continuous, start_watcher):
    host = continuous
    host.ask('AT+QMTPUBEX="out",0,0,1', CHEVRON)
    broker.stop(signal.SIGKILL)
    host.send("lost")  # with the session down
    broker.start()
    modem.wait_log("(?s)mqtt: connected.*mqtt: connected")
    watcher = start_watcher()
    host.send("after")
    assert watcher.next().payload == b"after"
    escape(host)
    host.expect(DOWN, UP)
    host.send("ATO")
    time.sleep(SILENCE)
    host.send("on")
    assert watcher.next().payload == b"on"


def test_host_that_closes_the_port(modem, continuous, watcher, open_host):
    continuous.ask('AT+QMTPUBEX="out",0,0,1', CHEVRON)
    continuous.send("data")
    assert watcher.next().payload == b"data"
    continuous.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.quiet()
    host.send("ATO")
    time.sleep(SILENCE)
    host.send("on")
    assert watcher.next().payload == b"on"


def test_not_by_itself_after_a_start(broker, modem, continuous, open_booted):
    continuous.ask('AT+QMTPUBEX="out",0,0,1', CHEVRON)
    continuous.close()
    modem.settings["port.backlog"] = 4096  # the host may come later than the session
    modem.restart()
    host = open_booted(modem, BOOT + UP)
    host.ask("ATO", error(102))
    host.quiet()


def test_single_sending_counts(broker, host, watcher):
    restart(host, "AT+SIMPLEMODE=2,1")
    connect(host, broker)
    host.ask('AT+QMTPUBEX="out",0,0,3', CHEVRON)
    host.send("abc")
    host.expect(OK)
    assert watcher.next().payload == b"abc"
