"""The MQTT family against a broker: the manual's sessions, messages, errors."""

import subprocess

import pytest
from bench import ERROR, OK, Peer, free_port, line, mute, wait_until
from uc import cme, ctl, ext, not_allowed, talk

TOKEN = ("version=2018-10-31&res=products%2F394157%2Fdevices%2Ffirst&et=1640064378&method=md5&"
         "sign=salJMK20Xwj%2BCJGrRkIdtQ%3D%3D")


def configure(host, port, client="example", clean=1, keepalive=60, login='"",""', name="127.0.0.1"):
    host.ask(f'AT+MQTTCONFIG="{name}",{port},"{client}",{clean},{keepalive},{login}', OK)


def connect(host, port, **how):
    configure(host, port, **how)
    host.ask("AT+MQTTCONNECT", "+MQTTCONNECT:0", OK)


@pytest.fixture
def online(on, broker):
    connect(on, broker.port)
    return on


def test_manual_forms(host):
    talk(host, """
        AT+MQTTTLS=? -> +MQTTTLS: <tls>,<type>,<cert file content>,<cert file size> | OK
        AT+MQTTLS? -> +MQTTTLS: 0 | OK
        AT+MQTTCONFIG=? -> +MQTTCONFIG: <url>,<port>,<clientid>,(0-1),<keepalive>,<username>,<password> | OK
        AT+MQTTCONFIG? -> OK
        AT+MQTTCONNECT=? -> +MQTTCONNECT | OK
        AT+MQTTPUB=? -> +MQTTPUB: <topic>,(0-2),(0-1),<message> | OK
        AT+MQTTSUB=? -> +MQTTSUB: <topic>,(0-2) | OK
        AT+MQTTUNSUB=? -> +MQTTUNSUB: <topic> | OK
        AT+MQTTSUB? -> OK
        AT+MQTTUNSUB? -> OK
        AT+MQTTSTATE -> +MQTTSTATE:0 | OK
    """)


def test_manual_session(on, broker):
    """2.61, first: the last quote stays open."""
    on.ask(f'AT+MQTTCONFIG="127.0.0.1",{broker.port},"example",1,60,"","', OK)
    on.ask("AT+MQTTCONFIG?", f'+MQTTCONFIG: "127.0.0.1",{broker.port},"example",1,60,"",""', OK)
    talk(on, """
        AT+MQTTCONNECT -> +MQTTCONNECT:0 | OK
        AT+MQTTSTATE -> +MQTTSTATE:1 | OK
        AT+MQTTCONNECT -> +MQTTCONNECT:0 | OK
        AT+MQTTSUB="topic1",1 -> OK
        AT+MQTTPUB="topic1",1,0,"hello" -> OK | +MQTTSUB:"topic1",5,"hello"
        AT+MQTTSUB? -> +MQTTSUB: "topic1",1 | OK
        AT+MQTTUNSUB? -> +MQTTUNSUB: "topic1" | OK
        AT+MQTTUNSUB="topic1" -> OK
        AT+MQTTUNSUB="never" -> OK
        AT+MQTTSUB? -> OK
        AT+MQTTDISCONNECT -> OK
        AT+MQTTSTATE -> +MQTTSTATE:0 | OK
    """)
    broker.wait_log(r"Client example disconnected")


def test_manual_onenet(on, broker):
    """2.61, second: a password of 119 bytes, JSON with escaped quotes."""
    connect(on, broker.port, client="first", login=f'"394157","{TOKEN}"')
    broker.wait_log(r"as first \(p2, c1, k60, u'394157'\)")
    on.ask('AT+MQTTSUB="$sys/394157/first/dp/post/json",1', OK)
    on.ask('AT+MQTTPUB="$sys/394157/first/dp/post/json",1,0,"{\\"id\\":123,\\"dp\\":{\\"power\\":[{\\"v\\":55,}]}}"', OK,
           '+MQTTSUB:"$sys/394157/first/dp/post/json",37,"{"id":123,"dp":{"power":[{"v":55,}]}}"')


def test_manual_aliyun(start_modem, open_host, broker):
    """2.61, last: the cloud's name leads to mqtt.host; the client id holds a comma."""
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=broker.port))
    host.ask("AT+CFUN=1", OK)
    connect(host, 1883, name="alycvwF89HH.iot-as-mqtt.cn-shanghai.aliyuncs.com",
            client="12345|securemode=3,signmethod=hmacsha1|",
            login='"test&alycvwF89HH","77B62175AB7B5AA8F4128026E1CC36DAFBDFDCC0"')
    broker.wait_log(r"as 12345\|securemode=3,signmethod=hmacsha1\| .*u'test&alycvwF89HH'")
    topic = "/sys/alycvwF89HH/test/thing/event/property/post"
    host.ask(f'AT+MQTTSUB="{topic}_reply",1', OK)
    host.ask(f'AT+MQTTPUB="{topic}",1,0,"{{\\"params\\":{{\\"TargetTemperature\\":72}}}}"', OK)


