"""Publishing, subscribing and receiving: all forms, limits, switches, bad input."""

import base64
import glob
import hashlib
import hmac
import json

import pytest
from bench import OK, cme, line
from conftest import at_broker

AUTH = 'AT+IMQTTAUTH="pk","dn","ds"'
PLUGIN = "".join(glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")[:1])


@pytest.fixture
def connected(host):
    return connect(host)


def connect(host):
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    return host


def subscribe(host, topic, qos=0):
    packet_id = host.request(f'AT+IMQTTSUB="{topic}",{qos}', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},{qos}"))


# ---- IMQTTPUB ----


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_publish(connected, watcher, qos):
    packet_id = connected.request(f'AT+IMQTTPUB="a/b",{qos},"text"', "IMQTTPUB")
    assert 1 <= packet_id <= 65535
    connected.expect(line(f"+IMQTTPUB:{packet_id},0"))
    message = watcher.next()
    assert (message.payload, message.qos, message.retain) == (b"text", qos, False)
    connected.ask("AT+IMQTTPUB?", f'+IMQTTPUB:"a/b",{qos},"text"', OK)


def test_identifiers_of_one_sequence(connected):
    seen = []
    for qos in (0, 1, 0, 2, 1):
        seen.append(connected.request(f'AT+IMQTTPUB="a",{qos},""', "IMQTTPUB"))
        connected.expect(line(f"+IMQTTPUB:{seen[-1]},0"))
    assert len(set(seen)) == 5


@pytest.mark.parametrize(
    "typed,payload",
    [
        (r'"{\"params\":{\"a\":[1,2]}}"', b'{"params":{"a":[1,2]}}'),
        (r'"C:\dir\"', b"C:\\dir\\"),
        (r'"\n\t\\"', b"\\n\\t\\\\"),
        ('""', b""),
        ("bare", b"bare"),
        ('"温度"', "温度".encode()),
        ('"a;b,c"', b"a;b,c"),
    ],
)
def test_message_quoting(connected, watcher, typed, payload):
    packet_id = connected.request(f'AT+IMQTTPUB="t",1,{typed}', "IMQTTPUB")
    connected.expect(line(f"+IMQTTPUB:{packet_id},0"))
    assert watcher.next().payload == payload


def test_lenient_quoting(broker, start_daemon, open_host, watcher):
    host = connect(open_host(start_daemon(settings=at_broker(broker, **{"ica.lenient": 1}))))
    for typed, payload in (
        ('"{"a":1,"b":"x"}"', b'{"a":1,"b":"x"}'),
        ('{"params":{"t":2}}', b'{"params":{"t":2}}'),
        (r'"{\"a\":1}"', b'{"a":1}'),
    ):
        packet_id = host.request(f'AT+IMQTTPUB="t",1,{typed}', "IMQTTPUB")
        host.expect(line(f"+IMQTTPUB:{packet_id},0"))
        assert watcher.next().payload == payload


def test_limits(connected, watcher):
    topic, text = "t" * 256, "m" * 4096
    packet_id = connected.request(f'AT+IMQTTPUB="{topic}",1,"{text}"', "IMQTTPUB")
    connected.expect(line(f"+IMQTTPUB:{packet_id},0"))
    assert watcher.next().payload == text.encode()
    connected.ask(f'AT+IMQTTPUB="{topic}t",1,"x"', cme(24))
    connected.ask(f'AT+IMQTTPUB="t",1,"{text}m"', cme(24))


@pytest.mark.parametrize(
    "arguments,error",
    [
        ('"t",3,"m"', 50), ('"t",-1,"m"', 50), ('"t","x","m"', 50), ('"",1,"m"', 50),
        ('"a/+/b",1,"m"', 50), ('"a/#",1,"m"', 50), ('"t",1', 50), ('"t",1,', 50), ('"t"', 50),
        ('"t",1,"m","n"', 50), ('"t",1,"m', 25), ('"t",1,"m"n', 25), ('"t,1,"m"', 25), ("", 50),
        ('"t",1,"{"a":1}"', 25),
    ],
)
def test_bad_publish(connected, watcher, arguments, error):
    connected.ask(f"AT+IMQTTPUB={arguments}", cme(error))
    connected.ask("AT+IMQTTPUB?", OK)
    assert not watcher.messages


def test_topic_that_is_no_utf8(connected):
    connected.ask(b'AT+IMQTTPUB="a\xff",1,"m"', cme(50))
    connected.ask(b'AT+IMQTTSUB="a\xc0\x80",1', cme(50))
    connected.ask(b'AT+IMQTTPUB="a\x00b",1,"m"', cme(50))


def test_wrong_forms(connected):
    for command in ("+IMQTTPUB", "+IMQTTSUB", "+IMQTTCONN?", "+IMQTTCONN=1", "+IMQTTSTATE=1",
                    "+IMQTTRCVPUB", "+IMQTTRCVPUB=1", "+IMQTTPINGRSP?", "+IMQTTMODE",
                    "+IMQTTDISCONN?", "+CGMI?", "+IREBOOT", "+IDEFAULT=1", "+IREBOOT?"):
        connected.ask(f"AT{command}", cme(4))


def test_offline(host):
    for command in ('PUB="t",1,"m"', 'SUB="t",1', 'UNSUB="t"', 'PUBIN="t",1,5', 'PUBIN="t",1,0'):
        host.ask(f"AT+IMQTT{command}", cme(30))
    host.ask('AT+IMQTTPUB="t",9,"m"', cme(50))  # parameters are looked at first
    host.quiet()


# ---- IMQTTPUBIN ----


def test_binary_of_every_byte(connected, watcher):
    data = bytes(range(256)) * 4 + b"+++\r\nAT\r"
    connected.ask(f'AT+IMQTTPUBIN="t",2,{len(data)}', OK)
    connected.send(data)
    packet_id = int(connected.search(rb"^\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    connected.expect(line(f"+IMQTTPUBIN:{packet_id},0"))
    assert watcher.next().payload == data
    connected.ask("AT+IMQTTPUBIN?", f'+IMQTTPUBIN:"t",2,{len(data)}', OK, data)
    connected.quiet()


def test_binary_ended_by_pluses(connected, watcher):
    for data in (b"\x00\x11+++\xff", b"", b"+"):
        connected.ask('AT+IMQTTPUBIN="t",1,0', ">")
        connected.send(data + b"+++")
        packet_id = int(connected.search(rb"^\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n").group(1))
        connected.expect(line(f"+IMQTTPUBIN:{packet_id},0"))
        assert watcher.next().payload == data


def test_largest_binary(connected, watcher):
    data = bytes(range(256)) * 64
    connected.ask('AT+IMQTTPUBIN="t",1,16384', OK)
    connected.send(data)
    connected.search(rb"^\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTPUBIN:\1,0\r\n")
    assert watcher.next().payload == data
    connected.ask('AT+IMQTTPUBIN="t",1,16385', cme(50))
    connected.ask('AT+IMQTTPUBIN="t",1,0', ">")
    connected.send(data + b"x+++")
    connected.expect(cme(24))
    connected.quiet()


def test_data_sent_ahead_of_the_prompt(connected, watcher):
    connected.send(b'AT+IMQTTPUBIN="t",0,3\rabcAT\r')
    packet_id = int(connected.search(rb"^\r\nOK\r\n\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    connected.expect(line(f"+IMQTTPUBIN:{packet_id},0"), OK)
    assert watcher.next().payload == b"abc"


def test_binary_cut_short(broker, start_daemon, open_host, watcher):
    host = connect(open_host(start_daemon(settings=at_broker(broker, **{"ica.data_timeout": 1}))))
    host.ask('AT+IMQTTPUBIN="t",1,5', OK)
    host.send(b"ab")
    host.expect(cme(50))
    host.send(b"AT+CGMI\r")  # late data never run as commands: silence is wanted first
    host.ask_until_answered("AT", pause=1.1)
    host.quiet()
    assert not watcher.messages


def test_host_gone_in_the_middle_of_binary_input(connected, modem, open_host, watcher):
    connected.ask('AT+IMQTTPUBIN="t",1,5', OK)
    connected.send(b"ab")
    connected.close()
    modem.wait_log("the host has gone")
    other = open_host(modem)
    other.ask("AT", OK)
    other.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    assert not watcher.messages


# ---- subscriptions ----


def test_subscription_refused(start_broker, start_daemon, open_host, tmp_path):
    """mosquitto's ACL files only filter messages; its dynamic security plugin refuses."""
    content = "clientIdpk.dndeviceNamednproductKeypktimestamp2524608000000"
    password = hmac.new(b"ds", content.encode(), "sha256").hexdigest().upper().encode()
    salt = b"twelve bytes"
    rules = {
        "clients": [{
            "username": "dn&pk",
            "salt": base64.b64encode(salt).decode(),
            "iterations": 101,
            "password": base64.b64encode(
                hashlib.pbkdf2_hmac("sha512", password, salt, 101)).decode(),
            "roles": [{"rolename": "all"}],
        }],
        "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True,
                             "subscribe": False, "unsubscribe": True},
        "roles": [{"rolename": "all",
                   "acls": [{"acltype": "subscribePattern", "topic": "open/#", "allow": True}]}],
    }
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(rules))
    broker = start_broker(f"plugin {PLUGIN}\nplugin_opt_config_file {path}\nallow_anonymous true")
    host = connect(open_host(start_daemon(settings=at_broker(broker))))
    packet_id = host.request('AT+IMQTTSUB="closed/x",1', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},128"))
    subscribe(host, "open/x", 1)


def test_subscribe_read_form(connected):
    subscribe(connected, "a/+/#", 1)
    connected.ask("AT+IMQTTSUB?", '+IMQTTSUB:"a/+/#",1', OK)
    packet_id = connected.request('AT+IMQTTUNSUB="a/+/#"', "IMQTTUNSUB")
    connected.expect(line(f"+IMQTTUNSUB:{packet_id},0"))
    connected.ask("AT+IMQTTUNSUB?", '+IMQTTUNSUB:"a/+/#"', OK)


def test_unsubscribe_from_what_was_not_subscribed(connected):
    packet_id = connected.request('AT+IMQTTUNSUB="never"', "IMQTTUNSUB")
    connected.expect(line(f"+IMQTTUNSUB:{packet_id},0"))


@pytest.mark.parametrize("bad", ['"a#"', '"a/#/b"', '"+a"', '""', '"a"', '"a",3', '"a",1,1'])
def test_bad_subscribe(connected, bad):
    connected.ask(f"AT+IMQTTSUB={bad}", cme(50))


def test_many_subscriptions(connected, watcher):
    for number in range(64):
        subscribe(connected, f"many/{number}")
    watcher.publish("many/63", "last")
    connected.expect(line('+IMQTTRCVPUB:0,"many/63",4,"last"'), OK)
    packet_id = connected.request('AT+IMQTTUNSUB="many/63"', "IMQTTUNSUB")
    connected.expect(line(f"+IMQTTUNSUB:{packet_id},0"))
    watcher.publish("many/63", "unheard")
    watcher.publish("many/62", "heard")
    connected.expect(line('+IMQTTRCVPUB:0,"many/62",5,"heard"'), OK)


# ---- received messages ----


@pytest.mark.parametrize(
    "payload", [b"hello", b"", b'{"a":"b\\"c"}', "温度".encode(), b" spaces ", b"OK"]
)
def test_text(connected, watcher, payload):
    subscribe(connected, "in")
    watcher.publish("in", payload)
    text = b'+IMQTTRCVPUB:0,"in",%d,"%s"' % (len(payload), payload)
    connected.expect(line(text), OK)
    connected.ask("AT+IMQTTRCVPUB?", line(text), OK)
    connected.ask("AT+IMQTTRCVPUB?", line(text), OK)  # reading does not consume
    connected.ask("AT+IMQTTRCVPUBIN?", OK)


@pytest.mark.parametrize("payload", [b"\x00", b"a\r\nb", b"a\tb", b"\x7f", b"\xff", b"\xc0\x80"])
def test_binary(connected, watcher, payload):
    subscribe(connected, "in")
    watcher.publish("in", payload)
    head = b'+IMQTTRCVPUBIN:0,"in",%d' % len(payload)
    connected.expect(line(head), OK, payload)
    connected.ask("AT+IMQTTRCVPUBIN?", line(head), OK, payload)
    connected.ask("AT+IMQTTRCVPUB?", OK)


def test_switches_of_reports(broker, start_daemon, open_host, watcher):
    host = connect(
        open_host(
            start_daemon(
                settings=at_broker(
                    broker, **{"ica.rcv_format": "text", "ica.urc_ok": 0, "ica.urc_equals": 1}
                )
            )
        )
    )
    subscribe(host, "in")
    watcher.publish("in", b"a\r\n\x00b")
    host.expect(line(b'+IMQTTRCVPUB=0,"in",5,"a\r\n\x00b"'))
    host.quiet()


def test_ok_stays_before_raw_bytes(broker, start_daemon, open_host, watcher):
    host = connect(open_host(start_daemon(settings=at_broker(broker, **{"ica.urc_ok": 0}))))
    subscribe(host, "in")
    watcher.publish("in", b"\x00")
    host.expect(line('+IMQTTRCVPUBIN:0,"in",1'), OK, b"\x00")


def test_reports_wait_for_the_prompt_s_data(connected, watcher):
    subscribe(connected, "flood")
    connected.send('AT+IMQTTPUBIN="t",0,3\r')
    connected.expect(OK)
    for number in range(200):
        watcher.publish("flood", f"{number:03}")
    connected.send(b"abc")
    packet_id = int(connected.search(rb"^\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    rest = b""
    status = line(f"+IMQTTPUBIN:{packet_id},0")
    reports = [line(f'+IMQTTRCVPUB:0,"flood",3,"{number:03}"') + OK for number in range(200)]
    rest = connected.read(sum(map(len, reports)) + len(status))
    assert status in rest
    assert rest.replace(status, b"") == b"".join(reports)


def test_large_inbound_message(connected, watcher):
    subscribe(connected, "in")
    payload = b"x" * 300_000
    watcher.publish("in", payload, 1)
    connected.expect(line(b'+IMQTTRCVPUB:0,"in",300000,"' + payload + b'"'), OK)