def test_without_quotes(on, broker):
    """As the later edition has it."""
    on.ask(f"AT+MQTTCONFIG=localhost,{broker.port},example,1,60,,", OK)
    on.ask("AT+MQTTCONNECT", "+MQTTCONNECT:0", OK)
    on.ask("AT+MQTTSUB=t/#,0", OK)
    on.ask("AT+MQTTPUB=t/1,0,0,a;b c", OK, '+MQTTSUB:"t/1",5,"a;b c"')


def test_qualities_and_retain(online, watcher):
    for qos in (0, 1, 2):
        online.ask(f'AT+MQTTPUB="a/b",{qos},{int(qos == 1)},"m{qos}\\r\\n"', OK)
        message = watcher.next()
        assert (message.topic, message.payload, message.qos) == ("a/b", b"m%d\r\n" % qos, qos)
    online.ask('AT+MQTTPUB="a/b",1,1,""', OK)


def test_messages_in_pieces(online, watcher):
    online.ask('AT+MQTTSUB="in/+",2', OK)
    text = "".join(chr(97 + i % 26) for i in range(450))
    watcher.publish("in/x", text, 2)
    online.expect(*(line(f'+MQTTSUB:"in/x",{len(piece)},"{piece}"') for piece in (text[:200], text[200:400], text[400:])))
    watcher.publish("in/x", "", 0)
    online.expect(line('+MQTTSUB:"in/x",0,""'))
    watcher.publish("in/x", b'a"b\r\n\x00\xff', 1)
    online.expect(b'\r\n+MQTTSUB:"in/x",7,"a"b\r\n\x00\xff"\r\n')
    watcher.publish("in/x", "y" * 200, 1)
    online.expect(line('+MQTTSUB:"in/x",200,"' + "y" * 200 + '"'))
    online.quiet()


def test_longest(online, watcher):
    topic, text = "t" * 1024, "\\n" * 1024
    online.ask(f'AT+MQTTPUB="{topic}",1,0,"{text}"', OK)
    message = watcher.next()
    assert (message.topic, message.payload) == (topic, b"\n" * 1024)
    cme(online, f'AT+MQTTPUB="{topic}x",1,0,"a"', 24, "text string too long")
    cme(online, f'AT+MQTTPUB="t",1,0,"{text}x"', 24, "text string too long")


def fails(host, code):
    """With its own number, and a plain ERROR whatever CMEE is."""
    for style in (0, 2):
        host.ask(f"AT+CMEE={style}", OK)
        host.ask("AT+MQTTCONNECT", f"+MQTTCONNECT:{code}", ERROR)
    host.ask("AT+MQTTSTATE", "+MQTTSTATE:0", OK)


def test_failures(modem, on, start_broker):
    fails(on, 3)
    configure(on, free_port())
    fails(on, 5)
    configure(on, 1883, name="nobody.invalid")
    fails(on, 5)
    configure(on, start_broker("allow_anonymous false").port)
    fails(on, 9)
    configure(on, 1883, client="", clean=0)
    fails(on, 9)
    ctl(modem, "network", "down")
    fails(on, 5)


def test_time_out(on):
    peer = Peer(mute)
    configure(on, peer.port)
    on.ask("AT+MQTTCONNECT", "+MQTTCONNECT:8", ERROR)
    peer.close()


def test_login(on, start_broker, tmp_path):
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    subprocess.run(["mosquitto_passwd", "-b", passwords, "me", "sesame"], check=True)
    port = start_broker(f"allow_anonymous false\npassword_file {passwords}").port
    configure(on, port, login='"me","wrong"')
    fails(on, 9)
    connect(on, port, login='"me","sesame"')


@pytest.mark.parametrize("keepalive,sent", [(0, 0), (1, 5), (5, 5), (65535, 65535)])
def test_keepalive(on, broker, keepalive, sent):
    connect(on, broker.port, keepalive=keepalive)
    broker.wait_log(rf"as example \(p2, c1, k{sent}\)")


def test_it_activates_a_context_by_itself(on, broker):
    on.ask("AT+CGREG=1", OK)
    configure(on, broker.port)
    on.ask("AT+MQTTCONNECT", "+CGREG: 2", "+CGREG: 1", "+MQTTCONNECT:0", OK)


def test_a_lost_connection_is_not_told(online, broker):
    """Nor made again; of a clean session the topics are forgotten."""
    online.ask('AT+MQTTSUB="t",1', OK)
    broker.stop()

    def is_down():
        online.send("AT+MQTTSTATE\r")
        return online.search(rb"\+MQTTSTATE:(\d)\r\n\r\nOK\r\n").group(1) == b"0"

    wait_until(is_down, "the loss")
    online.ask("AT+MQTTSUB?", OK)
    not_allowed(online, 'AT+MQTTPUB="t",0,0,"x"')
    broker.start()
    online.quiet()
    online.ask("AT+MQTTCONNECT", "+MQTTCONNECT:0", OK)


def test_kept_session(on, broker, watcher):
    connect(on, broker.port, clean=0)
    on.ask('AT+MQTTSUB="t",1', OK)
    on.ask("AT+MQTTDISCONNECT", OK)
    on.ask("AT+MQTTSUB?", '+MQTTSUB: "t",1', OK)
    watcher.publish("t", "meanwhile", 1)
    on.ask("AT+MQTTCONNECT", "+MQTTCONNECT:0", OK, '+MQTTSUB:"t",9,"meanwhile"')


@pytest.mark.parametrize("end", ["AT+CFUN=0", "AT+CGACT=0", "AT+CGATT=0"])
def test_no_context_no_session(online, broker, end):
    online.ask(end, OK)
    online.ask("AT+MQTTSTATE", "+MQTTSTATE:0", OK)
    not_allowed(online, "AT+MQTTDISCONNECT")
    online.ask("AT+CFUN=1", OK)
    online.ask("AT+CGACT=1,1", OK)
    online.ask("AT+MQTTCONNECT", "+MQTTCONNECT:0", OK)


def test_refused_subscription(on, start_broker, tmp_path):
    """The code of the acknowledgement is a refusal."""
    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        packet = connection.recv(4096)
        connection.sendall(b"\x90\x03" + packet[2:4] + b"\x80")
        mute(connection)

    peer = Peer(serve)
    connect(on, peer.port)
    on.ask('AT+MQTTSUB="t",1', ERROR)
    on.ask("AT+MQTTSUB?", OK)
    peer.close()


def test_no_acknowledgement(on):
    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        mute(connection)

    peer = Peer(serve)
    connect(on, peer.port)
    on.ask("AT+CMEE=2", OK)
    on.ask('AT+MQTTPUB="t",1,0,"x"', "+CME ERROR: network timeout")
    peer.close()


def test_not_connected(on):
    for command in ('MQTTPUB="t",0,0,"x"', 'MQTTSUB="t",0', 'MQTTUNSUB="t"', "MQTTDISCONNECT"):
        not_allowed(on, f"AT+{command}")
    on.ask("AT+CFUN=0", OK)
    ext(on, "AT+MQTTCONNECT", 15)


def test_errors(online):
    for bad in ('"t",3,0,"x"', '"t",0,2,"x"', '"t",0,0', '"",0,0,"x"', '"a/#",0,0,"x"', '"+",0,0,"x"', '"t",0,0,"a","b"',
                ""):
        ext(online, f"AT+MQTTPUB={bad}", 0)
    for bad in ('"t"', '"t",3', '"a#",0', '"",0', ""):
        ext(online, f"AT+MQTTSUB={bad}", 0)
    for bad in ("", '""', '"a#"', '"t",1'):
        ext(online, f"AT+MQTTUNSUB={bad}", 0)
    for bad in ('"h",1883,"c",1,60,"u"', '"",1883,"c",1,60,"",""', '"h",0,"c",1,60,"",""', '"h",65536,"c",1,60,"",""',
                '"h",1,"c",2,60,"",""', '"h",1,"c",1,65536,"",""', '"h",1,"c",1,,"",""', '"h",1,"c",1,60,"","",1', ""):
        ext(online, f"AT+MQTTCONFIG={bad}", 0)
    for place in ("c", "u", "p"):
        texts = {name: "x" * 257 if name == place else name for name in "cup"}
        cme(online, 'AT+MQTTCONFIG="h",1,"{c}",1,60,"{u}","{p}"'.format(**texts), 24, "text string too long")
    for unknown in ("MQTTSTATE?", "MQTTCONNECT?", "MQTTDISCONNECT=?", "MQTTPUB?", "MQTTCONFIG"):
        cme(online, f"AT+{unknown}", 4, "operation not supported")
